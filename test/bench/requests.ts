import { DISCOVERY_VERSION } from "@cadastre/contract/discovery";
import { addressAt } from "./addresses.ts";
import { startProcess } from "./calls.ts";
import type { ClientHandlers } from "./client-process.ts";
import type { Benchmark, Figure } from "./figure.ts";
import { aKeyPair, type StartedApi, startApi } from "./processes.ts";

const WORKERS = 4;
const RESOURCES = 20;
const ACCOUNT = "111122223333";
const addressId = (n: number) =>
  `arn:aws:ec2:us-east-1:${ACCOUNT}:elastic-ip/eipalloc-${n.toString(16).padStart(17, "0")}`;

/** A whole small run in one payload. */
function aPayload(): string {
  return JSON.stringify({
    contract: DISCOVERY_VERSION,
    scopes: [
      {
        provider: "aws",
        account: ACCOUNT,
        region: "us-east-1",
        kind: "address",
        status: "complete",
        resources: Array.from({ length: RESOURCES }, (_, n) => ({
          id: addressId(n),
          attributes: { type: "external", address: addressAt(n) },
        })),
      },
    ],
  });
}

/** Requests a second, and the API's CPU time for each: the client shares the machine, so the second says more. */
async function measure(
  name: string,
  api: StartedApi,
  requests: number,
  send: (requests: number) => Promise<{ readonly seconds: number }>,
): Promise<Figure[]> {
  await send(Math.ceil(requests / 10));
  await api.process.call("begin", undefined as never);
  const { seconds } = await send(requests);
  const { cpuSeconds } = await api.process.call("end", undefined as never);
  return [
    { name: `${name}: requests`, value: requests / seconds, unit: "1/s" },
    { name: `${name}: CPU of the API for one`, value: (cpuSeconds / requests) * 1000, unit: "ms" },
  ];
}

export const requests: Benchmark = {
  name: "requests",
  about: `a bounded number of requests from a second process on loopback, ${WORKERS} at a time, over a SQLite file`,
  async run(context) {
    const keys = Array.from({ length: WORKERS }, aKeyPair);
    const privateKeys = keys.map((key) => key.privateKey);
    const api = await startApi({ directory: context.directory, keys });
    const client = startProcess<ClientHandlers>("./client-process.ts");
    const { url, token } = api;
    const count = context.isQuick ? 500 : 5000;
    const body = aPayload();
    const path = `/api/v1/resources/${encodeURIComponent(addressId(0))}`;
    try {
      context.say("signed posts of an unchanged run");
      const posts = await measure("signed post, unchanged run", api, count, (requests) =>
        client.call("posts", { url, privateKeys, body, requests }),
      );
      context.say("reads of one resource");
      const reads = await measure("read of one resource", api, count, (requests) =>
        client.call("reads", { url, token, path, requests, workers: WORKERS }),
      );
      return [...reads, ...posts];
    } finally {
      await client.stop();
      await api.process.stop();
    }
  },
};

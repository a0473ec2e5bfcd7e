import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { GZIP_TYPE } from "@cadastre/contract/discovery";
import type { Observe } from "../../observe.ts";
import { createSession } from "../session.ts";
import { aKey, instances, instancesOf, NOW } from "./builders.ts";

/** An API that wants every shard and keeps none, so that the process's memory is the collector's. */
async function startForgetfulApi(): Promise<string> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    const opening = request.method === "POST" && request.url?.endsWith("/runs");
    request.on("data", (chunk: Buffer) => {
      if (opening) chunks.push(chunk);
    });
    request.on("end", () => {
      const answer = () => {
        if (request.method === "PUT") return { state: "applied", created: 0, updated: 0, unchanged: 0, missing: 0 };
        const totals = { resources: 0, created: 0, updated: 0, unchanged: 0, retired: 0 };
        if (!opening) return { run: request.url?.split("/")[5], state: "closed", scopes: [], totals };
        const body = Buffer.concat(chunks);
        const text = request.headers["content-type"] === GZIP_TYPE ? gunzipSync(body) : body;
        const { run, scopes } = JSON.parse(text.toString()) as { run: string; scopes: { shards: string[] }[] };
        return {
          run,
          state: "open",
          scopes: scopes.map((s) => ({ verdict: "upload", want: s.shards.map((_, at) => at) })),
        };
      };
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer()));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const collectGarbage = (globalThis as { gc?: () => void }).gc ?? (() => undefined);
let [heapBytes, arrayBytes] = [0, 0];

/** Notes the live memory: after a collection, so that garbage that waits for one does not count. */
function sample(): void {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  heapBytes = Math.max(heapBytes, heapUsed);
  arrayBytes = Math.max(arrayBytes, external);
}

/** Prints what a run of so many resources in one scope keeps in memory at its worst moments. */
async function main(count: number, spoolDirectory: string): Promise<void> {
  let spooledBytes = 0;
  const observe: Observe = async ({ recorder }) => {
    const scope = recorder.start(instancesOf("us-east-1"));
    for (const resource of instances(count)) {
      scope.add(resource);
      spooledBytes += JSON.stringify(resource).length;
      if (scope.count % 10_000 === 0) sample();
    }
    scope.finish("complete");
  };
  const session = createSession({
    api: await startForgetfulApi(),
    signer: aKey().signer,
    spoolDirectory,
    now: () => NOW,
    log: () => undefined,
    collectorVersion: "test",
    signal: new AbortController().signal,
    onProgress: (event) => {
      if (event.type === "scope-finished" || event.type === "run-opened") sample();
      if (event.type === "uploading" && event.uploaded % 16 === 0) sample();
    },
  });
  const result = await session.run([observe]);
  const delivered = result.delivered ? result.totals.resources : 0;
  process.stdout.write(JSON.stringify({ heapBytes, arrayBytes, delivered, spooledBytes }));
  process.exit(0);
}

await main(Number(process.argv[2]), String(process.argv[3]));

import type { KindName } from "@cadastre/contract/kinds/names";
import { hasAttribute } from "@cadastre/contract/resource";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ACCOUNT, anApi, jsonOf, type TestApi } from "./an-api.ts";

const arnOf = (type: string, id: string) => `arn:aws:ec2:us-east-1:${ACCOUNT}:${type}/${id}`;
const VPC = arnOf("vpc", "vpc-1");
const FINGERPRINT = "ab".repeat(32);

/** A resource of each kind of AWS with what it must have. */
const KINDS: readonly (readonly [KindName, string, object])[] = [
  ["network", "vpc", { networkId: "x" }],
  ["subnet", "subnet", { subnetId: "x", network: VPC, ownerAccount: ACCOUNT, cloudReservedCount: 5 }],
  ["instance", "instance", { instanceId: "x", state: "running", type: "m7g.large" }],
  ["interface", "network-interface", { interfaceId: "x", state: "in-use" }],
  ["address", "elastic-ip", { type: "external" }],
];

/** Attributes that searches look at, as a collector may send them for kinds that have no such attribute. */
const ODD: Readonly<Record<string, readonly unknown[]>> = {
  state: [5, { a: 1 }, "odd-state"],
  type: [null, ["x"], "odd-type"],
  image: [true, {}, "odd-image"],
  port: ["443", {}, 4443],
  macAddress: [7, [], "0a:1b:2c:3d:4e:5f"],
  fingerprint: [{}, 9, FINGERPRINT],
  interfaces: [null, 5, [null], [{ macAddress: 7 }], [{ macAddress: "0a:1b:2c:3d:4e:5f" }]],
  handshakes: [5, [{ address: "10.9.9.9" }]],
};

const QUERIES = [
  "state:odd*",
  "has:state",
  "type:odd*",
  "image:odd*",
  "-image:odd*",
  "port:4443",
  "10.9.9.9",
  "10.9.9.9:4443",
  "mac:0a:1b:2c:3d:4e:5f",
  "mac:0a*",
  "-mac:0a*",
  "has:mac",
  `id:${FINGERPRINT}`,
  "-id:odd*",
  "-type:odd*",
  "has:image",
];

let api: TestApi;

beforeAll(async () => {
  api = await anApi();
  const { key } = await api.aReporter();
  const scopes = KINDS.map(([kind, type, attributes]) => ({
    provider: "aws",
    account: ACCOUNT,
    region: "us-east-1",
    kind,
    status: "complete",
    resources: Object.entries(ODD).flatMap(([name, values]) =>
      hasAttribute(kind, name)
        ? []
        : values.map((value, at) => ({
            id: arnOf(type, `${name.toLowerCase()}-${at}`),
            attributes: { ...attributes, [name]: value },
          })),
    ),
  }));
  const body = { contract: "cadastre.discovery/v1", scopes };
  const delivered = await api.sign(key, { method: "POST", path: "/api/v1/discovery", body });
  expect(await jsonOf(delivered)).toMatchObject({ errors: [] });
});
afterAll(() => api.close());

describe("an attribute that its kind does not have", () => {
  const search = async (path: string, q: string) => {
    const response = await api.send({ method: "GET", path: `/api/v1/${path}${encodeURIComponent(q)}` });
    // A search may say that no such kind can have what is asked for.
    expect([200, 422], `${path} ${q}: ${response.status}`).toContain(response.status);
    return ((await jsonOf(response)) as { items?: { attributes: object }[] }).items ?? [];
  };

  it.each(QUERIES)("makes no search fail and is nothing to be found by: %s", async (q) => {
    const isNegative = q.startsWith("-") || q.startsWith("has:");
    for (const kind of ["", ...KINDS.map(([name]) => ` kind:${name}`)]) {
      const found = await search("search?limit=200&q=", `${q}${kind}`);
      if (!isNegative) expect(found, `${q}${kind}`).toEqual([]);
      await search("search/counts?by=state&by=kind&q=", `${q}${kind}`);
      await search("search?limit=200&sort=ip&q=", `${q}${kind}`);
    }
  });

  it("is shown as it was sent", async () => {
    const [one] = await search("search?q=", "port-2 kind:network");
    expect(one?.attributes).toMatchObject({ port: 4443 });
  });
});

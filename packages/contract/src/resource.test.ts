import { describe, expect, it } from "vitest";
import type { KindName } from "./kinds/names.ts";
import { KIND_NAMES } from "./kinds/names.ts";
import { KINDS } from "./kinds/registry.ts";
import { facetsOf, kindOfId, requireBelongs, resourceSchema, unstorable } from "./resource.ts";
import { PROVIDERS, type Provider } from "./scope.ts";

const EAST = { provider: "aws", account: "111122223333", region: "us-east-1" } as const;
const ARN = (rest: string) => `arn:aws:ec2:us-east-1:111122223333:${rest}`;
const GCP = (rest: string) => `//compute.googleapis.com/projects/${rest}`;
const vpc = ARN("vpc/vpc-1");

/** An id of each kind at each provider that has it. */
const IDS: Record<KindName, Partial<Record<Provider, string>>> = {
  network: { aws: vpc, gcp: GCP("p/global/networks/n") },
  subnet: { aws: ARN("subnet/subnet-1"), gcp: GCP("p/regions/r1/subnetworks/s") },
  instance: { aws: ARN("instance/i-1"), gcp: GCP("p/zones/r1-a/instances/i") },
  interface: { aws: ARN("network-interface/eni-1") },
  address: { aws: ARN("elastic-ip/eipalloc-1"), gcp: GCP("p/regions/r1/addresses/a") },
  endpoint: { tls: "tls://host:443" },
  certificate: { tls: `sha256:${"0a".repeat(32)}` },
};

describe("a natural id", () => {
  it.each([
    [vpc, "aws network", { account: "111122223333", region: "us-east-1" }],
    [
      "arn:aws-cn:ec2:cn-north-1:111122223333:subnet/subnet-1",
      "aws subnet",
      { account: "111122223333", region: "cn-north-1" },
    ],
    [ARN("instance/i-1"), "aws instance", { account: "111122223333", region: "us-east-1" }],
    [ARN("network-interface/eni-1"), "aws interface", { account: "111122223333", region: "us-east-1" }],
    [ARN("elastic-ip/eipalloc-1"), "aws address", { account: "111122223333", region: "us-east-1" }],
    [GCP("p-1/global/networks/n"), "gcp network", { account: "p-1", region: "global" }],
    [GCP("p-1/regions/europe-west1/subnetworks/s"), "gcp subnet", { account: "p-1", region: "europe-west1" }],
    [GCP("p-1/zones/europe-west1-b/instances/i"), "gcp instance", { account: "p-1", region: "europe-west1" }],
    [GCP("p-1/regions/europe-west1/addresses/a"), "gcp address", { account: "p-1", region: "europe-west1" }],
    [GCP("p-1/global/addresses/a"), "gcp address", { account: "p-1", region: "global" }],
    [GCP("example.com:p/global/networks/n"), "gcp network", { account: "example.com:p", region: "global" }],
    ["tls://host:443", "tls endpoint", {}],
    ["tls://[2001:db8::1]:443?sni=shop.example", "tls endpoint", {}],
    ["tls://xn--bcher-kva.example:443", "tls endpoint", {}],
    ["tls://192.0.2.7:65535", "tls endpoint", {}],
    [
      "arn:aws-us-gov:ec2:us-gov-west-1:111122223333:vpc/vpc-1",
      "aws network",
      { account: "111122223333", region: "us-gov-west-1" },
    ],
    [`sha256:${"0a".repeat(32)}`, "tls certificate", {}],
  ] as const)("%s is of one kind of one provider, and names its account and region", (id, what, owner) => {
    const [provider, kind] = what.split(" ");
    expect(kindOfId(id)).toEqual({ provider, kind, ...owner });
  });

  it.each([
    "vpc-1",
    "arn:aws:ec2:us-east-1:111:vpc/vpc-1",
    ARN("vpc/"),
    ARN("vpc/a/b"),
    ARN("route-table/rtb-1"),
    "arn:aws:s3:us-east-1:111122223333:vpc/vpc-1",
    "https://www.googleapis.com/compute/v1/projects/p/global/networks/n",
    GCP("p/zones/europe-west1-b/networks/n"),
    GCP("p/global/subnetworks/s"),
    GCP("p/global/networks/n/instances/i"),
    "host:443",
    "tls://host",
    "tls://host:443/path",
    "tls://user@host:443",
    "sha256:00",
    `sha256:${"0A".repeat(32)}`,
    // Other ways to write what has an id.
    "tls://HOST:443",
    "tls://host.:443",
    "tls://host:0443",
    "tls://host:0",
    "tls://host:65536",
    "tls://host:443?sni=host",
    "tls://host:443?sni=Shop.example",
    "tls://bücher.example:443",
    "tls://ho\u0301st:443",
    "tls://h\u3164ost:443",
    "tls://0x7f.1:443",
    "tls://010.0.0.1:443",
    "tls://[2001:DB8::1]:443",
    "tls://[2001:db8:0:0:0:0:0:1]:443",
    "tls://[::ffff:10.0.0.1]:0443",
    "arn:aws-cn:ec2:us-east-1:111122223333:vpc/vpc-1",
    "arn:aws:ec2:cn-north-1:111122223333:vpc/vpc-1",
    "arn:aws:ec2:us-gov-west-1:111122223333:vpc/vpc-1",
    "arn:aws-us-gov:ec2:eu-west-1:111122223333:vpc/vpc-1",
  ])("of another form is none: %s", (id) => {
    expect(kindOfId(id)).toBeUndefined();
  });

  it.each(KIND_NAMES.flatMap((kind) => KIND_NAMES.map((other) => [kind, other] as const)))(
    "of a scope of %s is never that of another kind: %s",
    (kind, other) => {
      for (const [provider, id] of Object.entries(IDS[other])) {
        const named = kindOfId(id);
        const scope = {
          provider: provider as Provider,
          account: named?.account ?? "a",
          region: named?.region ?? "global",
          kind,
        };
        const check = expect(() => requireBelongs(scope, id, "resources[0]"));
        if (kind === other) check.not.toThrow();
        else check.toThrow(expect.objectContaining({ code: "request.invalid" }));
        for (const wrong of PROVIDERS.filter((one) => one !== provider))
          expect(() => requireBelongs({ ...scope, provider: wrong }, id, "r")).toThrow(
            expect.objectContaining({ code: "request.invalid" }),
          );
      }
    },
  );

  it.each(["\u202e", "\u200b", "\u2066", "\ufeff", "\u0000", "\u0085", "\u2028", " "])(
    "with a character that is not seen is refused: %j",
    (character) => {
      const parsed = resourceSchema("network").safeParse({
        id: `${vpc}${character}`,
        attributes: { networkId: "vpc-1" },
      });
      expect(parsed.success).toBe(false);
    },
  );

  it("belongs in a scope of its own account and region, and only a shared kind may be another account's", () => {
    const foreign = vpc.replace("111122223333", "999999999999");
    const subnet = foreign.replace("vpc/vpc-1", "subnet/subnet-1");
    const foreignProject = GCP("p/regions/r1/subnetworks/s");
    expect(() =>
      requireBelongs({ provider: "gcp", account: "q", region: "r1", kind: "subnet" }, foreignProject, "resources[0]"),
    ).toThrow(expect.objectContaining({ code: "collector.foreign_account" }));
    expect(() => requireBelongs({ ...EAST, kind: "network" }, vpc, "resources[0]")).not.toThrow();
    expect(() => requireBelongs({ ...EAST, kind: "subnet" }, subnet, "resources[0]")).not.toThrow();
    expect(() => requireBelongs({ ...EAST, kind: "network" }, foreign, "resources[0]")).toThrow(
      expect.objectContaining({
        code: "collector.foreign_account",
        errors: [expect.objectContaining({ path: "resources[0].id" })],
      }),
    );
    expect(() => requireBelongs({ ...EAST, region: "us-west-2", kind: "network" }, vpc, "resources[0]")).toThrow(
      expect.objectContaining({ code: "request.invalid" }),
    );
  });
});

describe("a resource", () => {
  const parse = (kind: KindName, resource: unknown) => {
    const parsed = resourceSchema(kind).safeParse(resource);
    return parsed.success ? undefined : parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  };
  const network = (prefix: string) => ({
    id: vpc,
    attributes: { networkId: "vpc-1", blocks: [{ prefix, role: "primary" }] },
  });

  it("with a prefix that is none is refused with its place and the reason", () => {
    expect(parse("network", network("10.0.0.0/16"))).toBeUndefined();
    expect(parse("network", network("10.0.0.1/16"))?.[0]).toMatch(/^attributes\.blocks\.0\.prefix: .*10\.0\.0\.0\/16/);
    expect(parse("network", network("010.0.0.0/16"))?.[0]).toMatch(/^attributes\.blocks\.0\.prefix: /);
    expect(parse("network", network("::ffff:10.0.0.0/104"))?.[0]).toMatch(/^attributes\.blocks\.0\.prefix: /);
  });

  it("may have members that a newer minor version adds, and keeps those of its attributes", () => {
    const newer = { ...network("10.0.0.0/16"), weather: "fine" };
    const parsed = resourceSchema("network").parse({ ...newer, attributes: { ...newer.attributes, colour: "blue" } });
    expect(parsed.attributes).toMatchObject({ colour: "blue" });
  });

  it("takes tags under any key, and says which one is wrong", () => {
    const tags = JSON.parse('{"__proto__":"a","constructor":"b","toString":"c"}') as Record<string, string>;
    const parsed = resourceSchema("network").parse({ ...network("10.0.0.0/16"), tags });
    expect(Object.entries(parsed.tags)).toEqual(Object.entries(tags));
    expect(parse("network", { ...network("10.0.0.0/16"), tags: JSON.parse('{"__proto__":1}') })).toEqual([
      "tags.__proto__: a tag's value must be text",
    ]);
    expect(parse("network", { ...network("10.0.0.0/16"), tags: [] })).toEqual(["tags: must be an object"]);
    expect(parse("network", { ...network("10.0.0.0/16"), tags: { "": "a" } })).toEqual([
      "tags.: a tag's key has at least one character",
    ]);
    expect(parse("network", { ...network("10.0.0.0/16"), tags: { ["k".repeat(257)]: "a" } })?.[0]).toContain(
      "a tag's key has at most 256 characters",
    );
  });

  it("takes Unicode names and refuses tags without end", () => {
    expect(parse("network", { ...network("10.0.0.0/16"), name: "ネットワーク 🌐" })).toBeUndefined();
    expect(parse("network", { ...network("10.0.0.0/16"), tags: { k: "v".repeat(10_000) } })?.[0]).toContain(
      "tags.k: a tag's value has at most 1,024 characters",
    );
  });

  it("with half a surrogate pair or a number past all stores is told apart before it is stored", () => {
    const check = (resource: object) => unstorable(resource);
    expect(check({ name: "\ud83d\ude00 \\ud83d" })).toBeUndefined();
    expect(check({ tags: { k: "\ud83d" } })).toBe("it.tags.k has half of a surrogate pair, which is not text");
    expect(check({ attributes: { n: [1e200] } })).toBe("it.attributes.n.0 is larger than 1e100");
  });

  it("is found by the blocks that are in force alone", () => {
    const blocks = [
      { prefix: "10.0.0.0/16", role: "primary", state: "associated" },
      { prefix: "10.1.0.0/16", role: "secondary", state: "disassociated" },
      { prefix: "10.2.0.0/16", role: "secondary", state: "failed" },
    ];
    const { attributes } = resourceSchema("network").parse({ id: vpc, attributes: { networkId: "vpc-1", blocks } });
    expect(facetsOf("network", { id: vpc, attributes })).toMatchObject({ network: vpc, prefixes: ["10.0.0.0/16"] });
  });

  it("of an instance is found by every address that it has, once", () => {
    const interfaces = [
      {
        privateAddresses: [{ address: "10.0.0.1", primary: true, publicAddress: "52.0.0.1" }, { address: "10.0.0.2" }],
        publicAddresses: ["52.0.0.1"],
        ipv6Addresses: ["2001:db8::1"],
        delegatedPrefixes: ["10.0.0.16/28"],
      },
    ];
    const { attributes } = resourceSchema("instance").parse({
      id: "i",
      attributes: { instanceId: "i-1", state: "running", type: "t", interfaces },
    });
    expect(facetsOf("instance", { id: "i", attributes }).prefixes.toSorted()).toEqual([
      "10.0.0.1/32",
      "10.0.0.16/28",
      "10.0.0.2/32",
      "2001:db8::1/128",
      "52.0.0.1/32",
    ]);
  });
});

describe("the kinds", () => {
  it("say what they are, how their natural id is formed, and each carry their own name", () => {
    expect(Object.keys(KINDS)).toEqual([...KIND_NAMES]);
    for (const kind of KIND_NAMES) {
      expect(KINDS[kind].name).toBe(kind);
      expect(KINDS[kind].about.length).toBeGreaterThan(10);
      expect(KINDS[kind].naturalId.length).toBeGreaterThan(10);
    }
  });
});

describe("a resource whose attributes spell its id", () => {
  const HASH = "ab".repeat(32);
  const anEndpoint = (id: string, more: object = {}) => ({
    id,
    attributes: { host: "a.example", port: 443, protocol: "tls", outcome: "ok", ...more },
  });
  const places = (kind: "endpoint" | "certificate", resource: object) =>
    resourceSchema(kind)
      .safeParse(resource)
      .error?.issues.map(({ path }) => path.join("."));

  it.each([
    ["tls://a.example:443", {}],
    ["tls://a.example:443?sni=b.example", { sni: "b.example" }],
    ["tls://[2001:db8::1]:8443", { host: "2001:db8::1", port: 8443 }],
  ])("is taken as %s", (id, more) => {
    expect(places("endpoint", anEndpoint(id, more))).toBeUndefined();
  });

  it.each([
    ["tls://a.example:443", { host: "b.example" }],
    ["tls://a.example:443", { port: 8443 }],
    ["tls://a.example:443", { sni: "b.example" }],
    ["tls://a.example:443?sni=b.example", {}],
  ])("is refused as %s when it says %j of itself", (id, more) => {
    expect(places("endpoint", anEndpoint(id, more))).toEqual(["id"]);
  });

  it("has one fingerprint", () => {
    const attributes = {
      fingerprint: HASH,
      serialNumber: "01",
      subject: "CN=a.example",
      issuer: "CN=a.example",
      notBefore: "2026-01-01T00:00:00Z",
      notAfter: "2027-01-01T00:00:00Z",
      keyAlgorithm: "ec",
      signatureAlgorithm: "ecdsa-with-SHA256",
    };
    expect(places("certificate", { id: `sha256:${HASH}`, attributes })).toBeUndefined();
    expect(places("certificate", { id: `sha256:${"cd".repeat(32)}`, attributes })).toEqual(["id"]);
  });

  it("is refused for what it lacks, where it lacks what spells it", () => {
    expect(places("endpoint", { id: "tls://a.example:443" })).toEqual(["attributes"]);
  });
});

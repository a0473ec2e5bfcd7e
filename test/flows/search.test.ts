import type { Context } from "@cadastre/core/context";
import { findResources } from "@cadastre/core/register/search";
import { parseSearch } from "@cadastre/core/subjects/parse-search";
import { beforeAll, describe, expect, it } from "vitest";
import { createTestContext } from "../support/context.ts";
import { ACCOUNT, anInstance, aRun, instanceScope, type Raw } from "../support/estate.ts";
import { found } from "../support/register.ts";

const EAST = "us-east-1";
const arn = (type: string, id: string) => `arn:aws:ec2:${EAST}:${ACCOUNT}:${type}/${id}`;
const vpc = arn("vpc", "vpc-1");
const network: Raw = {
  id: vpc,
  name: "Haupt-Netz ü",
  tags: { env: "prod" },
  attributes: {
    networkId: "vpc-1",
    blocks: [
      { prefix: "10.0.0.0/8", role: "primary" },
      { prefix: "2001:db8::/56", role: "ipv6" },
    ],
  },
};
const subnet: Raw = {
  id: arn("subnet", "subnet-1"),
  name: "app",
  tags: {},
  attributes: {
    subnetId: "subnet-1",
    network: vpc,
    ownerAccount: ACCOUNT,
    cloudReservedCount: 5,
    blocks: [{ prefix: "10.1.2.0/24", role: "primary" }],
  },
};
const networkInterface: Raw = {
  id: arn("network-interface", "eni-1"),
  name: "",
  tags: {},
  attributes: {
    interfaceId: "eni-1",
    network: vpc,
    subnet: subnet.id,
    state: "in-use",
    description: "ELB app/front",
    privateAddresses: [{ address: "10.1.2.5", primary: true }],
  },
};
const fingerprint = "ab".repeat(32);
const certificate: Raw = {
  id: `sha256:${fingerprint}`,
  name: "www.example.com",
  tags: {},
  attributes: {
    fingerprint,
    serialNumber: "01",
    subject: "CN=www.example.com",
    issuer: "CN=ca",
    subjectAltNames: ["www.example.com", "example.com"],
    notBefore: "2026-01-01T00:00:00Z",
    notAfter: "2026-06-30T00:00:00Z",
    keyAlgorithm: "EC",
    signatureAlgorithm: "ecdsa-with-SHA256",
  },
};

const WEB_7 = anInstance(7, { region: "eu-west-1" }).id;

let context: Context;
beforeAll(async () => {
  ({ context } = await createTestContext());
  const scope = (kind: "network" | "subnet" | "interface", resources: Raw[]) => ({
    key: instanceScope({ kind }),
    resources,
  });
  const instances = [
    anInstance(5, { name: "web-5", address: "10.1.2.5" }),
    ...Array.from({ length: 120 }, (_, n) => anInstance(1000 + n, { name: `batch-${n}`, tags: {} })),
  ];
  await aRun([
    scope("network", [network]),
    scope("subnet", [subnet]),
    scope("interface", [networkInterface]),
    { key: instanceScope(), resources: instances },
    {
      key: instanceScope({ region: "eu-west-1" }),
      resources: [anInstance(7, { region: "eu-west-1", name: "web-7", tags: { env: "prod" } })],
    },
    { key: { provider: "tls", account: "t", region: "global", kind: "certificate" }, resources: [certificate] },
  ]).deliver(context);
});

describe("a search", () => {
  it("by address finds instance, interface, subnet and network, the closest first", async () => {
    const { items } = await findResources(context, parseSearch("ip:10.1.2.5", context.now()), { limit: 10 });
    expect(items.map((item) => item.kind)).toEqual([
      expect.stringMatching(/instance|interface/),
      expect.stringMatching(/instance|interface/),
      "subnet",
      "network",
    ]);
    expect(await found(context, "2001:db8::17")).toEqual([vpc]);
    expect(await found(context, "ip:192.0.2.1")).toEqual([]);
  });

  it.each([
    ["cidr:10.1.2.0/24", [anInstance(5).id, networkInterface.id, subnet.id]],
    ["cidr:10.1.2.0/24 kind:subnet", [subnet.id]],
    ["tag:env=prod", [anInstance(7, { region: "eu-west-1" }).id, vpc]],
    ["tag:env=pro", []],
    ["name:web*", [anInstance(5).id, anInstance(7, { region: "eu-west-1" }).id]],
    ["name:WEB-5", [anInstance(5).id]],
    ["region:eu-west-1", [anInstance(7, { region: "eu-west-1" }).id]],
    ["network:vpc-1 kind:subnet", [subnet.id]],
    [`network:${vpc} kind:interface`, [networkInterface.id]],
    ["haupt", [vpc]],
    ["HAUPT-NETZ", [vpc]],
    ["front", []],
    ["eni-1", [networkInterface.id]],
    [vpc, [vpc]],
    ["www.example", [certificate.id]],
    ["expires:<2026-07-01", [certificate.id]],
    ["expires:<2026-06-01", []],
    ["kind:certificate provider:tls account:t", [certificate.id]],
    ["kind:instance (region:eu-* OR image:ami-0123456789abcdef0) -name:batch*", [anInstance(5).id, WEB_7]],
    ["expires:<2026-01-01 OR expires:>2026-06-01", [certificate.id]],
    ["expires:>2026-06-01 OR expires:<2026-01-01", [certificate.id]],
    ["HAUPT*U", [vpc]],
    ["haupt-netz*ü", [vpc]],
    ['"Haupt-Netz"', [vpc]],
    ['"haupt-netz"', []],
    ["env=prod -kind:vpc", [WEB_7]],
    ["10.1.2.5 OR (kind:cert expires:2026)", [anInstance(5).id, networkInterface.id, subnet.id, vpc, certificate.id]],
    ["10.1.2. kind:vm,eni", [anInstance(5).id, networkInterface.id]],
    ["10.1.2.0-10.1.2.255", [anInstance(5).id, networkInterface.id, subnet.id]],
    ["subnet:app kind:eni", [networkInterface.id]],
    ["network:haupt* kind:subnet", [subnet.id]],
  ])("for %s finds exactly what matches", async (q, ids) => {
    expect(await found(context, q)).toEqual([...ids].sort());
  });

  it("of either of two looks into one list all of both, and what one of them leaves out where another has it", async () => {
    const image = "image:ami-0123456789abcdef0";
    expect(await found(context, `${image} OR region:eu-*`)).toHaveLength(122);
    expect(await found(context, `region:eu-* OR ${image}`)).toHaveLength(122);
    expect(await found(context, `region:eu-* OR network:${vpc}`)).toHaveLength(121 + 1 + 3);
  });

  it("in pages of any size finds everything once, in the same order", async () => {
    const whole = await findResources(context, parseSearch("kind:instance", context.now()), { limit: 1000 });
    expect(whole.items).toHaveLength(122);
    for (const limit of [1, 7, 50, 121, 122]) {
      const ids: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await findResources(context, parseSearch("kind:instance", context.now()), { limit, cursor });
        expect(page.items.length).toBeLessThanOrEqual(limit);
        ids.push(...page.items.map((item) => item.id));
        cursor = page.cursor;
      } while (cursor);
      expect(ids).toEqual(whole.items.map((item) => item.id));
    }
  });

  it("refuses a cursor of another search, and one that is none", async () => {
    const { cursor } = await findResources(context, parseSearch("kind:instance", context.now()), { limit: 1 });
    await expect(
      findResources(context, parseSearch("kind:subnet", context.now()), { limit: 1, cursor }),
    ).rejects.toMatchObject({
      code: "cursor.invalid",
    });
    await expect(
      findResources(context, parseSearch("kind:subnet", context.now()), { limit: 1, cursor: "%%%" }),
    ).rejects.toMatchObject({ code: "cursor.invalid" });
  });

  it("shows when each was last seen: in the last complete run of a scope that has it", async () => {
    const { items } = await findResources(context, parseSearch("kind:network", context.now()), { limit: 1 });
    expect(items[0]?.lastSeenAt).toBe("2026-03-01T00:00:00.000Z");
  });

  it("by address costs a few units, however much there is", async () => {
    const { units } = await context.table.meter.measure(() =>
      findResources(context, parseSearch("ip:10.1.2.5", context.now()), { limit: 10 }),
    );
    expect(units.read).toBeLessThanOrEqual(16);
    expect(units.write).toBe(0);
  });
});

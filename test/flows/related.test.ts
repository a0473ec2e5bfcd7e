import type { Context } from "@cadastre/core/context";
import { relatedTo } from "@cadastre/core/register/related";
import { beforeAll, describe, expect, it } from "vitest";
import { createTestContext } from "../support/context.ts";
import { ACCOUNT, aRun, instanceScope, type Raw } from "../support/estate.ts";

const EAST = "us-east-1";
const GUEST = "444455556666";
const arn = (rest: string, account = ACCOUNT) => `arn:aws:ec2:${EAST}:${account}:${rest}`;
const [vpc, subnetA, subnetB] = [arn("vpc/vpc-1"), arn("subnet/subnet-a"), arn("subnet/subnet-b")];
const certificateId = (digit: string) => `sha256:${digit.repeat(64)}`;

const aSubnet = (id: string, prefix: string): Raw => ({
  id,
  name: "",
  tags: {},
  attributes: {
    subnetId: id.split("/")[1],
    network: vpc,
    ownerAccount: ACCOUNT,
    cloudReservedCount: 5,
    blocks: [{ prefix, role: "primary" }],
  },
});

const aMachine = (id: string, subnets: readonly string[]): Raw => ({
  id,
  name: "",
  tags: {},
  attributes: {
    instanceId: id.split("/")[1],
    state: "running",
    type: "t",
    network: vpc,
    interfaces: subnets.map((subnet) => ({ network: vpc, subnet })),
  },
});

const network: Raw = { id: vpc, name: "", tags: {}, attributes: { networkId: "vpc-1" } };
const one = aMachine(arn("instance/i-1"), [subnetA, subnetB]);
const guests = aMachine(arn("instance/i-2", GUEST), [subnetA]);
const card: Raw = {
  id: arn("network-interface/eni-1"),
  name: "",
  tags: {},
  attributes: {
    interfaceId: "eni-1",
    network: vpc,
    subnet: subnetA,
    state: "in-use",
    attachment: { instance: one.id },
  },
};
const elastic: Raw = {
  id: arn("elastic-ip/eipalloc-1"),
  name: "",
  tags: {},
  attributes: { type: "external", address: "52.0.0.1", attachedTo: [one.id, card.id] },
};
const aCertificate = (digit: string): Raw => ({
  id: certificateId(digit),
  name: digit,
  tags: {},
  attributes: {
    fingerprint: digit.repeat(64),
    serialNumber: "01",
    subject: "CN=x",
    issuer: "CN=y",
    notBefore: "2026-01-01T00:00:00Z",
    notAfter: "2027-01-01T00:00:00Z",
    keyAlgorithm: "rsa",
    signatureAlgorithm: "sha256WithRSAEncryption",
  },
});
const anEndpoint: Raw = {
  id: "tls://shop.example:443",
  name: "shop",
  tags: {},
  attributes: {
    host: "shop.example",
    port: 443,
    protocol: "tls",
    outcome: "ok",
    handshakes: [
      {
        address: "192.0.2.7",
        outcome: "ok",
        presented: [
          {
            keyAlgorithm: "rsa",
            certificate: certificateId("a"),
            chain: [{ position: 1, fingerprint: "b".repeat(64) }],
          },
        ],
      },
    ],
  },
};

let context: Context;
beforeAll(async () => {
  ({ context } = await createTestContext());
  const scope = (kind: Parameters<typeof instanceScope>[0], ...resources: Raw[]) => ({
    key: instanceScope(kind),
    resources,
  });
  await aRun([
    scope({ kind: "network" }, network),
    scope({ kind: "subnet" }, aSubnet(subnetA, "10.0.0.0/24"), aSubnet(subnetB, "10.0.1.0/24")),
    scope({ kind: "instance" }, one),
    scope({ kind: "instance", account: GUEST }, guests),
    scope({ kind: "interface" }, card),
    scope({ kind: "address" }, elastic),
    {
      key: { provider: "tls", account: "t", region: "global", kind: "certificate" },
      resources: [aCertificate("a"), aCertificate("b")],
    },
    { key: { provider: "tls", account: "t", region: "global", kind: "endpoint" }, resources: [anEndpoint] },
  ]).deliver(context);
});

async function related(id: string, limit = 100): Promise<string[]> {
  const lines: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await relatedTo(context, id, { limit, cursor });
    for (const { direction, relation, id: other, resource } of page.items) {
      expect(resource?.id ?? other).toBe(other);
      lines.push(`${direction} ${relation} ${other}${resource ? "" : " (unknown)"}`);
    }
    cursor = page.cursor;
  } while (cursor !== undefined);
  return lines.sort();
}

describe("what is related to a resource", () => {
  it.each([
    [
      "a network",
      vpc,
      [
        `from in-network ${card.id}`,
        `from in-network ${guests.id}`,
        `from in-network ${one.id}`,
        `from in-network ${subnetA}`,
        `from in-network ${subnetB}`,
      ],
    ],
    [
      "a subnet",
      subnetA,
      [`from in-subnet ${card.id}`, `from in-subnet ${guests.id}`, `from in-subnet ${one.id}`, `to in-network ${vpc}`],
    ],
    ["a subnet of a second interface", subnetB, [`from in-subnet ${one.id}`, `to in-network ${vpc}`]],
    [
      "an instance",
      one.id,
      [
        `from attached-to ${card.id}`,
        `from attached-to ${elastic.id}`,
        `to in-network ${vpc}`,
        `to in-subnet ${subnetA}`,
        `to in-subnet ${subnetB}`,
      ],
    ],
    [
      "an interface",
      card.id,
      [`from attached-to ${elastic.id}`, `to attached-to ${one.id}`, `to in-network ${vpc}`, `to in-subnet ${subnetA}`],
    ],
    ["a leaf certificate", certificateId("a"), [`from presents ${anEndpoint.id}`]],
    ["an intermediate certificate", certificateId("b"), [`from chains-to ${anEndpoint.id}`]],
    ["an endpoint", anEndpoint.id, [`to chains-to ${certificateId("b")}`, `to presents ${certificateId("a")}`]],
  ])("%s is found both ways, each once, in pages of any size", async (_, id, expected) => {
    for (const limit of [1, 2, 100]) expect(await related(id, limit)).toEqual([...expected].sort());
  });

  it("is named also where the register does not have it, and no longer names anything when it is retired", async () => {
    const { context: other } = await createTestContext();
    const key = instanceScope();
    await aRun([{ key, resources: [one, aMachine(arn("instance/i-3"), [])] }]).deliver(other);
    const { items } = await relatedTo(other, one.id, { limit: 10 });
    expect(items).toContainEqual({ relation: "in-network", direction: "to", id: vpc });
    await aRun([{ key: instanceScope({ kind: "network" }), resources: [network] }]).deliver(other);
    expect((await relatedTo(other, vpc, { limit: 10 })).items).toHaveLength(2);
    await aRun([{ key, resources: [aMachine(arn("instance/i-3"), [])] }]).deliver(other);
    expect((await relatedTo(other, vpc, { limit: 10 })).items.map(({ id }) => id)).toEqual([arn("instance/i-3")]);
  });
});

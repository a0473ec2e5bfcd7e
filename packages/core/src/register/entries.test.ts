import { describe, expect, it } from "vitest";
import { partitions } from "../subjects/keys.ts";
import {
  accountsOf,
  countedOf,
  facetsOfItem,
  indexedAs,
  placeHash,
  resourceEntries,
  targetHash,
  textsOfItem,
} from "./entries.ts";
import type { ResourceItem } from "./items.ts";
import { ACCOUNT, aResourceItem, arn, claimOf, GUEST } from "./testing.ts";

const [VPC, SUBNET, OTHER_SUBNET] = [arn("vpc/vpc-1"), arn("subnet/subnet-1"), arn("subnet/subnet-2")];
const FOREIGN = arn("vpc/vpc-9", GUEST);
const net = (id: string) => placeHash("network", id);
const sub = (id: string) => placeHash("subnet", id);

const anInstance = (attributes: object = {}, more: Partial<ResourceItem> = {}) =>
  aResourceItem(arn("instance/i-1"), { instanceId: "i-1", state: "running", type: "t", ...attributes }, more);

/** Sort keys in a partition, without the subject that they end with. */
function sortsOf(resource: ResourceItem, partition: string): string[] {
  const own = `#resource/${resource.kind}/${resource.idHash}`;
  return resourceEntries(resource)
    .filter(({ p }) => p === partition)
    .map(({ s }) => {
      expect(s.endsWith(own)).toBe(true);
      return s.slice(0, -own.length);
    });
}
const listed = (resource: ResourceItem, standing: "active" | "retired" = "active") =>
  sortsOf(resource, partitions.list(standing, resource.kind));
const related = (resource: ResourceItem, id: string) =>
  sortsOf(resource, partitions.relation("active", targetHash(id)));
const placed = (resource: ResourceItem) => listed(resource).map((text) => text.split("/").slice(3, 5).join("/"));

describe("what a resource is found by in its list", () => {
  it("is its account, region, network, subnet and short id, for each account that has it", () => {
    const place = `us-east-1/${net(VPC)}/${sub(SUBNET)}/i-1`;
    const instance = anInstance({ network: VPC, interfaces: [{ network: VPC, subnet: SUBNET }] });
    expect(listed(instance)).toEqual([`aws/${ACCOUNT}/${place}`]);
    const shared = { ...instance, claims: [...instance.claims, claimOf(GUEST, "instance")] };
    expect(listed(shared)).toEqual([`aws/${ACCOUNT}/${place}`, `aws/${GUEST}/${place}`]);
    expect(listed({ ...instance, status: "retired" }, "retired")).toHaveLength(1);
  });

  it("is no network or subnet where there is none, and the first of its own network where there are several", () => {
    expect(placed(anInstance())).toEqual(["-/-"]);
    expect(placed(anInstance({ network: VPC }))).toEqual([`${net(VPC)}/-`]);
    expect(placed(anInstance({ interfaces: [{ subnet: SUBNET }] }))).toEqual([`-/${sub(SUBNET)}`]);
    expect(placed(anInstance({ network: VPC, interfaces: [{ subnet: SUBNET }] }))).toEqual([
      `${net(VPC)}/${sub(SUBNET)}`,
    ]);
    const interfaces = [
      { network: arn("vpc/vpc-0"), subnet: OTHER_SUBNET },
      { network: VPC, subnet: SUBNET },
    ];
    expect(placed(anInstance({ network: VPC, interfaces }))).toEqual([`${net(VPC)}/${sub(SUBNET)}`]);
    const more = [{ network: arn("vpc/vpc-9"), subnet: arn("subnet/subnet-9") }, ...interfaces];
    expect(placed(anInstance({ network: VPC, interfaces: more }))).toEqual([`${net(VPC)}/${sub(SUBNET)}`]);
    expect(net(VPC)).toHaveLength(12);
  });

  it("has a short id of 128 characters at the most", () => {
    const long = "i".repeat(200);
    const [place = ""] = listed(aResourceItem(`//compute.googleapis.com/projects/p/zones/z-a/instances/${long}`, {}));
    expect(place.split("/").at(-1)).toBe(long.slice(0, 128));
  });
});

describe("what a resource is found by where it is not in its own list's place", () => {
  it("is nothing where it is in no network, or in that of its own account", () => {
    const relations = partitions.relation("active", "");
    expect(resourceEntries(anInstance()).filter(({ p }) => p.startsWith(relations))).toEqual([]);
    expect(related(anInstance({ network: VPC, interfaces: [{ network: VPC, subnet: SUBNET }] }), VPC)).toEqual([]);
  });

  it("is the network of another account, provider or region, and each further one that it is in", () => {
    expect(related(anInstance({ network: FOREIGN }), FOREIGN)).toEqual([`in/${net(FOREIGN)}/-/`]);
    const west = arn("vpc/vpc-1", ACCOUNT, "eu-west-1");
    expect(related(anInstance({ network: west }), west)).toEqual([`in/${net(west)}/-/`]);
    const second = arn("vpc/vpc-2");
    const two = anInstance({
      network: VPC,
      interfaces: [
        { network: VPC, subnet: SUBNET },
        { network: VPC, subnet: OTHER_SUBNET },
        { network: second, subnet: arn("subnet/subnet-3") },
      ],
    });
    expect(related(two, VPC)).toEqual([`in/${net(VPC)}/${sub(OTHER_SUBNET)}/`]);
    expect(related(two, second)).toEqual([`in/${net(second)}/${sub(arn("subnet/subnet-3"))}/`]);
    const beside = anInstance({ network: VPC, interfaces: [{ network: VPC, subnet: SUBNET }, { network: second }] });
    expect(related(beside, second)).toEqual([`in/${net(second)}/-/`]);
    const bare = anInstance({ network: VPC, interfaces: [{ network: second }, { network: second }] });
    expect(related(bare, second)).toEqual([`in/${net(second)}/-/`]);
    expect(related(bare, VPC)).toEqual([]);
  });

  it("is nothing more in a global network of its own project, which is everywhere", () => {
    const global = "//compute.googleapis.com/projects/p/global/networks/n";
    const vm = aResourceItem("//compute.googleapis.com/projects/p/zones/z-a/instances/i", { network: global });
    expect(related(vm, global)).toEqual([]);
    const guest = aResourceItem("//compute.googleapis.com/projects/q/zones/z-a/instances/i", { network: global });
    expect(related(guest, global)).toEqual([`in/${net(global)}/-/`]);
  });

  it("is the subnet where no network is known", () => {
    const alone = anInstance({ interfaces: [{ subnet: SUBNET }] });
    expect(related(alone, SUBNET)).toEqual([`in/-/${sub(SUBNET)}/`]);
  });

  it("is what it is related to otherwise, by the relation", () => {
    const elastic = aResourceItem(arn("elastic-ip/e-1"), { attachedTo: [arn("instance/i-1")], network: VPC });
    expect(related(elastic, arn("instance/i-1"))).toEqual(["attached-to"]);
    expect(related(elastic, VPC)).toEqual([]);
  });
});

describe("what a resource is found by wherever it is", () => {
  it("are its words, tags and addresses, when it ends, and when it went", () => {
    const interfaces = [{ privateAddresses: [{ address: "10.0.0.1", primary: true }] }];
    const instance = anInstance({ interfaces }, { name: "web", tags: { env: "prod" } });
    expect(sortsOf(instance, partitions.word("active", "web"))).toEqual(["web"]);
    expect(sortsOf(instance, partitions.word("active", "prod"))[0]).toContain("prod");
    expect(sortsOf(instance, partitions.prefix("active", 4))).toHaveLength(1);
    expect(sortsOf(instance, partitions.prefix("active", 4, "reported"))).toEqual([]);
    expect(sortsOf(instance, partitions.end("active"))).toEqual([]);
    expect(sortsOf(instance, partitions.gone())).toEqual([]);
    const certificate = aResourceItem(`sha256:${"a".repeat(64)}`, {
      serialNumber: "01",
      notAfter: "2027-01-01T00:00:00Z",
    });
    expect(sortsOf(certificate, partitions.end("active"))).toEqual(["2027-01-01T00:00:00.000Z"]);
    const gone = anInstance({}, { status: "retired", retiredAt: "2026-05-01T00:00:00.000Z" });
    expect(sortsOf(gone, partitions.gone())).toEqual(["2026-05-01T00:00:00.000Z"]);
  });

  it("are addresses apart where it is a sighting: they stand behind what is confirmed", () => {
    const blocks = [{ prefix: "10.0.0.0/24", role: "primary" }];
    const subnet = aResourceItem(SUBNET, { network: VPC, blocks }, { claims: [claimOf(GUEST, "subnet")] });
    expect(sortsOf(subnet, partitions.prefix("active", 4, "reported"))).toHaveLength(1);
    expect(sortsOf(subnet, partitions.prefix("active", 4))).toEqual([]);
  });
});

describe("a resource", () => {
  it("is named in the index by its kind and key, and its texts are its name's, its words and its tags' values", () => {
    const instance = anInstance({}, { name: "eu-web", tags: { env: "prod" } });
    expect(indexedAs(instance)).toEqual({ type: "resource", hint: "instance", key: instance.idHash });
    expect(textsOfItem(instance, facetsOfItem(instance))).toEqual(["eu-web", "web", "i-1", "prod"]);
  });

  it("counts for its owner, and apart for each further account that sees it, once", () => {
    const claims = [GUEST, ACCOUNT, GUEST].map((account) => claimOf(account, "subnet"));
    const subnet = aResourceItem(SUBNET, {}, { claims });
    expect(accountsOf(subnet)).toEqual([ACCOUNT, GUEST]);
    expect(countedOf(subnet)).toEqual({
      idHash: subnet.idHash,
      status: "active",
      kind: "subnet",
      provider: "aws",
      account: ACCOUNT,
      region: "us-east-1",
      sharedWith: [GUEST],
    });
  });
});

import { describe, expect, it } from "vitest";
import { type FoundResource, resourceFacts } from "./facts.ts";
import { ACCOUNT, aResourceItem, arn, claimOf, GUEST } from "./testing.ts";

const [VPC, SUBNET] = [arn("vpc/vpc-1"), arn("subnet/subnet-1")];
const HASH = "a".repeat(64);

const anInstance = (attributes: object = {}, more: Partial<FoundResource> = {}): FoundResource =>
  aResourceItem(arn("instance/i-1"), { instanceId: "i-1", state: "running", type: "t3.large", ...attributes }, more);
const anAddress = (attributes: object): FoundResource =>
  aResourceItem(arn("elastic-ip/eipalloc-1"), { type: "external", ...attributes });
const aCertificate: FoundResource = aResourceItem(
  `sha256:${HASH}`,
  { fingerprint: "b".repeat(64), serialNumber: "01", notAfter: "2027-01-01T00:00:00Z" },
  { account: ACCOUNT },
);
const anEndpoint: FoundResource = aResourceItem("tls://shop.example:443", { host: "shop.example", port: 443 });

describe("what a search can know of a resource", () => {
  it("are its kind, its place, its standing, its name and its tags", () => {
    const facts = resourceFacts(anInstance({}, { name: "web", tags: { env: "prod" }, status: "retired" }));
    expect(facts).toMatchObject({ subject: "resource", kind: "instance", provider: "aws", status: "retired" });
    expect(facts).toMatchObject({ name: "web", tags: { env: "prod" } });
    expect(facts.texts("region")).toEqual(["us-east-1"]);
    expect(facts.texts("name")).toEqual(["web"]);
  });

  it("are the accounts that own it and see it, or those of them that the caller is told of", () => {
    const claims = [claimOf(ACCOUNT, "subnet"), claimOf(GUEST, "subnet")];
    const subnet = aResourceItem(SUBNET, { network: VPC }, { claims });
    expect(resourceFacts(subnet).texts("account")).toEqual([ACCOUNT, GUEST]);
    expect(resourceFacts({ ...subnet, shownIn: [GUEST] }).texts("account")).toEqual([GUEST]);
  });

  it("are the networks and subnets that it is in, by natural and short ids; a network is in itself", () => {
    const facts = resourceFacts(anInstance({ network: VPC, interfaces: [{ network: VPC, subnet: SUBNET }] }));
    expect(facts.texts("network")).toEqual([VPC, "vpc-1"]);
    expect(facts.texts("subnet")).toEqual([SUBNET, "subnet-1"]);
    const network = resourceFacts(aResourceItem(VPC, { networkId: "vpc-1" }));
    expect(network.texts("network")).toEqual([VPC, "vpc-1"]);
    expect(network.texts("subnet")).toEqual([]);
    const subnet = resourceFacts(aResourceItem(SUBNET, { subnetId: "subnet-1", network: VPC }));
    expect(subnet.texts("subnet")).toEqual([SUBNET, "subnet-1"]);
    expect(subnet.texts("network")).toEqual([VPC, "vpc-1"]);
    expect(resourceFacts(anInstance()).texts("network")).toEqual([]);
  });

  it("are its state, type, image and port, where its kind has them: what a collector calls so otherwise is none", () => {
    const facts = resourceFacts(anInstance({ image: "ami-1", port: 22 }));
    expect([facts.texts("state"), facts.texts("type"), facts.texts("image")]).toEqual([
      ["running"],
      ["t3.large"],
      ["ami-1"],
    ]);
    expect(facts.port).toBeUndefined();
    expect(resourceFacts(anEndpoint).port).toBe(443);
    const network = aResourceItem(VPC, { networkId: "vpc-1", type: { of: "mine" }, image: 7, state: "" });
    expect(resourceFacts(network).texts("type")).toEqual([]);
    expect(resourceFacts(network).texts("image")).toEqual([]);
    expect(resourceFacts(network).texts("state")).toEqual([]);
  });

  it("are its MAC addresses, however they are written", () => {
    const of = { interfaces: [{ macAddress: "0A-1B-2C-3D-4E-5F" }, {}, { macAddress: "0a1b.2c3d.4e60" }] };
    expect(resourceFacts(anInstance(of)).texts("mac")).toEqual(["0a1b2c3d4e5f", "0a1b2c3d4e60"]);
    const card = aResourceItem(arn("network-interface/eni-1"), {
      interfaceId: "eni-1",
      macAddress: "0a:1b:2c:3d:4e:5f",
    });
    expect(resourceFacts(card).texts("mac")).toEqual(["0a1b2c3d4e5f"]);
    expect(resourceFacts(anInstance()).texts("mac")).toEqual([]);
  });

  it("are its ids: natural, short and by its key; of a certificate the fingerprint that it is, not one that is said", () => {
    const instance = anInstance();
    expect(resourceFacts(instance).texts("id")).toEqual([instance.id, "i-1", `res_${instance.idHash}`]);
    expect(resourceFacts(aCertificate).texts("id")).toEqual([
      `sha256:${HASH}`,
      `sha256:${HASH}`,
      `res_${aCertificate.idHash}`,
      HASH,
    ]);
  });

  it("are its name's parts, its words and the values of its tags", () => {
    const facts = resourceFacts(anInstance({ hostName: "ip-10-0-0-1" }, { name: "eu-web", tags: { env: "Prod" } }));
    expect(facts.texts("words")).toEqual(["eu-web", "web", "i-1", "ip-10-0-0-1", "Prod"]);
  });

  it("are its addresses as prefixes", () => {
    const facts = resourceFacts(anAddress({ address: "52.0.0.1" }));
    expect(facts.prefixes).toMatchObject([{ family: 4, length: 32 }]);
  });

  it("are its owner, its times, and whether it is confirmed, as they were read", () => {
    const facts = resourceFacts(anInstance({}, { owner: "net", seenAt: "2026-02-01T00:00:00.000Z", confirmed: false }));
    expect(facts.texts("owner")).toEqual(["net"]);
    expect(facts.confirmed).toBe(false);
    expect(facts.time("seen")).toBe("2026-02-01T00:00:00.000Z");
    expect(facts.time("created")).toBe("2026-01-01T00:00:00.000Z");
    expect(facts.time("changed")).toBe("2026-01-02T00:00:00.000Z");
    expect(facts.time("expires")).toBeUndefined();
    expect(resourceFacts(aCertificate).time("expires")).toBe("2027-01-01T00:00:00Z");
    expect(resourceFacts(anInstance({}, { owner: "" })).texts("owner")).toEqual([]);
  });

  it("are what it has, and what it has not", () => {
    const all = resourceFacts(
      anInstance(
        {
          network: VPC,
          image: "ami-1",
          interfaces: [
            { subnet: SUBNET, macAddress: "0a1b2c3d4e5f", privateAddresses: [{ address: "10.0.0.1", primary: true }] },
          ],
        },
        { owner: "net", notes: "n", name: "web", tags: { env: "prod" } },
      ),
    );
    const each = ["owner", "notes", "name", "tag", "ip", "network", "subnet", "image", "state", "type", "mac"] as const;
    for (const what of each) expect(all.has(what), what).toBe(true);
    expect(all.has("expires")).toBe(false);
    expect(resourceFacts(aCertificate).has("expires")).toBe(true);
    const none = resourceFacts(anInstance({ state: "", type: "" }, { notes: "" }));
    for (const what of each) expect(none.has(what), what).toBe(false);
    const only = (more: Partial<FoundResource>) => {
      const facts = resourceFacts(anInstance({}, more));
      return (["notes", "name", "tag", "ip"] as const).filter((what) => facts.has(what));
    };
    expect([only({ notes: "n" }), only({ name: "n" }), only({ tags: { a: "" } })]).toEqual([
      ["notes"],
      ["name"],
      ["tag"],
    ]);
  });

  it("are whether it is what an id names, and whether it names what an id does", () => {
    const instance = anInstance({ network: VPC });
    const facts = resourceFacts(instance);
    expect([facts.is(instance.id), facts.is(`res_${instance.idHash}`), facts.is(VPC), facts.is("i-1")]).toEqual([
      true,
      true,
      false,
      false,
    ]);
    const both = resourceFacts(anInstance({ network: VPC, interfaces: [{ network: VPC, subnet: SUBNET }] }));
    expect([both.refersTo(VPC), both.refersTo(SUBNET)]).toEqual([true, true]);
    const vpc = aResourceItem(VPC, {});
    expect([facts.refersTo(VPC), facts.refersTo(`res_${vpc.idHash}`)]).toEqual([true, true]);
    expect([facts.refersTo(SUBNET), facts.refersTo("vpc-1"), facts.refersTo("")]).toEqual([false, false, false]);
    const odd = resourceFacts(anAddress({ attachedTo: ["something else"] }));
    expect(odd.refersTo("another thing")).toBe(false);
  });

  it("can be asked of all fields", () => {
    expect(resourceFacts(anInstance()).answers).toContain("named");
  });
});

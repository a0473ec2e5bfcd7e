import { accountName } from "@cadastre/contract/account";
import { KIND_NAMES } from "@cadastre/contract/kinds/names";
import { PROVIDERS } from "@cadastre/contract/scope";
import { put } from "@cadastre/store/table";
import { beforeAll, describe, expect, it } from "vitest";
import { aContext } from "../audit/testing.ts";
import type { Context } from "../context.ts";
import { endSource } from "../ledger/ended-sources.ts";
import { pageOf } from "../ledger/entry.ts";
import { LedgerPageItem, packEntry } from "../ledger/items.ts";
import { SaidItem } from "../said/items.ts";
import type { Standing } from "../subjects/keys.ts";
import { toExactPattern, toPattern } from "../subjects/pattern.ts";
import { isInRange } from "../subjects/plan.ts";
import { EVERYWHERE, type Scope } from "../subjects/scope.ts";
import type { IndexRange } from "../subjects/subject.ts";
import { createCountSums } from "./counts.ts";
import { countedOf, indexedAs, resourceEntries } from "./entries.ts";
import type { FoundResource } from "./facts.ts";
import { resourceSubject } from "./items.ts";
import { ResourceSubject } from "./subject.ts";
import { ACCOUNT, aResourceItem, arn, claimOf, GUEST, register } from "./testing.ts";
import type { StoredResource } from "./view.ts";

const VPC = arn("vpc/vpc-1");
const SUBNET = arn("subnet/subnet-1");
const gcp = (rest: string, project = "acme") => `//compute.googleapis.com/projects/${project}/${rest}`;
const NETWORK = gcp("global/networks/main");
const SUBNETWORK = gcp("regions/europe-west1/subnetworks/web");

const limitedTo = <Of extends Context>(context: Of, ...accounts: string[]): Of => ({
  ...context,
  restriction: { accounts: accounts.map((one) => accountName.parse(one)) as ["aws/1"] },
});
const closed = (...texts: string[]) => texts.map(toExactPattern);
const open = (text: string) => [toPattern([{ text, quoted: false }])];
const scope = (more: Partial<Scope> = {}): Scope => ({ ...EVERYWHERE, kinds: ["instance"], ...more });

/** Ranges in short: `list:instance aws/1/`, with what they begin with. */
const SHORT = { "#l#": "list:", "#r#": "relation:" } as const;
function inShort({ partition, sort }: IndexRange): string {
  const [, standing, , what = ""] = /^i#(.)(#.#)(.*)$/.exec(partition) ?? [];
  const kind = SHORT[partition.slice(3, 6) as keyof typeof SHORT];
  const begins = sort && "beginsWith" in sort ? sort.beginsWith : "*";
  return `${standing} ${kind}${kind === "list:" ? what : ""} ${begins}`;
}
const listed = async (context: Context, of: Scope, standing: Standing = "active") =>
  (await ResourceSubject.list(context, of, standing)).map(inShort);

describe("the lists that hold all resources in a scope", () => {
  const context = aContext();

  it("are one for each kind where nothing else is asked, those of what is gone apart", async () => {
    expect(await listed(context, EVERYWHERE)).toEqual(KIND_NAMES.map((kind) => `a list:${kind} *`));
    expect(await listed(context, scope(), "retired")).toEqual(["r list:instance *"]);
    expect(await listed(context, scope({ kinds: [] }))).toEqual([]);
    const [range] = await ResourceSubject.list(context, scope(), "active");
    expect(range).toEqual({ partition: "i#a#l#instance", rank: "instance#", kind: "instance" });
  });

  it("begin with the providers, and the accounts in each, that are asked for", async () => {
    const providers = PROVIDERS.slice(0, 2);
    expect(await listed(context, scope({ providers }))).toEqual(["a list:instance aws/", "a list:instance gcp/"]);
    expect(await listed(context, scope({ providers: [] }))).toEqual([]);
    expect(await listed(context, scope({ providers, accounts: closed("1", "2") }))).toEqual(
      ["aws/1/", "aws/2/", "gcp/1/", "gcp/2/"].map((begins) => `a list:instance ${begins}`),
    );
    expect(await listed(context, scope({ providers, accounts: open("1*") }))).toEqual(
      ["aws/1", "gcp/1"].map((begins) => `a list:instance ${begins}`),
    );
    const some = [...closed("12"), ...open("3*")];
    expect(await listed(context, scope({ providers: ["aws"], accounts: some }))).toEqual(
      ["aws/12", "aws/3"].map((begins) => `a list:instance ${begins}`),
    );
  });

  it("go on with the regions of a whole account, each with a rank of its own", async () => {
    const of = scope({ providers: ["aws"], accounts: closed("1"), regions: closed("a", "b") });
    const ranges = await ResourceSubject.list(context, of, "active");
    expect(ranges.map(inShort)).toEqual(["a list:instance aws/1/a/", "a list:instance aws/1/b/"]);
    expect(ranges.map(({ rank }) => rank)).toEqual(["instance#aws/1/a/", "instance#aws/1/b/"]);
    expect(await listed(context, { ...of, regions: open("a*") })).toEqual(["a list:instance aws/1/"]);
    expect(await listed(context, { ...of, regions: [...closed("b"), ...open("a*")] })).toEqual([
      "a list:instance aws/1/",
    ]);
  });

  it("accept what is of the accounts and regions alone, by its place in the list", async () => {
    const accepted = async (more: Partial<Scope>, of = context) => {
      const [range] = await ResourceSubject.list(of, scope({ providers: ["aws"], ...more }), "active");
      const places = ["aws/1/a/x", "aws/1/b/x", "aws/12/a/x", "aws/2/a/x", "aws"];
      return range?.accepts && places.filter(range.accepts);
    };
    expect(await accepted({})).toBeUndefined();
    expect(await accepted({ accounts: closed("1") })).toEqual(["aws/1/a/x", "aws/1/b/x"]);
    expect(await accepted({ accounts: open("1*") })).toEqual(["aws/1/a/x", "aws/1/b/x", "aws/12/a/x"]);
    expect(await accepted({ accounts: closed("12", "2") })).toEqual(["aws/12/a/x", "aws/2/a/x"]);
    expect(await accepted({ regions: open("a*") })).toEqual(["aws/1/a/x", "aws/12/a/x", "aws/2/a/x"]);
    expect(await accepted({ accounts: open("1*"), regions: open("b*") })).toEqual(["aws/1/b/x"]);
    expect(await accepted({ accounts: open("*"), regions: open("*") })).toHaveLength(5);
    const limited = limitedTo(context, "aws/1");
    expect(await accepted({ accounts: closed("1") }, limited)).toBeUndefined();
    expect(await accepted({ accounts: closed("1"), regions: open("a*") }, limited)).toEqual([
      "aws/1/a/x",
      "aws/12/a/x",
      "aws/2/a/x",
    ]);
  });
});

describe("the lists that are read for who is limited to accounts", () => {
  const context = limitedTo(aContext(), "aws/1", "aws/2", "gcp/1", "tls/x");
  const begins = async (more: Partial<Scope>) =>
    (await listed(context, scope(more))).map((one) => one.replace("a list:instance ", ""));
  const OWN = ["aws/1/", "aws/2/", "gcp/1/", "tls/x/"];

  it("are its own, and of them those that are asked for: others' length would tell of them", async () => {
    expect(await begins({})).toEqual(OWN);
    expect(await begins({ providers: ["aws", "tls"] })).toEqual(["aws/1/", "aws/2/", "tls/x/"]);
    expect(await begins({ accounts: closed("1") })).toEqual(["aws/1/", "gcp/1/"]);
    expect(await begins({ accounts: closed("1", "x") })).toEqual(["aws/1/", "gcp/1/", "tls/x/"]);
    expect(await begins({ accounts: closed("9", "2") })).toEqual(["aws/2/"]);
    expect(await begins({ providers: ["gcp"], accounts: closed("2") })).toEqual(["gcp/1/"]);
  });

  it("are all its own where another's is asked for, or a beginning that another's may have: those show what they own", async () => {
    expect(await begins({ accounts: closed("9") })).toEqual(OWN);
    expect(await begins({ accounts: open("1*") })).toEqual(OWN);
    expect(await begins({ accounts: [...closed("1"), ...open("2*")] })).toEqual(OWN);
  });

  it("go on with the regions that are asked for, without a look at where there is something", async () => {
    const of = scope({ regions: closed("a", "b"), providers: ["tls"] });
    const { calls } = await context.table.meter.measure(async () => {
      expect(await listed(context, of)).toEqual(["a list:instance tls/x/a/", "a list:instance tls/x/b/"]);
    });
    expect(calls).toBe(0);
    expect(await begins({ regions: open("a*"), providers: ["tls"] })).toEqual(["tls/x/"]);
  });
});

describe("the lists of a region", () => {
  let context: Context;
  beforeAll(async () => {
    context = aContext();
    const sums = createCountSums();
    const some = [
      aResourceItem(arn("instance/i-1", ACCOUNT, "eu-west-1")),
      aResourceItem(arn("instance/i-2", GUEST, "eu-west-1")),
      aResourceItem(arn("subnet/subnet-3", ACCOUNT, "eu-west-1")),
      aResourceItem(arn("instance/i-4", ACCOUNT, "us-east-1")),
      aResourceItem(gcp("zones/europe-west1-b/instances/vm")),
    ];
    for (const one of some) sums.add({ after: countedOf(one) });
    sums.add({ after: countedOf(aResourceItem(arn("instance/i-5", GUEST), {}, { status: "retired" })) });
    await context.table.commit(sums.writes());
  });

  it("are those of the accounts that have something there, of the kinds and providers that are asked for", async () => {
    const places = async (more: Partial<Scope>, standing?: Standing) =>
      (await listed(context, scope(more), standing)).toSorted();
    const inIreland = [`a list:instance aws/${ACCOUNT}/eu-west-1/`, `a list:instance aws/${GUEST}/eu-west-1/`];
    expect(await places({ regions: closed("eu-west-1") })).toEqual(inIreland);
    for (const accounts of [open("*"), [...closed(ACCOUNT), ...open("44*")]])
      expect(await places({ regions: closed("eu-west-1"), accounts })).toEqual(inIreland);
    expect(await places({ regions: closed("eu-west-1"), kinds: ["subnet", "network"] })).toEqual([
      `a list:subnet aws/${ACCOUNT}/eu-west-1/`,
    ]);
    expect(await places({ regions: closed("eu-west-1", "europe-west1"), providers: ["gcp"] })).toEqual([
      "a list:instance gcp/acme/europe-west1/",
    ]);
    expect(await places({ regions: closed("us-east-1") })).toEqual([`a list:instance aws/${ACCOUNT}/us-east-1/`]);
    expect(await places({ regions: closed("us-east-1") }, "retired")).toEqual([
      `r list:instance aws/${GUEST}/us-east-1/`,
    ]);
    expect(await places({ regions: closed("nowhere") })).toEqual([]);
  });

  it("accept what is of the accounts that are asked for, and are not looked up for whole accounts or beginnings", async () => {
    const accounts = open("1111*");
    const ranges = await ResourceSubject.list(context, scope({ regions: closed("eu-west-1"), accounts }), "active");
    const own = ranges.filter(({ accepts, sort }) => accepts?.(`${sort && "beginsWith" in sort && sort.beginsWith}x`));
    expect(own.map(inShort)).toEqual([`a list:instance aws/${ACCOUNT}/eu-west-1/`]);
    for (const more of [{ accounts: closed(ACCOUNT), regions: closed("eu-west-1") }, { regions: open("eu-*") }, {}]) {
      const { calls } = await context.table.meter.measure(() => ResourceSubject.list(context, scope(more), "active"));
      expect(calls, JSON.stringify(more)).toBe(0);
    }
  });
});

describe("where those stand that name a resource", () => {
  const ATTACHED = aResourceItem(arn("elastic-ip/e-1"), { attachedTo: [arn("instance/i-1")] });
  const interfaceIn = (id: string, network?: string, subnet?: string) => aResourceItem(id, { network, subnet });
  const vm = (id: string, network: string, subnet: string) =>
    aResourceItem(id, { network, interfaces: [{ network, subnet }] });
  const all: readonly StoredResource[] = [
    aResourceItem(VPC),
    aResourceItem(SUBNET, { network: VPC }),
    aResourceItem(NETWORK),
    aResourceItem(SUBNETWORK, { network: NETWORK }),
    ATTACHED,
  ];
  const inVpc = [
    interfaceIn(arn("network-interface/eni-1"), VPC, SUBNET),
    interfaceIn(arn("network-interface/eni-2", GUEST), VPC, SUBNET),
    vm(arn("instance/i-1"), VPC, SUBNET),
    aResourceItem(arn("elastic-ip/e-2"), { network: VPC, subnet: SUBNET }),
    aResourceItem(arn("instance/i-7"), {
      network: arn("vpc/vpc-2"),
      interfaces: [
        { network: arn("vpc/vpc-2"), subnet: arn("subnet/subnet-2") },
        { network: VPC, subnet: SUBNET },
      ],
    }),
  ];
  const inNetwork = [
    vm(gcp("zones/europe-west1-b/instances/a"), NETWORK, SUBNETWORK),
    vm(gcp("zones/europe-west1-b/instances/b", "guest"), NETWORK, SUBNETWORK),
    // Of a reserved address Compute Engine says no network.
    aResourceItem(gcp("regions/europe-west1/addresses/e-3"), { subnet: SUBNETWORK }),
    aResourceItem(gcp("regions/europe-west1/addresses/e-4", "guest"), { subnet: SUBNETWORK }),
  ];
  const besides = [
    interfaceIn(arn("network-interface/eni-3"), VPC, arn("subnet/subnet-9")),
    vm(gcp("zones/us-east1-b/instances/c"), NETWORK, gcp("regions/us-east1/subnetworks/web")),
    interfaceIn(arn("network-interface/eni-4"), VPC),
  ];
  const elsewhere = interfaceIn(arn("network-interface/eni-5"), arn("vpc/vpc-2"), arn("subnet/subnet-2"));
  const retired = { ...interfaceIn(arn("network-interface/eni-6"), VPC, SUBNET), status: "retired" as const };
  const world = [...all, ...inVpc, ...inNetwork, ...besides, elsewhere, retired];
  let context: Context;
  beforeAll(async () => {
    context = aContext();
    await register(context, ...world);
  });
  const rangesOf = (text: string, standing: Standing = "active", of = context) =>
    ResourceSubject.referring?.(of, text, standing) ?? [];
  const within = async (ranges: readonly IndexRange[] | Promise<readonly IndexRange[]>) => {
    const some = await ranges;
    return world.filter((one) => resourceEntries(one).some((entry) => some.some((range) => isInRange(range, entry))));
  };
  const ids = (of: readonly StoredResource[]) => of.map(({ id }) => id).toSorted();

  it("are the lists of what is in a network's own region, and the relations to it", async () => {
    const proposed = await within(rangesOf(VPC));
    expect(ids(proposed)).toEqual(
      ids([aResourceItem(VPC), aResourceItem(SUBNET), ...inVpc, besides[0], besides[2]] as StoredResource[]),
    );
    expect(ids(await within(rangesOf(VPC, "retired")))).toEqual([retired.id]);
  });

  it("are for a subnet those of its part of the network, and what names it alone", async () => {
    expect(ids(await within(rangesOf(SUBNET)))).toEqual(ids(inVpc));
    expect(ids(await within(rangesOf(SUBNET, "retired")))).toEqual([retired.id]);
    const { idHash } = aResourceItem(SUBNET);
    expect(await rangesOf(`res_${idHash}`)).toEqual(await rangesOf(SUBNET));
  });

  it("are for a global network, which has no region, all lists of its project", async () => {
    const ofProject = [NETWORK, SUBNETWORK, ...[inNetwork[0], inNetwork[2], besides[1]].map((one) => one?.id ?? "")];
    const others = [inNetwork[1], inNetwork[3]].map((one) => one?.id ?? "");
    expect(ids(await within(rangesOf(NETWORK)))).toEqual([...ofProject, others[0] ?? ""].toSorted());
    expect(ids(await within(rangesOf(SUBNETWORK)))).toEqual([...ofProject, ...others].toSorted());
    const relations = (await rangesOf(SUBNETWORK)).filter(({ rank }) => rank.startsWith("~"));
    expect(ids(await within(relations))).toEqual([...others, inNetwork[2]?.id ?? ""].toSorted());
  });

  it("are the relations to anything else, whether the register has it or not", async () => {
    expect(ids(await within(rangesOf(arn("instance/i-1"))))).toEqual([ATTACHED.id]);
    expect(await rangesOf(arn("instance/i-1"))).toMatchObject([{ rank: "" }]);
    expect(ids(await within(rangesOf(arn("instance/i-9"))))).toEqual([]);
    expect(ids(await within(rangesOf("no id at all")))).toEqual([]);
    // Nobody has reported the subnet: what is in it names it.
    const unknown = aContext();
    expect(await rangesOf(SUBNET, "active", unknown)).toMatchObject([{ rank: "" }]);
  });

  it("are ranked by kind and place, the relations last, and say which kind they propose", async () => {
    const ranges = await rangesOf(VPC);
    const kinds = ["network", "subnet", "instance", "interface", "address"];
    expect(ranges.map(({ kind }) => kind)).toEqual([...kinds, undefined]);
    expect(ranges[5]).not.toHaveProperty("sort");
    const begins = ranges.map(({ sort }) => (sort && "beginsWith" in sort ? sort.beginsWith : ""));
    expect(begins[0]).toMatch(/^aws\/111122223333\/us-east-1\/[0-9a-f]{12}\/$/);
    expect(ranges.map(({ rank }) => rank)).toEqual([...kinds.map((kind) => `${kind}#${begins[0]}`), "~"]);
    const place = begins[0]?.split("/")[3];
    const ofSubnet = await rangesOf(SUBNET);
    const inSubnet = ofSubnet.map(({ sort }) => (sort && "beginsWith" in sort ? sort.beginsWith : ""));
    expect(inSubnet[0]).toMatch(new RegExp(`^aws/111122223333/us-east-1/${place}/[0-9a-f]{12}/$`));
    expect(inSubnet[5]).toBe(`in/${inSubnet[0]?.split("/").slice(3).join("/")}`);
  });

  it("are the relations alone to a network whose id says no place", async () => {
    const odd = aResourceItem(arn("subnet/subnet-odd"), { network: "vpc-without-a-place" });
    const inOdd = interfaceIn(arn("network-interface/eni-8"), "vpc-without-a-place", odd.id);
    const own = aContext();
    await register(own, odd, inOdd);
    const ranges = await rangesOf(odd.id, "active", own);
    expect(ranges.map(({ rank }) => rank)).toEqual(["~", "~~"]);
    const found = resourceEntries(inOdd).some((entry) => ranges.some((range) => isInRange(range, entry)));
    expect(found).toBe(true);
  });
});

describe("resources that a search reads", () => {
  const [one, two] = [
    aResourceItem(arn("instance/i-1"), {}, { claims: [claimOf(ACCOUNT, "instance"), claimOf(GUEST, "instance")] }),
    aResourceItem(arn("instance/i-2")),
  ];
  const keys = [one.idHash, "0".repeat(32), two.idHash];
  const NOTHING = { said: false, seen: false, confirmed: false };
  let context: Context;
  beforeAll(async () => {
    context = aContext();
    await register(context, one, two);
    const said = { subject: resourceSubject(one.idHash), notes: "n", owner: "net", changedAt: "x", sequence: 1 };
    const name = two.claims[0]?.scope ?? "";
    const seen = { name, digest: "ab", generation: 1, set: "0123456789abcdef", status: "complete" as const };
    const scopes = [packEntry({ ...seen, completeAt: Date.parse("2026-03-01T00:00:00.000Z") })];
    const page = { source: "s", page: pageOf(name), scopes };
    await context.table.commit([put(SaidItem, said), put(LedgerPageItem, page)]);
  });
  const read = (needs?: Parameters<typeof ResourceSubject.read>[2], of = context) =>
    ResourceSubject.read(of, keys, needs);
  const bare = ({ version: _, ...rest }: StoredResource) => rest;

  it("are in the order of their keys, nothing where there is none, and only they are read", async () => {
    const found = await read();
    expect(found).toMatchObject([bare(one), {}, bare(two)].map((item, at) => (at === 1 ? undefined : item)));
    expect(await read(NOTHING)).toEqual(found);
    expect(found[0]).toMatchObject({ owner: "", notes: "", seenAt: undefined });
    for (const name of ["shownIn", "confirmed"]) expect(found[0]).not.toHaveProperty(name);
    const { calls } = await context.table.meter.measure(() => read());
    expect(calls).toBe(1);
  });

  it("have what is said of them, when they were seen and who confirms them where that is asked for", async () => {
    const said = await read({ ...NOTHING, said: true });
    expect(said.map((item) => item && [item.owner, item.notes])).toEqual([["net", "n"], undefined, ["", ""]]);
    const seen = await read({ ...NOTHING, seen: true });
    const at = "2026-03-01T00:00:00.000Z";
    expect(seen.map((item) => item?.seenAt)).toEqual([at, undefined, at]);
    const confirmed = await read({ ...NOTHING, confirmed: true });
    expect(confirmed.map((item) => item?.confirmed)).toEqual([true, undefined, true]);
    const other = aContext();
    await register(other, one, two);
    await other.table.commit([endSource("s", new Date(0))]);
    expect((await read({ ...NOTHING, confirmed: true }, other)).map((item) => item?.confirmed)).toEqual([
      false,
      undefined,
      false,
    ]);
  });

  it("are shown to who is limited in those of its accounts that it is told of", async () => {
    const shownIn = async (...accounts: string[]) => (await read(NOTHING, limitedTo(context, ...accounts)))[0]?.shownIn;
    expect(await shownIn(`aws/${ACCOUNT}`)).toEqual([ACCOUNT]);
    expect(await shownIn(`aws/${GUEST}`)).toEqual([ACCOUNT, GUEST]);
  });
});

describe("a resource as a subject", () => {
  it("is found by what is observed of it, and by who owns it", () => {
    const instance = aResourceItem(arn("instance/i-1"), {}, { name: "web" });
    const observed = resourceEntries(instance);
    expect(ResourceSubject.entries(instance)).toEqual(observed);
    const owned: FoundResource = { ...instance, owner: "Network team" };
    const { hint, key } = indexedAs(instance);
    expect(ResourceSubject.entries(owned)).toEqual([
      ...observed,
      { p: "i#o#ne", s: `network team#resource/${hint}/${key}` },
    ]);
  });

  it("is named by its natural and its short id", () => {
    const { id, idHash } = aResourceItem(arn("instance/i-1"));
    expect(ResourceSubject.named(id)).toEqual([idHash]);
    expect(ResourceSubject.named(`res_${idHash}`)).toEqual([idHash]);
    expect(ResourceSubject.named("i-1")).toEqual([]);
  });

  it("is of the type resource", () => {
    expect(ResourceSubject.type).toBe("resource");
  });
});

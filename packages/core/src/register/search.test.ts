import { put } from "@cadastre/store/table";
import { beforeAll, describe, expect, it } from "vitest";
import { aContext } from "../audit/testing.ts";
import type { Context } from "../context.ts";
import { IndexItem } from "../subjects/items.ts";
import { parseSearch } from "../subjects/parse-search.ts";
import { createCountSums } from "./counts.ts";
import { countedOf, resourceEntries } from "./entries.ts";
import { findResources } from "./search.ts";
import { ACCOUNT, aResourceItem, arn, claimOf, GUEST, register } from "./testing.ts";
import type { StoredResource } from "./view.ts";

const OTHER = "777788889999";

async function having(...resources: StoredResource[]): Promise<Context> {
  const context = aContext();
  await register(context, ...resources);
  const entries = resources.flatMap((one) => resourceEntries(one));
  await context.table.load(entries.map((entry) => put(IndexItem, entry)));
  const sums = createCountSums();
  for (const one of resources) sums.add({ after: countedOf(one) });
  await context.table.commit(sums.writes());
  return context;
}
const within = (context: Context, ...accounts: string[]): Context => ({ ...context, restriction: { accounts } });
const limitedTo = (context: Context, ...accounts: string[]): Context =>
  within(context, ...accounts.map((account) => `aws/${account}`));
const find = (context: Context, q: string) => findResources(context, parseSearch(q, context.now()), { limit: 10 });
const found = async (context: Context, q: string) => (await find(context, q)).items.map(({ id }) => id);

describe("who is limited to accounts and asks for another's", () => {
  it("is told nothing of it, however much it has: not even that there is something to go on with", async () => {
    const many = Array.from({ length: 5200 }, (_, n) => aResourceItem(arn(`instance/i-${n}`, GUEST)));
    const context = limitedTo(await having(...many, aResourceItem(arn("instance/i-own"))), ACCOUNT);
    for (const [asked, other] of [
      [`account:${GUEST}`, `account:${OTHER}`],
      [`account:aws/${GUEST}`, `account:aws/${OTHER}`],
      [`account:${GUEST} region:us-east-1`, `account:${OTHER} region:us-east-1`],
      ["account:4444*", "account:7777*"],
    ] as const) {
      const nothing = await find(context, other);
      expect(nothing.items).toEqual([]);
      expect(nothing).not.toHaveProperty("cursor");
      expect(await find(context, asked)).toEqual(nothing);
    }
  });

  it("finds what that one owns and shows to them, by the whole of its name or by its beginning", async () => {
    const claims = [claimOf(GUEST, "subnet"), claimOf(ACCOUNT, "subnet")];
    const shared = aResourceItem(arn("subnet/subnet-1", GUEST), {}, { claims });
    const own = aResourceItem(arn("subnet/subnet-2"));
    const context = limitedTo(await having(shared, own, aResourceItem(arn("subnet/subnet-3", GUEST))), ACCOUNT);
    for (const q of [
      `account:${GUEST}`,
      "account:4444*",
      `account:${GUEST} region:us-east-1`,
      `-account:x account:${GUEST}`,
    ])
      expect(await found(context, q), q).toEqual([shared.id]);
    expect(await found(context, `account:${GUEST} region:eu-west-1`)).toEqual([]);
    expect((await found(context, "kind:subnet")).toSorted()).toEqual([shared.id, own.id].toSorted());
  });

  it("finds its own by its accounts, each and together", async () => {
    const [one, two] = [aResourceItem(arn("instance/i-1")), aResourceItem(arn("instance/i-2", OTHER))];
    const context = limitedTo(await having(one, two, aResourceItem(arn("instance/i-3", GUEST))), ACCOUNT, OTHER);
    expect(await found(context, `account:${ACCOUNT}`)).toEqual([one.id]);
    expect(await found(context, `account:${OTHER}`)).toEqual([two.id]);
    expect(await found(context, "account:7777*")).toEqual([two.id]);
    expect((await found(context, "")).toSorted()).toEqual([one.id, two.id].toSorted());
    expect(await found(context, `account:gcp/${ACCOUNT}`)).toEqual([]);
  });
});

describe("how many there are in all", () => {
  const both = [claimOf(GUEST, "subnet"), claimOf(ACCOUNT, "subnet")];
  const shared = aResourceItem(arn("subnet/subnet-1", GUEST), {}, { claims: both });
  const elsewhere = aResourceItem(`tls://shop.example:443`, {}, { account: ACCOUNT, region: "global", claims: [] });
  const retired = { status: "retired" as const, retiredAt: "2026-01-03T00:00:00.000Z" };
  let context: Context;
  beforeAll(async () => {
    context = await having(
      shared,
      aResourceItem(arn("subnet/subnet-2")),
      aResourceItem(arn("instance/i-1")),
      aResourceItem(arn("instance/i-2", OTHER)),
      aResourceItem(arn("instance/i-3", GUEST)),
      aResourceItem(arn("instance/i-4"), {}, retired),
      elsewhere,
    );
  });
  const total = async (q: string, of = context) => (await find(of, q)).total;

  it("is told by what is counted: kinds, providers, accounts, regions and statuses, and by nothing else", async () => {
    for (const [q, count] of [
      ["", 6],
      ["kind:instance", 3],
      [`account:${ACCOUNT} provider:aws`, 3],
      [`account:${ACCOUNT}`, 4],
      [`account:${GUEST} kind:subnet`, 1],
      ["status:any", 7],
      ["status:retired region:us-east-1", 1],
      ["provider:gcp", 0],
      ["name:web", undefined],
      ["kind:instance OR kind:subnet", undefined],
    ] as const)
      expect(await total(q), q).toBe(count);
    expect(await find(context, "name:web")).not.toHaveProperty("total");
  });

  it("is told on the first page alone", async () => {
    const query = parseSearch("kind:instance", context.now());
    const first = await findResources(context, query, { limit: 2 });
    expect(first).toMatchObject({ total: 3, items: [{}, {}] });
    const second = await findResources(context, query, { limit: 2, cursor: first.cursor });
    expect(second.items).toHaveLength(1);
    expect(second).not.toHaveProperty("total");
  });

  it("is what the caller sees, where one account is meant, and is not told where that would count twice or too little", async () => {
    const own = limitedTo(context, ACCOUNT);
    for (const [q, count] of [
      ["", 3],
      ["kind:subnet", 2],
      [`account:${ACCOUNT}`, 3],
      [`account:${ACCOUNT} provider:aws status:any`, 4],
      ["provider:gcp", 0],
      [`provider:tls account:${ACCOUNT}`, 0],
      // What another owns and shows is found, too.
      [`account:${GUEST}`, undefined],
      [`account:${GUEST} provider:aws`, undefined],
    ] as const)
      expect(await total(q, own), q).toBe(count);
    const several = limitedTo(context, ACCOUNT, GUEST);
    for (const [q, count] of [
      ["", undefined],
      [`account:${GUEST}`, 2],
      [`account:${ACCOUNT}`, 3],
      [`account:${OTHER}`, undefined],
    ] as const)
      expect(await total(q, several), q).toBe(count);
    const mixed = within(context, `aws/${ACCOUNT}`, "tls/x");
    for (const [q, count] of [
      [`account:${ACCOUNT} provider:aws`, 3],
      [`account:${ACCOUNT}`, undefined],
      ["provider:aws", 3],
      ["provider:tls", 0],
    ] as const)
      expect(await total(q, mixed), q).toBe(count);
    expect(await total("", within(context))).toBe(0);
  });

  it("is as many as all pages have", async () => {
    const places = [limitedTo(context, ACCOUNT), limitedTo(context, GUEST), limitedTo(context, OTHER), context];
    for (const of of places)
      for (const q of ["", `account:${ACCOUNT}`, `account:${GUEST}`, "kind:subnet", "provider:tls", "status:any"]) {
        const { items, total: all } = await findResources(of, parseSearch(q, of.now()), { limit: 100 });
        if (all !== undefined) expect(items, q).toHaveLength(all);
      }
  });
});

describe("one whole id", () => {
  it("finds what is retired, too, and nothing but resources", async () => {
    const gone = aResourceItem(arn("instance/i-1"), {}, { status: "retired", retiredAt: "2026-01-03T00:00:00.000Z" });
    const context = await having(gone, aResourceItem(arn("elastic-ip/e-1"), { attachedTo: [gone.id] }));
    expect(await found(context, gone.id)).toEqual([gone.id]);
    expect(await found(context, `res_${gone.idHash}`)).toEqual([gone.id]);
    expect(await found(context, `id:${gone.id}`)).toEqual([]);
    expect(await found(context, `${gone.id} kind:address`)).toEqual([arn("elastic-ip/e-1")]);
    await expect(find(context, "type:account")).resolves.toMatchObject({ items: [] });
  });
});

import { put } from "@cadastre/store/table";
import { describe, expect, it } from "vitest";
import { aContext } from "../audit/testing.ts";
import type { Context } from "../context.ts";
import { IndexItem } from "../subjects/items.ts";
import { parseSearch } from "../subjects/parse-search.ts";
import { resourceEntries } from "./entries.ts";
import { findResources } from "./search.ts";
import { ACCOUNT, aResourceItem, arn, claimOf, GUEST, register } from "./testing.ts";
import type { StoredResource } from "./view.ts";

const OTHER = "777788889999";

async function having(...resources: StoredResource[]): Promise<Context> {
  const context = aContext();
  await register(context, ...resources);
  const entries = resources.flatMap((one) => resourceEntries(one));
  await context.table.load(entries.map((entry) => put(IndexItem, entry)));
  return context;
}
const limitedTo = (context: Context, ...accounts: string[]): Context => ({
  ...context,
  restriction: { accounts: accounts.map((account) => `aws/${account}`) as ["aws/1"] },
});
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
    expect((await find(context, `account:${ACCOUNT}`)).total).toBeDefined();
  });
});

import { newIp } from "@cadastre/contract/addresses/ip";
import type { SubjectType } from "@cadastre/contract/subject";
import { IpSubject } from "@cadastre/core/addresses/search/subject";
import { aSpace } from "@cadastre/core/addresses/testing";
import { createIp } from "@cadastre/core/addresses/tree/create-ip";
import { deleteIp } from "@cadastre/core/addresses/tree/delete-ip";
import { indexEntriesOf } from "@cadastre/core/addresses/tree/index-entry";
import { IpItem } from "@cadastre/core/addresses/tree/items";
import { replaceIp } from "@cadastre/core/addresses/tree/replace-ip";
import { aContext, anActorOf, type TestContext } from "@cadastre/core/audit/testing";
import { searchByPrefix } from "@cadastre/core/subjects/by-prefix";
import { IndexItem } from "@cadastre/core/subjects/items";
import { partitions } from "@cadastre/core/subjects/keys";
import { plannedLengthWrite } from "@cadastre/core/subjects/prefix-lengths";
import { searchSubjects } from "@cadastre/core/subjects/search";
import { whoseAddress } from "@cadastre/core/whose/whose";
import { put } from "@cadastre/store/table";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDynamo } from "../store/open-dynamo.ts";

/* What is planned in any address space, found by an address or a prefix, over both tables. */

const ACTOR = anActorOf("service-account", "sva_1");
const TABLES = { SQLite: undefined, DynamoDB: openDynamo } as const;

let context: TestContext;
let close: () => Promise<void>;

const plan = (space: string, prefix: string, more: object = {}) =>
  createIp(context, ACTOR, space, newIp.parse({ prefix, ...more }));

interface Asking {
  readonly around?: string;
  readonly within?: string;
  readonly type?: SubjectType;
}

/** All pages, each as short as possible, as `prefix in space`. */
async function found(asked: Asking, who: object = {}, limit = 2): Promise<string[]> {
  const all: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await searchSubjects({ ...context, ...who }, [IpSubject], searchByPrefix(asked), { limit, cursor });
    all.push(...page.items.map(({ prefix, spaceName }) => `${prefix} in ${spaceName}`));
    cursor = page.cursor;
  } while (cursor !== undefined);
  return all;
}

const onlyIn = (...except: string[]) => ({ spaces: { isDefault: false, except } });
const allBut = (...except: string[]) => ({ spaces: { isDefault: true, except } });

describe.each(Object.entries(TABLES))("over %s, what is planned", (_, open) => {
  beforeEach(async () => {
    const opened = await open?.();
    context = aContext(opened ? { table: () => opened.table } : {});
    close = async () => (opened ? opened.close() : context.table.close());
  });
  afterEach(() => close());

  it("is found in all spaces that one may read, what contains an address the longest first, as it is now", async () => {
    const one = await aSpace(context, { name: "one" });
    const other = await aSpace(context, { name: "other" });
    await plan(one, "10.0.0.0/8");
    const middle = await plan(one, "10.1.0.0/16");
    const small = await plan(one, "10.1.2.0/24");
    await plan(one, "10.2.0.0/16");
    await plan(other, "10.0.0.0/8", { status: "container" });
    await plan(other, "10.1.2.5/32");
    await plan(other, "2001:db8::/32");
    expect(await found({ around: "10.1.2.5" })).toEqual([
      "10.1.2.5/32 in other",
      "10.1.2.0/24 in one",
      "10.1.0.0/16 in one",
      "10.0.0.0/8 in one",
      "10.0.0.0/8 in other",
    ]);
    expect(await found({ around: "10.1.2.0/24" })).toEqual([
      "10.1.2.0/24 in one",
      "10.1.0.0/16 in one",
      "10.0.0.0/8 in one",
      "10.0.0.0/8 in other",
    ]);
    expect(await found({ within: "10.1.0.0/16" })).toEqual([
      "10.1.0.0/16 in one",
      "10.1.2.0/24 in one",
      "10.1.2.5/32 in other",
    ]);
    expect(await found({ within: "::/0" })).toEqual(["2001:db8::/32 in other"]);
    expect(await found({ around: "10.1.2.5", type: "resource" })).toEqual([]);
    for (const who of [onlyIn(other), allBut(one)]) {
      expect(await found({ around: "10.1.2.5" }, who)).toEqual(["10.1.2.5/32 in other", "10.0.0.0/8 in other"]);
      expect(await found({ within: "10.0.0.0/8" }, who)).toEqual(["10.0.0.0/8 in other", "10.1.2.5/32 in other"]);
    }
    expect(await found({ around: "10.1.2.5" }, onlyIn())).toEqual([]);
    await replaceIp(context, ACTOR, one, middle.id, newIp.parse({ prefix: "10.9.0.0/16" }), {});
    await deleteIp(context, ACTOR, one, small.id, {});
    expect(await found({ around: "10.1.2.5" }, onlyIn(one))).toEqual(["10.0.0.0/8 in one"]);
    expect(await found({ within: "10.9.0.0/16" })).toEqual(["10.9.0.0/16 in one"]);
    const sorts = (await context.table.query(IndexItem, { partition: partitions.prefix("active", 4, "planned") }))
      .items;
    expect(sorts, "what went leaves nothing behind").toHaveLength(5);
  });

  it("tells whose an address is where no row exists for it, in each space apart, and nothing of a reservation that is over", async () => {
    const one = await aSpace(context, { name: "one" });
    const other = await aSpace(context, { name: "other" });
    await plan(one, "10.0.0.0/8", { owner: "network", name: "all" });
    await plan(one, "10.4.0.0/16", { owner: "payments" });
    await plan(one, "10.4.7.0/24", { name: "db" });
    const reserveUntil = new Date(context.now().getTime() + 60_000).toISOString();
    await plan(other, "10.4.0.0/16", { reserveUntil });
    const ask = (who: object = {}) => whoseAddress({ ...context, ...who }, "10.4.7.9", { readsAccounts: false });
    const told = await ask();
    expect(told).toMatchObject({ items: [], hasMore: false });
    expect(told.hint).toBeUndefined();
    expect(
      told.planned.map(({ spaceName, chain, owner }) => [spaceName, chain.map(({ prefix }) => prefix), owner?.name]),
    ).toEqual([
      ["one", ["10.0.0.0/8", "10.4.0.0/16", "10.4.7.0/24"], "payments"],
      ["other", ["10.4.0.0/16"], undefined],
    ]);
    expect((await ask(onlyIn(other))).planned.map(({ spaceName }) => spaceName)).toEqual(["other"]);
    context.advance(120);
    expect((await ask(onlyIn(other))).planned).toEqual([]);
    expect((await ask(onlyIn(other))).hint).toContain("10.4.7.9");
  });
});

it("costs little among thousands of spaces, of all or of one, and the index two units a prefix", async () => {
  context = aContext();
  const spaces = Array.from({ length: 5000 }, (_, n) => `spc_${String(n).padStart(26, "0")}`);
  const at = context.now().toISOString();
  const said = { ...newIp.parse({ prefix: "10.0.0.0/8" }), source: "manual", createdBy: "x", revision: 1 } as const;
  await context.table.load([
    ...["10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24"].map(plannedLengthWrite),
    ...spaces.flatMap((space, n) => {
      const item = { ...said, id: `ip_${String(n).padStart(26, "0")}`, space, createdOn: at, modifiedOn: at };
      return [put(IpItem, item), ...indexEntriesOf(item).map((entry) => put(IndexItem, entry))];
    }),
  ]);
  const search = (who: object) =>
    context.table.meter.measure(() =>
      searchSubjects({ ...context, ...who }, [IpSubject], searchByPrefix({ around: "10.1.2.5" }), { limit: 50 }),
    );
  const all = await search({});
  expect(all.result.items).toHaveLength(50);
  expect(all.units.read).toBeLessThanOrEqual(60);
  const one = await search(onlyIn(spaces[4999] ?? ""));
  expect(one.result.items.map(({ space }) => space)).toEqual([spaces[4999]]);
  expect(one.units.read).toBeLessThanOrEqual(4);
  expect(indexEntriesOf({ space: spaces[0] ?? "", prefix: "10.0.0.0/8" })).toHaveLength(1);
  await context.table.close();
});

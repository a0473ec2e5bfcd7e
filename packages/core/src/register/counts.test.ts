import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { aContext, type TestContext } from "../audit/testing.ts";
import {
  type Counted,
  type CountedChange,
  type CountFilters,
  countListed,
  createCountSums,
  readCounts,
} from "./counts.ts";
import { countResources } from "./counts-by.ts";

const counted = (more: Partial<Counted> = {}): Counted => ({
  idHash: "0000ffff",
  status: "active",
  kind: "subnet",
  provider: "aws",
  account: "1",
  region: "us-east-1",
  sharedWith: [],
  ...more,
});
const made = (more: Partial<Counted> = {}) => ({ after: counted(more) });

function countWrites(changes: readonly CountedChange[]) {
  const sums = createCountSums();
  for (const change of changes) sums.add(change);
  expect(sums.writes()).toHaveLength(sums.size());
  return sums.writes();
}

async function having(...resources: Partial<Counted>[]): Promise<TestContext> {
  const context = aContext();
  for (const one of resources) await context.table.commit(countWrites([made(one)]));
  return context;
}

describe("the writes that count changes", () => {
  it("are three for any number of new resources of one kind in one place, and two more for each account that sees them", () => {
    expect(countWrites(Array.from({ length: 50 }, () => made()))).toHaveLength(3);
    expect(countWrites([made()]).map((write) => (write as { by: number }).by)).toEqual([1, 1, 1]);
    expect(countWrites([made({ sharedWith: ["2"] }), made({ sharedWith: ["2"] })])).toHaveLength(5);
  });

  it("are none for what stays where it is, and none for no change", () => {
    expect(countWrites([{ before: counted(), after: counted() }])).toEqual([]);
    expect(countWrites([])).toEqual([]);
  });

  it("are what they were before when a change is taken out again", () => {
    const sums = createCountSums();
    sums.add(made());
    const before = sums.writes();
    sums.add({ before: counted(), after: counted({ status: "retired", account: "2" }) });
    expect(sums.writes()).not.toEqual(before);
    sums.remove({ before: counted(), after: counted({ status: "retired", account: "2" }) });
    expect([sums.writes(), sums.size()]).toEqual([before, 3]);
  });

  it("are spread over four items by the hash of the first", () => {
    const slotOf = (idHash: string) =>
      (countWrites([made({ idHash })])[0] as unknown as { key: { slot: number } }).key.slot;
    expect(["0000", "0001", "0002", "0003", "0004", "fff3"].map(slotOf)).toEqual([0, 1, 2, 3, 0, 3]);
    expect(slotOf(`0001${"f".repeat(28)}`)).toBe(1);
    const both = countWrites([made({ idHash: "0001" }), made({ idHash: "0002", region: "eu-west-1" })]);
    expect(new Set(both.map((write) => (write as unknown as { key: { slot: number } }).key.slot))).toEqual(
      new Set([1]),
    );
  });

  it("take away what is removed, and bring what is new", async () => {
    const context = await having({}, {});
    await context.table.commit(countWrites([{ before: counted() }]));
    expect(await countListed(context, {})).toBe(1);
    expect(countWrites([{ before: counted() }]).map((write) => (write as { by: number }).by)).toEqual([-1, -1, -1]);
  });

  it("take from one place what they bring to another, so that sums are what a count of all would be", async () => {
    const aResource = fc.record({
      idHash: fc.constantFrom("0000", "0001"),
      status: fc.constantFrom("active" as const, "retired" as const),
      kind: fc.constantFrom("subnet" as const, "instance" as const),
      provider: fc.constantFrom("aws" as const, "gcp" as const),
      account: fc.constantFrom("1", "2"),
      region: fc.constantFrom("a", "b"),
      sharedWith: fc.constantFrom([], ["3"]),
    });
    const filters = fc.record(
      {
        status: fc.constantFrom("active" as const, "retired" as const, "any" as const),
        kind: fc.constantFrom("subnet" as const, "instance" as const),
        provider: fc.constantFrom("aws" as const, "gcp" as const),
        account: fc.constantFrom("1", "2", "3"),
        region: fc.constantFrom("a", "b"),
      },
      { requiredKeys: [] },
    );
    const has = (one: Counted, { status = "active", kind, provider, account, region }: CountFilters) =>
      (status === "any" || one.status === status) &&
      (kind === undefined || one.kind === kind) &&
      (provider === undefined || one.provider === provider) &&
      (account === undefined || one.account === account || one.sharedWith.includes(account)) &&
      (region === undefined || one.region === region);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(aResource, aResource), { maxLength: 6 }), filters, async (moves, asked) => {
        const context = aContext();
        for (const [before, after] of moves) {
          await context.table.commit(countWrites([{ after: before }]));
          const writes = countWrites([{ before, after: { ...after, idHash: before.idHash } }]);
          if (writes.length > 0) await context.table.commit(writes);
        }
        expect(await countListed(context, asked)).toBe(moves.filter(([, after]) => has(after, asked)).length);
      }),
      { numRuns: 150 },
    );
  });
});

describe("counts", () => {
  it("are of all items, however many pages of the table they take", async () => {
    const context = await having({}, { kind: "instance" }, { idHash: "0001ffff" }, { region: "eu-west-1" });
    const { table } = context;
    const query: typeof table.query = (entity, of) => table.query(entity, { ...of, limit: 1 });
    expect(await countListed({ ...context, table: { ...table, query } }, {})).toBe(4);
  });

  it("of a provider, of an account and of a region are of these alone", async () => {
    const context = await having({}, { provider: "gcp" }, { account: "11" }, { region: "us-east-11" });
    expect(await countListed(context, { provider: "aws" })).toBe(3);
    expect(await countListed(context, { provider: "gcp" })).toBe(1);
    expect(await countListed(context, { account: "1" })).toBe(3);
    expect(await countListed(context, { region: "us-east-1" })).toBe(3);
    expect(await countListed(context, { account: "1", region: "us-east-1" })).toBe(2);
    expect(await countListed(context, { account: "1", provider: "aws", region: "us-east-1" })).toBe(1);
  });

  it("of an account by region look at its own places alone", async () => {
    const context = await having({}, { account: "2" }, { account: "2", region: "eu-west-1" });
    const asked: unknown[] = [];
    const { table } = context;
    const query: typeof table.query = (entity, of) => {
      asked.push(of.sort);
      return table.query(entity, of);
    };
    const watched = { ...context, table: { ...table, query } };
    expect(await readCounts(watched, { account: "1", provider: "aws" }, ["region"])).toMatchObject([
      { account: "1", region: "us-east-1", own: 1 },
    ]);
    expect(asked).toContainEqual({ beginsWith: "aws/us-east-1/1/" });
    asked.length = 0;
    await readCounts(watched, { account: "1", region: "us-east-1", provider: "aws" });
    expect(asked).toEqual([{ beginsWith: "aws/us-east-1/1/" }]);
    asked.length = 0;
    await readCounts(watched, {});
    expect(asked).toEqual([undefined]);
  });

  it("tell what an account owns from what is shared with it, and leave out what there is none of", async () => {
    const context = await having({ sharedWith: ["2"] }, { account: "2" }, { account: "4" });
    await context.table.commit(countWrites([{ before: counted({ account: "4" }), after: counted({ account: "1" }) }]));
    const rows = await readCounts(context, {}, ["account"]);
    expect(
      rows
        .map(({ account, own, shared }) => [account, own, shared])
        .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
    ).toEqual([
      ["1", 2, 0],
      ["2", 1, 1],
    ]);
  });

  it("by account and region are of the account or region that is given, and else refused", async () => {
    const context = await having(
      {},
      { region: "eu-west-1" },
      { account: "11" },
      { account: "11", region: "eu-west-1" },
    );
    const both = ["account", "region"] as const;
    await expect(countResources(context, {}, both)).rejects.toMatchObject({
      code: "query.invalid",
      errors: [{ path: "by" }],
    });
    expect(await countResources(context, { account: "1" }, both)).toEqual([
      { account: "1", region: "eu-west-1", count: 1, shared: 0 },
      { account: "1", region: "us-east-1", count: 1, shared: 0 },
    ]);
    expect(await countResources(context, { region: "eu-west-1" }, both)).toEqual([
      { account: "1", region: "eu-west-1", count: 1, shared: 0 },
      { account: "11", region: "eu-west-1", count: 1, shared: 0 },
    ]);
  });

  it("of who is limited to accounts are of these alone, whatever is asked for", async () => {
    const context = await having({}, { account: "2" }, { account: "1", provider: "gcp" });
    const limited = { ...context, restriction: { accounts: ["aws/1" as const] } };
    expect(await countResources(limited, {}, ["provider"])).toEqual([{ provider: "aws", count: 1 }]);
    expect(await countResources(limited, { account: "2" }, [])).toEqual([{ count: 0, shared: 0 }]);
    expect(await countResources(limited, { provider: "gcp" }, [])).toEqual([{ count: 0 }]);
    expect(await countResources(context, {}, [])).toEqual([{ count: 3 }]);
    expect(await countResources(context, { account: "1" }, ["provider"])).toEqual([
      { provider: "aws", count: 1, shared: 0 },
      { provider: "gcp", count: 1, shared: 0 },
    ]);
  });

  it("are in the order of what they are told apart by, with what is shared beside what is owned, and none of what there is none of", async () => {
    const kinds = ["subnet", "instance", "address", "network"] as const;
    const context = await having(...kinds.map((kind) => ({ kind })), { account: "2", sharedWith: ["1"] });
    await context.table.commit(countWrites([{ before: counted({ kind: "network" }) }]));
    expect((await countResources(context, {}, ["kind"])).map(({ kind, count }) => [kind, count])).toEqual([
      ["address", 1],
      ["instance", 1],
      ["subnet", 2],
    ]);
    expect(await countResources(context, { account: "1" }, [])).toEqual([{ count: 3, shared: 1 }]);
    expect(await countResources(context, { account: "1", kind: "subnet" }, ["kind", "account"])).toEqual([
      { kind: "subnet", account: "1", count: 1, shared: 1 },
    ]);
    expect(await countResources(context, {}, ["account"])).toEqual([
      { account: "1", count: 3, shared: 1 },
      { account: "2", count: 1, shared: 0 },
    ]);
    await expect(countResources(context, {}, ["region", "account"])).rejects.toThrow("give one of them");
  });

  it("are in that order whatever place they are read from first, and none of what is only shown to who is limited", async () => {
    const context = await having({ region: "a", kind: "subnet" }, { region: "b", kind: "address" });
    expect((await countResources(context, {}, ["kind"])).map(({ kind }) => kind)).toEqual(["address", "subnet"]);
    const shown = await having({ account: "2", sharedWith: ["1"] });
    const limited = { ...shown, restriction: { accounts: ["aws/1" as const] } };
    expect(await countResources(limited, {}, ["kind"])).toEqual([]);
    expect(await countResources(limited, {}, [])).toEqual([{ count: 0 }]);
    expect(await countResources(limited, {}, ["account"])).toEqual([{ account: "1", count: 0, shared: 1 }]);
  });

  it("of nothing are one row of none, and no row where they are told apart", async () => {
    expect(await countResources(aContext(), {}, [])).toEqual([{ count: 0 }]);
    expect(await countResources(aContext(), {}, ["kind"])).toEqual([]);
  });
});

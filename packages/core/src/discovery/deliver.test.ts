import { idHash, shardCountFor, shardOf } from "@cadastre/contract/digest";
import { DISCOVERY_VERSION, type Discovery } from "@cadastre/contract/discovery";
import { newId } from "@cadastre/contract/ids";
import { put, type Stored, type Table } from "@cadastre/store/table";
import { describe, expect, it } from "vitest";
import { aContext, auditRecords } from "../audit/testing.ts";
import type { Context } from "../context.ts";
import { SetItem } from "../ledger/items.ts";
import { ResourceItem } from "../register/items.ts";
import { deliver } from "./deliver.ts";
import { RunItem, ScopeItem } from "./items.ts";
import { ACCOUNT, ACTOR, aResource, aRun, KEY, NAME, REPORTER, type Sight } from "./testing.ts";

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n);
const networks = (...numbers: number[]) => numbers.map((n) => aResource(n));
const huge = (n: number, sight?: Sight) => {
  const { attributes, ...rest } = aResource(n, sight);
  return { ...rest, attributes: { ...attributes, console: "x".repeat(160_000) } };
};

/** A scope as a small collector sends it. */
const scopeOf = (resources: readonly object[], more: object = {}) => ({
  ...KEY,
  status: "complete",
  errors: [],
  resources,
  ...more,
});
const bodyOf = (...scopes: readonly object[]) => ({ contract: DISCOVERY_VERSION, scopes });
const send = (context: Context, body: object, reporter = REPORTER, signedAt?: Date) =>
  deliver(context, ACTOR, reporter, body, signedAt);
const storedOf = (context: Context, n: number, sight?: Sight) =>
  context.table.get(ResourceItem, { idHash: idHash("network", aResource(n, sight).id) });
const shardsOf = async (context: Context) =>
  (await context.table.get(ScopeItem, { source: REPORTER.name, name: NAME }, { consistent: true }))?.shardCount;

describe("what is delivered in one call is refused, and nothing is written,", () => {
  const refused = async (body: object, reporter = REPORTER) => {
    const context = aContext();
    const error = await send(context, body, reporter).catch((thrown: unknown) => thrown);
    expect(context.table.meter.units.write).toBe(0);
    return error;
  };

  it("when it is of another version, no delivery at all, or of another's account", async () => {
    const body = bodyOf(scopeOf(networks(1)));
    expect(await refused({ ...body, contract: "cadastre.discovery/v2", scopes: "none" })).toMatchObject({
      code: "discovery.version",
    });
    expect(await refused({ ...body, scopes: [] })).toMatchObject({ code: "request.invalid" });
    const bound = { ...REPORTER, accounts: ["444455556666"] };
    const foreign = bodyOf(scopeOf([{ id: "no id" }]));
    expect(await refused(foreign, bound)).toMatchObject({ code: "collector.foreign_account" });
  });

  it("when a resource is wrong: at its place, whatever was left out before it", async () => {
    const west = { region: "eu-west-1" };
    const wrong = { ...aResource(3, west), attributes: {} };
    const error = await refused(bodyOf(scopeOf([]), scopeOf([huge(1, west), aResource(2, west), wrong], west)));
    expect(error).toMatchObject({
      code: "request.invalid",
      errors: [{ path: expect.stringMatching(/^scopes\[1\]\.resources\[2\]/) }],
    });
  });

  it("when a resource cannot be stored at all, however large it is", async () => {
    let deep: object = {};
    for (let n = 0; n < 60; n++) deep = { in: deep };
    const { attributes, ...rest } = huge(1);
    const error = await refused(bodyOf(scopeOf([{ ...rest, attributes: { ...attributes, deep } }])));
    expect(error).toMatchObject({ code: "request.invalid", errors: [{ path: "scopes[0].resources[0]" }] });
  });
});

describe("what is delivered in one call", () => {
  it("is applied and told scope by scope, and in sums", async () => {
    const context = aContext();
    const body = (...numbers: number[]) =>
      bodyOf(scopeOf(networks(...numbers)), scopeOf([aResource(1, { region: "eu-west-1" })], { region: "eu-west-1" }));
    const first = await send(context, body(1, 2, 3, 4, 5));
    expect(first).toMatchObject({ imported: 6, updated: 0, unchanged: 0, retired: 0, errors: [] });
    expect(first.run).toMatch(/^run_/);
    const changed = { ...KEY, status: "complete", errors: [] };
    const next = bodyOf(
      { ...changed, resources: [aResource(1, { changed: [1] }), ...networks(2, 3, 4, 6)] },
      body().scopes[1] as object,
    );
    expect(await send(context, next)).toEqual({
      run: expect.stringMatching(/^run_/),
      imported: 1,
      updated: 1,
      unchanged: 4,
      retired: 1,
      errors: [],
      scopes: [
        { ...KEY, status: "complete", resources: 5, created: 1, updated: 1, unchanged: 3, retired: 1, held: 0 },
        {
          ...KEY,
          region: "eu-west-1",
          status: "complete",
          resources: 1,
          created: 0,
          updated: 0,
          unchanged: 1,
          retired: 0,
          held: 0,
        },
      ],
    });
    expect(await storedOf(context, 1)).toMatchObject({ attributes: { state: "pending" } });
    expect(await storedOf(context, 5)).toMatchObject({ status: "retired" });
  });

  it("and is as before writes nothing but its time, and is told as unchanged", async () => {
    const context = aContext();
    const run = newId("run", new Date());
    const body = bodyOf(scopeOf(networks(1, 2)), scopeOf([], { region: "eu-west-1", status: "skipped" }));
    await send(context, { ...body, run });
    const records = (await auditRecords(context)).length;
    const again = newId("run", new Date());
    const none = { created: 0, updated: 0, retired: 0, held: 0 };
    expect(await send(context, { ...body, run: again })).toEqual({
      run: again,
      imported: 0,
      updated: 0,
      unchanged: 2,
      retired: 0,
      errors: [],
      scopes: [
        { ...KEY, status: "complete", resources: 2, unchanged: 2, ...none },
        { ...KEY, region: "eu-west-1", status: "skipped", resources: 0, unchanged: 0, ...none },
      ],
    });
    expect(await auditRecords(context)).toHaveLength(records);
    expect(await context.table.get(RunItem, { run: again })).toBeUndefined();
    expect(await context.table.get(RunItem, { run })).toMatchObject({ source: "s", state: "closed" });
  });

  it("counts from when it says that it looked, by its own clock, and to how often it says it does", async () => {
    const context = aContext();
    const looked = async (more: object, signedAt?: Date) => {
      await send(context, { ...bodyOf(scopeOf(networks(1))), ...more }, REPORTER, signedAt);
      const query = { partition: `ledger#${REPORTER.name}`, sort: { beginsWith: "set#" } };
      const [set] = (await context.table.query(SetItem, query)).items;
      return [context.now().getTime() - (set?.lookedAt ?? 0), set?.announced];
    };
    expect(await looked({})).toEqual([0, undefined]);
    context.advance(3600);
    const startedAt = "2020-01-01T00:00:00Z";
    expect(await looked({ startedAt, intervalSeconds: 900 }, new Date("2020-01-01T00:01:00Z"))).toEqual([
      60_000, 900_000,
    ]);
    context.advance(3600);
    expect(await looked({}, context.now())).toEqual([0, undefined]);
  });

  it("takes an id that a scope has twice once, as it first stands there, and says where it is again", async () => {
    const context = aContext();
    const twice = [huge(9), aResource(1), aResource(2), aResource(1, { changed: [1] }), aResource(2)];
    const { imported, errors } = await send(context, bodyOf(scopeOf(twice)));
    expect(imported).toBe(2);
    expect(errors.slice(1)).toEqual(
      [
        [3, 1],
        [4, 2],
      ].map(([place, n]) => ({
        path: `scopes[0].resources[${place}].id`,
        code: "duplicate_id",
        message: `${aResource(n as number).id} is in the scope before; the first one was taken`,
      })),
    );
    expect(await storedOf(context, 1)).toMatchObject({ attributes: { state: "available" } });
  });

  it("takes nothing of a scope that failed or was skipped, and says so where it has something", async () => {
    for (const status of ["failed", "skipped"]) {
      const context = aContext();
      const { imported, errors, scopes } = await send(context, bodyOf(scopeOf(networks(1, 2), { status })));
      expect([imported, scopes[0]?.status]).toEqual([0, status]);
      expect(errors).toEqual([
        {
          path: "scopes[0].resources",
          code: "not_taken",
          message: `a ${status} scope has no resources; 2 were not taken`,
        },
      ]);
      expect(await storedOf(context, 1)).toBeUndefined();
      expect((await send(aContext(), bodyOf(scopeOf([], { status })))).errors).toEqual([]);
    }
  });
});

describe("a delivered scope that failed or was skipped", () => {
  it.each(["failed", "skipped"])("keeps all that there was, and misses none of it: %s", async (status) => {
    const context = aContext();
    await send(context, bodyOf(scopeOf(networks(1, 2, 3))));
    const { scopes } = await send(context, bodyOf(scopeOf([], { status })));
    expect(scopes).toMatchObject([{ status, retired: 0, held: 0 }]);
    const stored = await context.table.get(ScopeItem, { source: REPORTER.name, name: NAME });
    expect(stored?.outcome).toMatchObject({ resources: 3, missing: 0 });
    expect((await send(context, bodyOf(scopeOf(networks(1, 2, 3))))).unchanged).toBe(3);
  });
});

describe("a resource that is too large", () => {
  it("is left out and named with its place; its scope is partial, with the reason among its errors", async () => {
    const context = aContext();
    await send(context, bodyOf(scopeOf(networks(1, 2, 3))));
    const { errors, imported, retired, scopes } = await send(
      context,
      bodyOf(scopeOf([aResource(1), huge(2), aResource(4), huge(5)])),
    );
    const message = expect.stringMatching(/^has 16\d{4} bytes; at most 150000 are allowed$/);
    expect(errors).toEqual([
      { path: "scopes[0].resources[1]", code: "too_large", message },
      { path: "scopes[0].resources[3]", code: "too_large", message },
    ]);
    expect([imported, retired, scopes[0]?.status]).toEqual([1, 0, "partial"]);
    const stored = await context.table.get(ScopeItem, { source: REPORTER.name, name: NAME });
    expect(stored?.outcome?.errors).toEqual([
      { code: "too_large", message: expect.stringMatching(/^2 were left out; the first has 16\d{4} bytes/) },
    ]);
    expect(await storedOf(context, 5)).toBeUndefined();
  });

  it("leaves a scope's own errors, the last 49, and a status that says less already", async () => {
    for (const status of ["partial", "failed"]) {
      const context = aContext();
      const own = range(0, 50).map((n) => ({ code: `e${n}`, message: "no" }));
      const { scopes } = await send(context, bodyOf(scopeOf([huge(1)], { status, errors: own })));
      expect(scopes[0]?.status).toBe(status);
      const stored = await context.table.get(ScopeItem, { source: REPORTER.name, name: NAME });
      expect(stored?.outcome?.errors.map(({ code }) => code)).toEqual([
        ...range(1, 50).map((n) => `e${n}`),
        "too_large",
      ]);
    }
  });
});

describe("a delivered scope that is cut into shards", () => {
  it("is cut by its size at first, and then as it is stored", async () => {
    const context = aContext();
    await send(context, bodyOf(scopeOf(networks(...range(0, 150)))));
    expect(await shardsOf(context)).toBe(shardCountFor(150));
    expect(shardCountFor(150)).toBeGreaterThan(2);
    const fewer = await send(context, bodyOf(scopeOf([aResource(0, { changed: [0] }), ...networks(...range(1, 120))])));
    expect(fewer).toMatchObject({ imported: 0, updated: 1, unchanged: 119 });
    expect(await shardsOf(context)).toBe(shardCountFor(150));
  });

  it("is cut anew with others beside it, of which each keeps its own cut", async () => {
    const context = aContext();
    await aRun([
      { has: range(0, 8), shards: 2 },
      { has: [1], region: "eu-west-1" },
    ]).deliver(context);
    const west = scopeOf(
      [1, 2].map((n) => aResource(n, { region: "eu-west-1" })),
      { region: "eu-west-1" },
    );
    expect(await send(context, bodyOf(west, scopeOf(networks(...range(0, 9)))))).toMatchObject({ imported: 2 });
    expect(await shardsOf(context)).toBe(2);
  });

  /** A context in which the stored cut is another one each time that it is read to open a run, so many times. */
  async function recutting(times: number) {
    const context = aContext();
    await aRun([{ has: range(0, 8), shards: 2 }]).deliver(context);
    let left = times;
    const table: Table = {
      ...context.table,
      getMany: async (entity, keys, how) => {
        if (entity.type === ScopeItem.type && left-- > 0) {
          const { version: _, ...item } = (await context.table.get(ScopeItem, {
            source: REPORTER.name,
            name: NAME,
          })) as Stored<ScopeItem>;
          await context.table.commit([put(ScopeItem, { ...item, shardCount: item.shardCount * 2 })]);
        }
        return context.table.getMany(entity, keys, how);
      },
    };
    return { ...context, table };
  }

  it("is opened six times at the most while others cut it anew", async () => {
    const body = bodyOf(scopeOf(networks(...range(0, 9)), { status: "partial" }));
    expect(await send(await recutting(5), body)).toMatchObject({ imported: 1 });
    await expect(send(await recutting(6), body)).rejects.toMatchObject({
      code: "request.conflict",
      message: expect.stringContaining("other runs keep cutting the same scopes anew"),
    });
  });

  it("and whose ids crowd into one shard is cut finer: none has more than a request takes", async () => {
    const context = aContext();
    const count = shardCountFor(1001);
    const crowded: Discovery["scopes"][number]["resources"] = [];
    for (let n = 0; crowded.length < 1001; n++) {
      const id = `arn:aws:ec2:us-east-1:${ACCOUNT}:vpc/vpc-${n}`;
      if (shardOf(idHash("network", id), count) === 0) crowded.push(aResource(n));
    }
    expect(await send(context, bodyOf(scopeOf(crowded)))).toMatchObject({ imported: 1001 });
    expect(await shardsOf(context)).toBe(count * 2);
  });
});

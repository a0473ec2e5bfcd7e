import { ConflictError } from "@cadastre/store/errors";
import { COMMIT_LIMIT, put, type Table, type Write } from "@cadastre/store/table";
import { describe, expect, it } from "vitest";
import { AccountItem } from "../accounts/items.ts";
import { aContext, auditRecords, withEmptyReplica } from "../audit/testing.ts";
import type { Context } from "../context.ts";
import { LedgerPageItem, SourceItem } from "../ledger/items.ts";
import { lastReportAt, readScopeStates } from "../ledger/read.ts";
import { ManifestItem, RunItem, ScopeItem } from "./items.ts";
import { openRun } from "./open.ts";
import { packHashes, unpackHashes } from "./shards.ts";
import { ACCOUNT, ACTOR, aRun, hashOf, NAME, REPORTER } from "./testing.ts";

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n);
const scopeOf = (context: Context, name = NAME) =>
  context.table.get(ScopeItem, { source: REPORTER.name, name }, { consistent: true });
const runOf = (context: Context, run: string) => context.table.get(RunItem, { run }, { consistent: true });
const detailOf = async (context: Context) => (await auditRecords(context)).at(-1);

/** The context, and the commits that go through it. */
function noting(context: Context) {
  const commits: (readonly Write[])[] = [];
  const table: Table = {
    ...context.table,
    commit: async (writes) => {
      await context.table.commit(writes);
      commits.push(writes);
    },
  };
  return { context: { ...context, table }, commits };
}

describe("a run is refused, and nothing is written,", () => {
  const refused = async (
    change: (body: ReturnType<ReturnType<typeof aRun>["body"]>) => object,
    reporter = REPORTER,
  ) => {
    const context = aContext();
    const body = aRun([{ has: [1] }, { has: [1], region: "eu-west-1" }]).body();
    const error = await openRun(context, ACTOR, reporter, { ...body, ...change(body) }).catch(
      (thrown: unknown) => thrown,
    );
    expect(context.table.meter.units.write).toBe(0);
    return error;
  };

  it("when it is of another version or of accounts that are not the collector's", async () => {
    expect(await refused(() => ({ contract: "cadastre.discovery/v2" }))).toMatchObject({ code: "discovery.version" });
    const bound = { ...REPORTER, accounts: ["444455556666"] };
    expect(await refused(() => ({}), bound)).toMatchObject({ code: "collector.foreign_account" });
  });

  it("when a scope is in it twice: at the second place", async () => {
    const twice = await refused(({ scopes }) => ({ scopes: [scopes[0], scopes[1], scopes[0]] }));
    expect(twice).toMatchObject({
      code: "request.invalid",
      message: expect.stringContaining(`scopes[2]: the scope ${NAME} is in the run twice`),
      errors: [{ path: "scopes[2]", message: `the scope ${NAME} is in the run twice` }],
    });
  });

  it("when its root is not that over its scopes", async () => {
    expect(await refused(() => ({ root: hashOf(1) }))).toMatchObject({
      code: "discovery.digest_mismatch",
      message: expect.stringContaining("root: is not"),
      errors: [{ path: "root", message: "is not the root over the scopes' digests" }],
    });
  });
});

describe("a run that opens", () => {
  it("for the first time makes its scopes, its account and its source known, with one record", async () => {
    const context = aContext();
    const run = aRun([{ has: [1, 2] }, { has: [], region: "eu-west-1" }]);
    expect(await run.open(context)).toEqual({
      run: run.run,
      state: "open",
      scopes: [{ verdict: "upload", want: [0] }, { verdict: "recorded" }],
    });
    expect(await runOf(context, run.run)).toMatchObject({
      source: "s",
      root: run.body().root,
      state: "open",
      pages: 0,
    });
    expect(await scopeOf(context)).toMatchObject({ generation: 1, lease: { run: run.run } });
    expect(await context.table.get(AccountItem, { provider: "aws", account: ACCOUNT })).toMatchObject({
      account: ACCOUNT,
    });
    expect(await context.table.get(SourceItem, { source: "s" })).toMatchObject({
      firstSeenAt: context.now().toISOString(),
    });
    expect(await detailOf(context)).toMatchObject({
      action: "discovery.run",
      target: run.run,
      detail: { source: "s", outcome: "opened", scopes: 2, changed: 2, moved: 0 },
    });
    expect(await readScopeStates(context)).toMatchObject([{ isOpen: true }, { isOpen: true }]);
  });

  it("and has nothing new is closed at once: it writes when it came, and no run", async () => {
    const context = aContext();
    await aRun([{ has: [1] }]).deliver(context);
    context.advance(600);
    const same = aRun([{ has: [1] }]);
    const records = (await auditRecords(context)).length;
    expect(await same.open(context)).toEqual({ run: same.run, state: "unchanged", scopes: [{ verdict: "unchanged" }] });
    expect(await lastReportAt(context, "s")).toBe(context.now().toISOString());
    expect(await runOf(context, same.run)).toBeUndefined();
    expect((await auditRecords(context)).length).toBe(records);
  });

  it("tells of the quiet ones before it when it has something new, and else once a day", async () => {
    const context = aContext({ start: "2026-03-01T12:00:00.000Z" });
    await aRun([{ has: [1] }]).deliver(context);
    const since = context.now().toISOString();
    for (const _ of [1, 2]) await aRun([{ has: [1] }]).open(context);
    context.advance(86_400);
    await aRun([{ has: [1] }]).open(context);
    expect(await detailOf(context)).toMatchObject({
      action: "discovery.quiet",
      target: "s",
      detail: { scopes: 1, quietRuns: 2, quietSince: since },
    });
    await aRun([{ has: [1, 2] }]).open(context);
    expect(await detailOf(context)).toMatchObject({
      action: "discovery.run",
      detail: { quietRuns: 1, quietSince: context.now().toISOString(), outcome: "opened" },
    });
    await aRun([{ has: [1, 2, 3] }]).open(context);
    expect((await detailOf(context))?.detail).not.toHaveProperty("quietRuns");
  });

  it("of scopes that were reported with others moves them, and opens what differs alone", async () => {
    const context = aContext();
    const two = (...has: number[]) => [{ has }, { has: [7], region: "eu-west-1" }];
    await aRun(two(1)).deliver(context);
    const alone = aRun([{ has: [1] }]);
    expect((await alone.open(context)).state).toBe("unchanged");
    expect(await detailOf(context)).toMatchObject({
      detail: { outcome: "unchanged", scopes: 1, changed: 0, moved: 1 },
    });
    const run = aRun(two(1, 2));
    expect((await run.open(context)).scopes).toEqual([{ verdict: "upload", want: [0] }, { verdict: "unchanged" }]);
    expect((await runOf(context, run.run))?.scopes).toEqual([{ name: NAME }]);
    expect(await detailOf(context)).toMatchObject({ detail: { outcome: "opened", scopes: 2, changed: 1 } });
  });

  it("again wants what has not arrived, and keeps the scopes that it opened before", async () => {
    const context = aContext();
    const run = aRun([
      { has: range(0, 30), shards: 2 },
      { has: [1], region: "eu-west-1" },
    ]);
    await run.open(context);
    await run.upload(context, 0, 1);
    expect((await run.open(context)).scopes).toEqual([
      { verdict: "upload", want: [0] },
      { verdict: "upload", want: [0] },
    ]);
    expect(await scopeOf(context)).toMatchObject({ generation: 1, lease: { wanted: [0, 1] } });
    expect((await runOf(context, run.run))?.scopes.map(({ name }) => name).sort()).toHaveLength(2);
  });

  it("again reads strongly: what a replica has not heard of is neither sent again nor overtaken", async () => {
    const context = aContext();
    const both = [{ has: [1, 2] }, { has: [5], region: "eu-west-1" }];
    await aRun(both).deliver(context);
    const run = aRun([{ has: range(0, 30), shards: 2 }]);
    await run.open(context);
    await run.upload(context, 0, 1);
    const again = await run.open(withEmptyReplica(context));
    expect(again.scopes).toEqual([{ verdict: "upload", want: [0] }]);
    expect(await scopeOf(context)).toMatchObject({ generation: 2, lease: { run: run.run, wanted: [0, 1] } });
  });

  it("under the id of one that was closed is answered as unchanged, and refused with other content", async () => {
    const context = aContext();
    const run = aRun([{ has: [1] }]);
    await run.deliver(context);
    await aRun([{ has: [1, 2] }]).deliver(context);
    const before = context.table.meter.units.write;
    expect(await run.open(context)).toMatchObject({ state: "unchanged", scopes: [{ verdict: "unchanged" }] });
    await expect(aRun([{ has: [3] }], { run: run.run }).open(context)).rejects.toMatchObject({
      code: "discovery.run_closed",
      message: expect.stringContaining(run.run),
    });
    expect(context.table.meter.units.write).toBe(before);
  });

  it("under the id of another source's run is not told that there is one", async () => {
    const context = aContext();
    const run = aRun([{ has: [1] }]);
    await run.open(context);
    const other = { ...REPORTER, name: "other" };
    await expect(openRun(context, ACTOR, other, run.body())).rejects.toMatchObject({ code: "discovery.run_not_found" });
  });

  it("begins anew when another writer is faster, six times at the most", async () => {
    const attempts = async (times: number) => {
      const context = aContext();
      let left = times;
      const table: Table = {
        ...context.table,
        commit: async (writes) => {
          if (writes.some(({ entity }) => entity === ScopeItem) && left-- > 0)
            throw new ConflictError([{ index: 0, reason: "version" }]);
          return context.table.commit(writes);
        },
      };
      return aRun([{ has: [1] }]).open({ ...context, table });
    };
    expect((await attempts(5)).state).toBe("open");
    await expect(attempts(6)).rejects.toMatchObject({
      code: "request.conflict",
      message: expect.stringContaining("same scopes"),
    });
  });
});

describe("a run that looked before another one did", () => {
  const seconds = (n: number) => new Date(Date.parse("2026-03-01T00:00:00Z") + n * 1000);
  /** A run that began to look so many seconds before it is opened, by its own clock. */
  const openAgo = (context: Context, run: ReturnType<typeof aRun>, ago: number) =>
    openRun(context, ACTOR, REPORTER, { ...run.body(), startedAt: seconds(0).toISOString() }, seconds(ago));

  it("is older than one that was opened before it, and than a quiet one that found the scope as it was", async () => {
    const context = aContext();
    await aRun([{ has: [1, 2] }]).deliver(context);
    context.advance(1000);
    const later = aRun([{ has: [1, 2] }]);
    await openAgo(context, later, 0);
    context.advance(100);
    await openAgo(context, aRun([{ has: [1] }]), 50);
    expect((await scopeOf(context))?.lease?.isOlder).toBeUndefined();
    await openAgo(context, aRun([{ has: [1, 3] }]), 500);
    expect((await scopeOf(context))?.lease?.isOlder).toBe(true);
  });

  it("is older than a quiet one of other scopes, too", async () => {
    const context = aContext();
    const both = [{ has: [1, 2] }, { has: [5], region: "eu-west-1" }];
    await aRun(both).deliver(context);
    context.advance(1000);
    await openAgo(context, aRun(both), 0);
    context.advance(100);
    await openAgo(withEmptyReplica(context), aRun([{ has: [1] }]), 200);
    expect((await scopeOf(context))?.lease?.isOlder).toBe(true);
  });

  it("is taken to have looked just now when nobody says when it was sent", async () => {
    const context = aContext();
    await aRun([{ has: [1, 2] }]).deliver(context);
    await aRun([{ has: [1] }]).open(context);
    expect(await scopeOf(context)).toMatchObject({ lookedAt: context.now().getTime() });
    expect((await scopeOf(context))?.lease?.isOlder).toBeUndefined();
  });
});

describe("a scope that is cut otherwise than it is stored", () => {
  it("is to be cut as it is stored first, and nothing is opened", async () => {
    const context = aContext();
    await aRun([{ has: range(0, 40), shards: 4 }]).deliver(context);
    const run = aRun([
      { has: range(0, 39), shards: 2 },
      { has: [1], region: "eu-west-1" },
    ]);
    expect(await run.open(context)).toEqual({
      run: run.run,
      state: "open",
      scopes: [{ verdict: "reshard", shardCount: 4 }, { verdict: "unchanged" }],
    });
    expect(await runOf(context, run.run)).toBeUndefined();
    expect(await scopeOf(context)).not.toHaveProperty("lease");
  });

  it("is cut anew when the run has more shards, and is then compared shard by shard", async () => {
    const context = aContext();
    await aRun([{ has: range(0, 40) }]).deliver(context);
    const run = aRun([{ has: range(0, 41), shards: 4 }]);
    const [opened] = (await run.open(context)).scopes;
    expect(opened).toMatchObject({ verdict: "upload" });
    expect(opened?.want).toHaveLength(1);
    expect(await scopeOf(context)).toMatchObject({ shardCount: 4, generation: 2, lease: { run: run.run } });
  });

  it("is cut finer before what a shard misses does not fit in an item", async () => {
    const context = aContext();
    await aRun([{ has: range(0, 4), shards: 2 }]).deliver(context);
    const missing = range(10, 4011).map(hashOf);
    const key = { source: "s", name: NAME, shardCount: 2, shard: 0 };
    const manifest = await context.table.get(ManifestItem, key);
    if (manifest) await context.table.commit([put(ManifestItem, { ...manifest, missing: packHashes(missing) })]);
    const scope = await scopeOf(context);
    // An uncompleted run has made it so: the pages do not know of it.
    if (scope)
      await context.table.commit([
        put(ScopeItem, {
          ...scope,
          lease: {
            run: "run_x",
            generation: 1,
            status: "partial",
            errors: [],
            resources: 4,
            digest: hashOf(1),
            wanted: [0],
            digests: Buffer.from(hashOf(1), "hex"),
          },
        }),
      ]);
    expect((await aRun([{ has: range(0, 5), shards: 2 }]).open(context)).scopes).toEqual([
      { verdict: "reshard", shardCount: 4 },
    ]);
    expect(unpackHashes((await context.table.get(ManifestItem, key))?.missing ?? new Uint8Array())).toHaveLength(4001);
  });
});

describe("a run of more scopes than one commit takes", () => {
  const many = (state: number) =>
    range(0, 120).map((n) => ({ has: [n], changed: state === 0 ? [] : [n], region: `region-${n}` }));

  it("is written with the ledger first, its leases after that, and none of them before", async () => {
    const { context, commits } = noting(aContext());
    await aRun(many(0)).deliver(context);
    commits.length = 0;
    const run = aRun(many(1));
    await run.open(context);
    const leases = commits.map((writes) => writes.filter(({ entity }) => entity === ScopeItem).length);
    const isFirst = commits.findIndex((writes) => writes.some(({ entity }) => entity === RunItem));
    expect(commits[isFirst]?.some(({ entity }) => entity === LedgerPageItem)).toBe(true);
    expect(leases.slice(0, isFirst + 1)).toEqual(leases.slice(0, isFirst + 1).map(() => 0));
    expect(leases.reduce((sum, n) => sum + n, 0)).toBe(120);
    expect(leases.filter((n) => n > 0)).toEqual([COMMIT_LIMIT, 20]);
    expect((await auditRecords(context)).filter(({ target }) => target === run.run)).toHaveLength(1);
  });

  it("goes into one commit with its record when it fits", async () => {
    const { context, commits } = noting(aContext());
    const few = (changed: number[]) => range(0, 10).map((n) => ({ has: [n], changed, region: `region-${n}` }));
    await aRun(few([])).deliver(context);
    commits.length = 0;
    await aRun(few(range(0, 10))).open(context);
    expect(commits).toHaveLength(1);
  });
});

import { idHash, shardCountFor, shardOf, unpackEntries } from "@cadastre/contract/digest";
import { DISCOVERY_VERSION } from "@cadastre/contract/discovery";
import { newId } from "@cadastre/contract/ids";
import { anActorOf, auditRecords, withEmptyReplica } from "@cadastre/core/audit/testing";
import type { Context } from "@cadastre/core/context";
import { ManifestItem, PageItem, ScopeItem } from "@cadastre/core/discovery/items";
import { uploadShard } from "@cadastre/core/discovery/upload";
import { getResource } from "@cadastre/core/register/resources";
import { put } from "@cadastre/store/table";
import { describe, expect, it } from "vitest";
import { createTestContext } from "../support/context.ts";
import { Crash, crashAt } from "../support/crashing-table.ts";
import { ACCOUNT, anInstance, aRun, instanceScope, type Raw, REPORTER, type SeenScope } from "../support/estate.ts";
import { found, historyTypes } from "../support/register.ts";
import { tableWith } from "../support/table-with.ts";

const NAME = `aws/${ACCOUNT}/us-east-1/instance`;
const many = (from: number, to: number, more: Parameters<typeof anInstance>[1] = {}): Raw[] =>
  Array.from({ length: to - from }, (_, n) => anInstance(from + n, more));
const scope = (resources: readonly Raw[]): SeenScope => ({ key: instanceScope(), resources });

/** A run of 200 instances that is open, in several shards, with what each of them has. */
async function opened() {
  const { context, table } = await createTestContext();
  const run = aRun([scope(many(0, 200))]);
  const want = (await run.open(context)).scopes[0]?.want ?? [];
  const send = (of: { scope?: string; shard?: number; run?: string; reporter?: typeof REPORTER }, body: object = {}) =>
    uploadShard(
      context,
      anActorOf("collector", REPORTER.id),
      of.reporter ?? REPORTER,
      { run: of.run ?? run.run, scope: of.scope ?? NAME, shard: of.shard ?? 0 },
      { contract: DISCOVERY_VERSION, resources: [], ...body },
    );
  return { context, table, run, want, send };
}

describe("a shard is refused, and nothing of it is written,", () => {
  it("when it is of another version, of another's account, or of no scope", async () => {
    const { table, send } = await opened();
    const before = table.meter.units.write;
    await expect(send({}, { contract: "cadastre.discovery/v2" })).rejects.toMatchObject({ code: "discovery.version" });
    const bound = { ...REPORTER, accounts: ["999999999999"] };
    await expect(send({ reporter: bound })).rejects.toMatchObject({ code: "collector.foreign_account" });
    await expect(send({ scope: "nothing" })).rejects.toMatchObject({
      code: "discovery.scope_not_open",
      message: expect.stringContaining("nothing is not a scope"),
    });
    expect(table.meter.units.write).toBe(before);
  });

  it("when the run did not open the scope, does not want the shard, or is not there", async () => {
    const { table, run, want, send } = await opened();
    const before = table.meter.units.write;
    await expect(send({ scope: NAME.replace("east", "west") })).rejects.toMatchObject({
      code: "discovery.scope_not_open",
      message: expect.stringContaining(`was not opened by ${run.run}`),
    });
    await expect(send({ shard: want.length })).rejects.toMatchObject({ code: "discovery.shard_not_wanted" });
    await expect(send({ run: newId("run", new Date(0)) })).rejects.toMatchObject({ code: "discovery.run_not_found" });
    expect(table.meter.units.write).toBe(before);
  });

  it("when it has what belongs in another shard, has something twice, or is not what was announced", async () => {
    const { context, table, send } = await opened();
    const shards = new Map<number, Raw>();
    const before = table.meter.units.write;
    for (const raw of many(0, 200)) {
      const error = await send({ shard: 0 }, { resources: [raw] }).catch((error: unknown) => error as Error);
      const other = /resources\[0\]\.id: belongs in shard (\d+) of (\d+)/.exec((error as Error).message);
      shards.set(Number(other?.[1] ?? 0), raw);
      if (shards.size > 1 && shards.has(0)) break;
    }
    expect(shards.size).toBeGreaterThan(1);
    const own = shards.get(0) as Raw;
    await expect(send({ shard: 0 }, { resources: [own, own] })).rejects.toMatchObject({
      code: "request.invalid",
      message: expect.stringContaining("the id is that of resources[0]"),
      errors: [{ path: "resources[1].id" }],
    });
    await expect(send({ shard: 0 }, { resources: [own] })).rejects.toMatchObject({ code: "discovery.digest_mismatch" });
    expect(table.meter.units.write).toBe(before);
    expect(await found(context, "kind:instance")).toEqual([]);
  });
});

describe("a shard", () => {
  it("is taken however far replicas are behind", async () => {
    const { context } = await createTestContext();
    const run = aRun([scope(many(0, 3))]);
    const late = withEmptyReplica(context);
    await run.open(late);
    expect(await run.upload(late, 0, 0)).toMatchObject({ state: "applied", created: 3 });
    await run.complete(late);
    // Its manifest is refused by its version at first.
    const next = aRun([scope(many(0, 4))]);
    await next.open(late);
    expect(await next.upload(late, 0, 0)).toMatchObject({ state: "applied", created: 1, unchanged: 3 });
  });

  it("that was sent is sent again for nothing, and is recorded once", async () => {
    const { context, table } = await createTestContext();
    const run = aRun([scope(many(0, 3))]);
    await run.open(context);
    const answer = await run.upload(context, 0, 0);
    const before = table.meter.units.write;
    expect(await run.upload(context, 0, 0)).toEqual(answer);
    expect(table.meter.units.write).toBe(before);
    const records = (await auditRecords(context)).filter(({ action }) => action === "discovery.shard");
    expect(records).toMatchObject([
      { target: `aws-main/${NAME}`, detail: { run: run.run, shard: 0, created: 3, updated: 0 } },
    ]);
  });

  it("says what it did and what it misses, killed at any write and sent again as if it had not been", async () => {
    for (let at = 1, died = true; died; at++) {
      const { context, table } = await createTestContext();
      await aRun([scope(many(0, 50))]).deliver(context);
      await aRun([scope(many(5, 50))]).deliver(context);
      // Five return, ten are new, twenty are updated, twenty are as they were, and five are missing.
      const changed = [...many(60, 65), ...many(0, 5), ...many(5, 25, { state: "stopped" }), ...many(65, 70)];
      const next = [...changed, ...many(25, 45)];
      const run = aRun([scope(next)]);
      await run.open(context);
      died = await run.upload({ ...context, table: crashAt(table, at) }, 0, 0).then(
        () => false,
        (error: unknown) => error instanceof Crash,
      );
      const answer = { state: "applied", created: 15, updated: 20, unchanged: 20, missing: 5 };
      expect(await run.upload(context, 0, 0), `killed at write ${at}`).toEqual(answer);
      expect((await run.complete(context)).totals).toMatchObject({ created: 15, updated: 20, retired: 5 });
      if (!died) expect(at).toBeGreaterThan(3);
    }
  });

  it("of a run that is opened again with other content is applied again", async () => {
    const { context } = await createTestContext();
    const run = aRun([scope(many(0, 3))]);
    await run.open(context);
    await run.upload(context, 0, 0);
    const again = aRun([scope(many(0, 3, { state: "stopped" }))], { run: run.run });
    await again.open(context);
    expect(await again.upload(context, 0, 0)).toMatchObject({ state: "applied" });
    expect((await getResource(context, anInstance(1).id)).attributes).toMatchObject({ state: "stopped" });
  });

  it("of a run whose scopes a newer one has taken is ignored, whichever of them it is", async () => {
    const { context } = await createTestContext();
    const both = (state: string): SeenScope[] => [
      scope(many(0, 3, { state })),
      { key: instanceScope({ region: "us-west-2" }), resources: many(0, 3, { region: "us-west-2", state }) },
    ];
    const older = aRun(both("running"));
    await older.open(context);
    await aRun(both("stopped")).open(context);
    for (const at of [0, 1])
      expect(await older.upload(context, at, 0)).toEqual({
        state: "ignored",
        created: 0,
        updated: 0,
        unchanged: 0,
        missing: 0,
      });
  });

  it("has not made what was missing a moment ago and is there again", async () => {
    const { context } = await createTestContext();
    await aRun([scope(many(0, 50))]).deliver(context);
    const abandoned = aRun([scope(many(10, 50))]);
    await abandoned.uploadAll(context, await abandoned.open(context));
    const run = aRun([scope(many(0, 50))]);
    await run.open(context);
    expect(await run.upload(context, 0, 0)).toMatchObject({ created: 0, updated: 0, unchanged: 50, missing: 0 });
  });

  it("is decided anew while others write to it, five times", async () => {
    const busy = async (times: number) => {
      const { context } = await createTestContext();
      await aRun([scope(many(0, 3))]).deliver(context);
      const run = aRun([scope(many(0, 4))]);
      await run.open(context);
      let count = 0;
      const table = tableWith(context.table, {
        async commit(writes) {
          const key = { source: "aws-main", name: NAME, shardCount: 1, shard: 0 };
          const manifest = await context.table.get(ManifestItem, key, { consistent: true });
          if (count++ < times && manifest) await context.table.commit([put(ManifestItem, manifest)]);
          return context.table.commit(writes);
        },
      });
      return run.upload({ ...context, table } satisfies Context, 0, 0);
    };
    expect(await busy(5)).toMatchObject({ state: "applied", created: 1, unchanged: 3 });
    await expect(busy(6)).rejects.toMatchObject({ code: "request.conflict" });
  });
});

describe("what a shard no longer has", () => {
  it("is retired once and counted once, killed at any write of the completion and done again", async () => {
    const all = many(0, 50);
    for (let at = 1, died = true; died; at++) {
      const { context, table } = await createTestContext();
      await aRun([scope(all)]).deliver(context);
      const run = aRun([scope(all.slice(10))]);
      await run.uploadAll(context, await run.open(context));
      died = await run.complete({ ...context, table: crashAt(table, at) }).then(
        () => false,
        (error: unknown) => error instanceof Crash,
      );
      const key = { source: "aws-main", name: NAME, shardCount: 1, shard: 0 };
      const { totals } = await run.complete(context);
      expect(totals, `killed at write ${at}`).toMatchObject({ retired: 10, unchanged: 40 });
      const gone = all.slice(0, 10).map(({ id }) => id);
      expect(await found(context, "kind:instance status:retired")).toEqual(gone.sort());
      const left = await context.table.get(ManifestItem, key, { consistent: true });
      expect([left?.missing.byteLength, unpackEntries(left?.entries ?? new Uint8Array()).length]).toEqual([0, 40]);
      for (const id of gone) expect(await historyTypes(context, id)).toEqual(["created", "retired"]);
      if (!died) expect(at).toBeGreaterThan(3);
    }
  });

  it("is counted by the run that retired it, and not by the one after it", async () => {
    const all = many(0, 50);
    const { context, table } = await createTestContext();
    await aRun([scope(all)]).deliver(context);
    const killed = aRun([scope(all.slice(10))]);
    await killed.uploadAll(context, await killed.open(context));
    await expect(killed.complete({ ...context, table: crashAt(table, 2) })).rejects.toThrow(Crash);
    const before = (await found(context, "kind:instance status:retired")).length;
    expect(before).toBeGreaterThan(0);
    const { completed } = await aRun([scope(all.slice(10))]).deliver(context);
    expect(completed?.totals).toMatchObject({ retired: 10 - before });
  });
});

describe("a scope that is cut anew", () => {
  it("still knows what it misses, also of a shard that is as it was and is not sent", async () => {
    const { context } = await createTestContext();
    const known = many(0, 60);
    await aRun([scope(known)]).deliver(context);
    // What a part of a scope does not have is noted, and not retired.
    await aRun([{ ...scope(known.slice(10)), status: "partial" }]).deliver(context);
    const total = 50 + 150;
    const count = shardCountFor(total);
    const isOfFirst = ({ id }: Raw) => shardOf(idHash("instance", id), count) === 0;
    const added = many(100, 500)
      .filter((raw) => !isOfFirst(raw))
      .slice(0, 150);
    const run = aRun([scope([...known.slice(10), ...added])]);
    const opening = await run.open(withEmptyReplica(context));
    expect(opening.scopes[0]?.want).toEqual(Array.from({ length: count - 1 }, (_, n) => n + 1));
    await run.uploadAll(context, opening);
    const { totals } = await run.complete(context);
    expect(known.slice(0, 10).some(isOfFirst)).toBe(true);
    expect(totals).toMatchObject({ created: 150, updated: 0, unchanged: 50, retired: 10 });
    expect((await run.open(context)).state).toBe("unchanged");
    const old = { source: "aws-main", name: NAME, shardCount: 1, shard: 0 };
    expect(await context.table.get(ManifestItem, old, { consistent: true })).toBeUndefined();
  });

  it("is not taken back from a newer run that took it in between, but taken anew", async () => {
    const { context } = await createTestContext();
    await aRun([scope(many(0, 60))]).deliver(context);
    const key = { source: "aws-main", name: NAME };
    const generation = async () => (await context.table.get(ScopeItem, key, { consistent: true }))?.generation ?? 0;
    const newer = aRun([scope(many(0, 60, { state: "stopped" }))]);
    let commits = 0;
    let taken = 0;
    const table = tableWith(context.table, {
      async commit(writes) {
        await context.table.commit(writes);
        if (commits++ > 0) return;
        await newer.open(context);
        taken = await generation();
      },
    });
    await aRun([scope(many(0, 200))]).open({ ...context, table });
    expect(taken).toBe(3);
    expect(await generation()).toBe(4);
    expect(await newer.upload(context, 0, 0)).toMatchObject({ state: "ignored" });
  });
});

describe("a scope of thousands of shards", () => {
  it("that a newer run takes while it is completed has no more of its states written", async () => {
    const { context } = await createTestContext();
    const run = aRun([scope(many(0, 150))], { counts: new Map([[NAME, 2048]]) });
    await run.uploadAll(context, await run.open(context));
    const newer = aRun([scope(many(0, 150, { state: "stopped" }))], { counts: new Map([[NAME, 2048]]) });
    const writing: string[] = [];
    const table = tableWith(context.table, {
      async commit(writes) {
        const isOfPages = writes.every(({ entity, op }) => entity === PageItem || op === "check");
        if (!isOfPages) return context.table.commit(writes);
        if (writing.length === 0) await newer.open(context);
        const written = context.table.commit(writes);
        writing.push(await written.then(() => "written").catch(() => "refused"));
        return written;
      },
    });
    expect((await run.complete({ ...context, table })).scopes).toEqual([]);
    expect(writing).toEqual(["refused"]);
  });
});

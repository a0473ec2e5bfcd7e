import { anActorOf } from "@cadastre/core/audit/testing";
import { type Context, DEFAULT_RETENTION_DAYS } from "@cadastre/core/context";
import { EventItem } from "@cadastre/core/feed/items";
import { getJob } from "@cadastre/core/jobs/list";
import { runJob } from "@cadastre/core/jobs/start";
import { listHistory } from "@cadastre/core/register/history";
import { ResourceItem } from "@cadastre/core/register/items";
import { annotateResource, getResource } from "@cadastre/core/register/resources";
import { retention } from "@cadastre/core/retention/retention";
import { SaidItem } from "@cadastre/core/said/items";
import { IndexItem } from "@cadastre/core/subjects/items";
import { partitions } from "@cadastre/core/subjects/keys";
import { ConflictError } from "@cadastre/store/errors";
import { put, type Table, type Write } from "@cadastre/store/table";
import { describe, expect, it } from "vitest";
import { createTestContext } from "../support/context.ts";
import { crashAt } from "../support/crashing-table.ts";
import { anInstance, aRun, instanceScope } from "../support/estate.ts";
import { allOf, countDump, indexDump } from "../support/index-dump.ts";
import { found } from "../support/register.ts";
import { runJobs } from "../support/run-jobs.ts";
import { tableWith } from "../support/table-with.ts";

const OPERATOR = anActorOf("user", "usr_1", "req_2");
const DAY = 86_400;
const KEPT = DEFAULT_RETENTION_DAYS * DAY;
const idOf = (n: number) => anInstance(n).id;

type Running = readonly (number | readonly [n: number, state: string])[];

/** Delivers a look at these instances, each running or in the state that is given. */
const see = (context: Context, running: Running) =>
  aRun([
    {
      key: instanceScope(),
      resources: running.map((one) =>
        typeof one === "number" ? anInstance(one) : anInstance(one[0], { state: one[1] }),
      ),
    },
  ]).deliver(context);

const note = (context: Context, n: number) => annotateResource(context, OPERATOR, idOf(n), { owner: "payments" });

/** Four instances stay, and four were retired, one of which somebody had spoken of. */
async function withRetired() {
  const world = await createTestContext();
  await see(world.context, [1, 2, 3, 4, 5, 6, 7, 8]);
  await note(world.context, 8);
  world.clock.forward(1);
  await see(world.context, [1, 2, 3, 4, [7, "stopped"], [8, "stopped"], 5, 6]);
  world.clock.forward(DAY);
  await see(world.context, [1, 2, 3, 4, 5, 6]);
  await see(world.context, [1, 2, 3, 4]);
  return world;
}

async function retain(context: Context) {
  const id = await runJob(context, OPERATOR, [retention], "retention");
  await runJobs(context, [retention]);
  return getJob(context, id);
}

/** Nothing is left of any resource that is not there, and all counts and entries are of those that are. */
async function expectWhole(context: Context, place = ""): Promise<void> {
  const { missing, stray } = await indexDump(context);
  expect({ missing, stray }, place).toEqual({ missing: [], stray: [] });
  const { stored, expected } = await countDump(context);
  expect(stored, place).toEqual(expected);
  const resources = new Set((await allOf(context, ResourceItem)).map(({ idHash }) => idHash));
  const orphans = [...(await allOf(context, SaidItem)), ...(await allOf(context, EventItem))].filter(
    ({ subject }) => subject.type === "resource" && !resources.has(subject.key),
  );
  expect(orphans, place).toEqual([]);
}

const remaining = async (context: Context) => (await allOf(context, ResourceItem)).map(({ id }) => id).sort();

describe("a resource that was retired", () => {
  it("is kept for as long as it is set, to the second, and then gone with all that was its own", async () => {
    const { context, clock } = await withRetired();
    clock.forward(KEPT);
    expect((await retain(context)).progress?.done).toBe(0);
    expect(await found(context, "status:retired")).toHaveLength(4);
    clock.forward(1);
    expect((await retain(context)).progress).toMatchObject({ done: 4, unit: "items" });
    expect(await found(context, "status:retired")).toEqual([]);
    await expect(getResource(context, idOf(8))).rejects.toMatchObject({ code: "resource.not_found" });
    expect(await remaining(context)).toEqual([1, 2, 3, 4].map(idOf).sort());
    await expectWhole(context);
  });

  it("and comes again afterwards is a new one, with a history of its own", async () => {
    const { context, clock } = await withRetired();
    clock.forward(KEPT + 1);
    await retain(context);
    await see(context, [1, 2, 3, 4, 8]);
    expect(await getResource(context, idOf(8))).toMatchObject({ owner: "", firstSeenAt: context.now().toISOString() });
    expect((await listHistory(context, idOf(8), { limit: 10 })).items.map(({ type }) => type)).toEqual(["created"]);
    await expectWhole(context);
  });

  it("stays when it has returned, and its time begins anew when it is retired again", async () => {
    const { context, clock } = await withRetired();
    clock.forward(DAY);
    await see(context, [1, 2, 3, 4, 7, 8]);
    clock.forward(KEPT);
    expect((await retain(context)).progress?.done).toBe(2);
    expect((await listHistory(context, idOf(8), { limit: 10 })).items.map(({ type }) => type)).toEqual(
      "returned retired updated annotated created".split(" "),
    );
    await see(context, [1, 2, 3, 4, 7]);
    clock.forward(1);
    expect((await retain(context)).progress?.done).toBe(0);
    clock.forward(KEPT);
    expect((await retain(context)).progress?.done).toBe(1);
    expect(await remaining(context)).toEqual([1, 2, 3, 4, 7].map(idOf).sort());
    await expectWhole(context);
  });

  it("stays as long after somebody spoke of it, and keeps nobody else", async () => {
    const { context, clock } = await withRetired();
    clock.forward(DAY);
    await note(context, 5);
    clock.forward(KEPT);
    expect((await retain(context)).progress?.done).toBe(3);
    expect(await remaining(context)).toEqual([1, 2, 3, 4, 5].map(idOf).sort());
    clock.forward(1);
    expect((await retain(context)).progress?.done).toBe(1);
    await expectWhole(context);
  });

  it("goes by pages, past those that stay, however many there are", async () => {
    const { context, clock } = await createTestContext();
    const all = Array.from({ length: 70 }, (_, n) => n + 1);
    await see(context, all);
    await see(context, all.slice(0, 56));
    await see(context, all.slice(0, 45));
    for (const n of [46, 60]) await note(context, n);
    clock.forward(1);
    for (const n of [47, 70]) await annotateResource(context, OPERATOR, idOf(n), { notes: "still asked for" });
    clock.forward(KEPT);
    expect((await retain(context)).progress?.done).toBe(23);
    expect(await remaining(context)).toEqual([...all.slice(0, 45), 47, 70].map(idOf).sort());
    await expectWhole(context);
  });

  it("with more events than one commit takes is removed in several, the resource last", async () => {
    const { context, clock } = await createTestContext();
    for (let n = 0; n < 130; n++) await see(context, [1, 2, [3, `s${n}`]]);
    await see(context, [1, 2]);
    clock.forward(KEPT + 1);
    expect((await retain(context)).progress?.done).toBe(1);
    expect(await remaining(context)).toEqual([1, 2].map(idOf).sort());
    await expectWhole(context);
  });

  it("killed at any write is removed whole by the next run", async () => {
    let at = 0;
    for (let died = true; died; ) {
      at++;
      const { context, clock } = await withRetired();
      clock.forward(KEPT + 1);
      const table = crashAt(context.table, at);
      await retain({ ...context, table }).catch(() => undefined);
      died = table.writes() >= at;
      clock.forward(DAY);
      await runJobs(context, [retention]);
      expect(await remaining(context), `killed at write ${at}`).toEqual([1, 2, 3, 4].map(idOf).sort());
      await expectWhole(context, `killed at write ${at}`);
    }
    expect(at).toBeGreaterThan(6);
  });

  it.each(["returns", "is spoken of", "is spoken of for the first time"])(
    "and %s just before it is removed stays with its whole history",
    async (how) => {
      const { context, clock } = await withRetired();
      clock.forward(KEPT + 1);
      const n = how === "is spoken of" ? 8 : 7;
      let isFirst = true;
      const commit: Table["commit"] = async (writes, ...rest) => {
        const removes = writes.some(
          (write) =>
            write.op === "remove" && write.entity === ResourceItem && (write.key as ResourceItem).idHash === key,
        );
        if (removes && isFirst) {
          isFirst = false;
          if (how === "returns") await see(context, [1, 2, 3, 4, n]);
          else await annotateResource(context, OPERATOR, idOf(n), { notes: "wait" });
        }
        return context.table.commit(writes, ...rest);
      };
      const key = (await getResource(context, idOf(n))).key.slice("res_".length);
      const before = (await listHistory(context, idOf(n), { limit: 10 })).items.length;
      const table = tableWith(context.table, { commit });
      expect((await retain({ ...context, table })).progress?.done).toBe(3);
      expect(isFirst).toBe(false);
      expect((await listHistory(context, idOf(n), { limit: 10 })).items).toHaveLength(before + 1);
      await expectWhole(context);
    },
  );

  it("and returns between two commits of its removal keeps what is left of it, and is not removed", async () => {
    const { context, clock } = await createTestContext();
    for (let n = 0; n < 130; n++) await see(context, [1, 2, [3, `s${n}`]]);
    await see(context, [1, 2]);
    clock.forward(KEPT + 1);
    const isPart = (write: Write) => write.op === "remove" && write.entity === EventItem;
    let parts = 0;
    const commit: Table["commit"] = async (writes, ...rest) => {
      if (writes.some(isPart) && ++parts === 1) await see(context, [1, 2, [3, "s0"]]);
      return context.table.commit(writes, ...rest);
    };
    expect((await retain({ ...context, table: tableWith(context.table, { commit }) })).progress?.done).toBe(0);
    expect(parts).toBe(1);
    const { items } = await listHistory(context, idOf(3), { limit: 200 });
    expect(items).toHaveLength(132);
    await expectWhole(context);
  });

  it("is removed all the same when the table is busy", async () => {
    const { context, clock } = await withRetired();
    clock.forward(KEPT + 1);
    let busy = 0;
    const commit: Table["commit"] = async (writes, ...rest) => {
      if (writes.some(({ op, entity }) => op === "remove" && entity === ResourceItem) && busy++ === 0)
        throw new ConflictError([{ index: 1, reason: "busy" }]);
      return context.table.commit(writes, ...rest);
    };
    const world = { ...context, table: tableWith(context.table, { commit }) };
    const id = await runJob(world, OPERATOR, [retention], "retention");
    await runJobs(world, [retention]);
    clock.forward(61);
    await runJobs(world, [retention]);
    expect(await getJob(context, id)).toMatchObject({ state: "done", progress: { done: 4 } });
    expect(await remaining(context)).toEqual([1, 2, 3, 4].map(idOf).sort());
    await expectWhole(context);
  });

  it("is not removed for an entry that something interrupted left of an earlier time; the entry is", async () => {
    const { context, clock } = await withRetired();
    const { key, retiredAt } = await getResource(context, idOf(8));
    const at = new Date(Date.parse(retiredAt ?? "") - DAY * 1000).toISOString();
    const stray = { p: partitions.gone(), s: `${at}#resource/instance/${key.slice("res_".length)}` };
    await context.table.load([put(IndexItem, stray)]);
    clock.forward(KEPT - 10);
    expect((await retain(context)).progress?.done).toBe(0);
    expect(await found(context, "status:retired")).toHaveLength(4);
    await expectWhole(context);
  });

  it("costs nothing until it is due", async () => {
    const { context, clock } = await createTestContext();
    const cost = async () => (await context.table.meter.measure(() => retain(context))).units.read;
    await see(context, [1]);
    const before = await cost();
    clock.forward(DAY);
    const all = Array.from({ length: 60 }, (_, n) => n + 1);
    await see(context, all);
    await see(context, all.slice(0, 50));
    await see(context, all.slice(0, 40));
    clock.forward(KEPT);
    expect((await cost()) - before).toBeLessThan(3);
  });
});

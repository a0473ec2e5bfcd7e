import { anActorOf } from "@cadastre/core/audit/testing";
import type { Context } from "@cadastre/core/context";
import { approveHold, listHolds } from "@cadastre/core/discovery/holds";
import { describe, expect, it } from "vitest";
import { createTestContext } from "../support/context.ts";
import { anInstance, aRun, instanceScope } from "../support/estate.ts";
import { runJobs } from "../support/run-jobs.ts";

const OPERATOR = anActorOf("user", "usr_1", "req_2");
const DAY = 86_400;
const HOUR = 3600;

const sync = (context: Context, count: number) =>
  aRun([{ key: instanceScope(), resources: Array.from({ length: count }, (_, n) => anInstance(n)) }]).deliver(context);

const totals = async (context: Context, count: number) => {
  const { completed } = await sync(context, count);
  const [scope] = completed?.scopes ?? [];
  return { retired: scope?.retired, held: scope?.held };
};
const pending = async (context: Context) => (await listHolds(context, { limit: 10, state: "pending" })).items;

/** A scope that has had 100 resources for some days. */
async function settled(days: number) {
  const world = await createTestContext();
  await sync(world.context, 100);
  world.clock.forward(days * DAY);
  return world;
}

describe("losses that are small one by one", () => {
  it("are held once they add up to more than the share of what the scope had a week ago", async () => {
    const { context, clock } = await settled(8);
    for (const left of [90, 80, 75]) {
      expect(await totals(context, left)).toMatchObject({ held: 0 });
      clock.forward(HOUR);
    }
    expect(await totals(context, 70)).toEqual({ retired: 0, held: 5 });
    expect(await pending(context)).toMatchObject([{ known: 75, missing: 5, weekAgo: 100 }]);
    clock.forward(HOUR);
    expect(await totals(context, 66)).toEqual({ retired: 0, held: 9 });
    expect(await pending(context)).toMatchObject([{ known: 75, missing: 9, weekAgo: 100 }]);
  });

  it("and wait for a decision go on waiting, however long", async () => {
    const { context, clock } = await settled(8);
    for (const left of [80, 70]) await sync(context, left);
    expect(await pending(context)).toMatchObject([{ missing: 10, weekAgo: 100 }]);
    clock.forward(20 * DAY);
    expect(await totals(context, 69)).toEqual({ retired: 0, held: 11 });
    expect(await pending(context)).toMatchObject([{ missing: 11, weekAgo: 100 }]);
  });

  it("and wait count as there for what is lost a week later", async () => {
    const { context, clock } = await settled(8);
    for (const left of [90, 80, 75, 70]) await sync(context, left);
    clock.forward(6 * HOUR);
    await sync(context, 75);
    expect(await pending(context)).toEqual([]);
    clock.forward(7 * DAY - 6 * HOUR);
    expect(await totals(context, 60)).toMatchObject({ held: 0 });
    expect(await totals(context, 56)).toMatchObject({ held: 4 });
    expect(await pending(context)).toMatchObject([{ known: 60, missing: 4, weekAgo: 75 }]);
  });

  it("are not while the scope is younger than a week", async () => {
    const { context, clock } = await settled(6);
    for (const left of [80, 64, 52, 42]) {
      expect(await totals(context, left)).toMatchObject({ held: 0 });
      clock.forward(HOUR);
    }
  });

  it("are not where the scope has as many at this time of every week", async () => {
    const { context, clock } = await createTestContext();
    for (let day = 0; day < 9; day++) {
      for (const count of [16, 20, 24, 30, 40, 32, 26, 21]) {
        expect(await totals(context, count), `day ${day}, ${count}`).toMatchObject({ held: 0 });
        clock.forward(3 * HOUR);
      }
    }
  });

  it.each(["by its job", "by the next run"])(
    "and approved are retired %s, and what follows is not held",
    async (how) => {
      const { context, clock } = await settled(8);
      for (const left of [80, 70]) await sync(context, left);
      const [hold] = await pending(context);
      if (how === "by its job") await approveHold(context, OPERATOR, hold?.id ?? "", {});
      else {
        const open = aRun([
          {
            key: instanceScope(),
            resources: Array.from({ length: 70 }, (_, n) => anInstance(n, { state: "stopped" })),
          },
        ]);
        const opened = await open.open(context);
        await approveHold(context, OPERATOR, hold?.id ?? "", {}).catch(() => undefined);
        await open.uploadAll(context, opened);
        expect((await open.complete(context)).scopes).toMatchObject([{ retired: 10, held: 0 }]);
      }
      clock.forward(HOUR);
      await runJobs(context);
      expect(await totals(context, 60)).toEqual({ retired: 10, held: 0 });
      clock.forward(2 * DAY);
      expect(await totals(context, 50)).toEqual({ retired: 10, held: 0 });
      expect(await pending(context)).toEqual([]);
    },
  );

  it("are held where all that the scope had is gone, among however many new ones", async () => {
    const { context } = await createTestContext();
    const others = (from: number, count: number) =>
      aRun([{ key: instanceScope(), resources: Array.from({ length: count }, (_, n) => anInstance(from + n)) }]);
    await others(0, 5).deliver(context);
    const { completed } = await others(100, 90).deliver(context);
    expect(completed?.scopes).toMatchObject([{ created: 90, retired: 0, held: 5 }]);
  });

  it("are not where some of it is left among many new ones, also when the rest of it had waited", async () => {
    const { context } = await createTestContext();
    const these = (...ns: readonly number[]) =>
      aRun([{ key: instanceScope(), resources: ns.map((n) => anInstance(n)) }]).deliver(context);
    await these(1, 2, 3, 4, 5);
    expect((await these(1, 2)).completed?.scopes).toMatchObject([{ held: 3 }]);
    const many = Array.from({ length: 90 }, (_, n) => 100 + n);
    expect((await these(1, ...many)).completed?.scopes).toMatchObject([{ retired: 4, held: 0 }]);
  });
});

import { auditRecords } from "@cadastre/core/audit/testing";
import type { Context } from "@cadastre/core/context";
import { listScopes } from "@cadastre/core/discovery/list-scopes";
import { describe, expect, it } from "vitest";
import { createTestContext } from "../support/context.ts";
import { crashAt } from "../support/crashing-table.ts";
import { anInstance, aRun, instanceScope, REPORTER, type SeenScope } from "../support/estate.ts";

const HOUR = 3600;
const estate = (state = "running"): SeenScope[] => [
  { key: instanceScope(), resources: [anInstance(1, { state }), anInstance(2)] },
  { key: instanceScope({ region: "eu-west-1" }), resources: [anInstance(3, { region: "eu-west-1" })] },
];
const sync = (context: Context, scopes = estate()) => aRun(scopes).deliver(context);

/** What the audit log tells of runs and their opening, oldest first. */
async function told(context: Context) {
  const records = await auditRecords(context);
  return records
    .filter(({ action }) => action === "discovery.run" || action === "discovery.quiet")
    .map(({ action, target, detail: { quietRuns, quietSince } }) => ({ action, target, quietRuns, quietSince }));
}

/** Runs without anything new, an hour apart, from 01:00 on. */
async function withQuietRuns(count: number) {
  const world = await createTestContext();
  await sync(world.context);
  for (let n = 0; n < count; n++) {
    world.clock.forward(HOUR);
    await sync(world.context);
  }
  return world;
}

const QUIET = { action: "discovery.quiet", target: REPORTER.name };

describe("a run that finds everything as it was", () => {
  it("writes its set alone, and no record", async () => {
    const { context } = await withQuietRuns(1);
    const { units } = await context.table.meter.measure(() => sync(context));
    expect(units).toEqual({ read: 1, write: 1 });
    expect(await told(context)).toHaveLength(1);
  });

  it("and announces the interval that it announced before, or another one, writes no more and is unchanged", async () => {
    const { context, clock } = await withQuietRuns(1);
    for (const intervalSeconds of [900, 900, 3600]) {
      clock.forward(HOUR);
      const run = aRun(estate(), { intervalSeconds });
      const { result, units } = await context.table.meter.measure(() => run.open(context));
      expect(result.state).toBe("unchanged");
      expect(units).toEqual({ read: 1, write: 1 });
    }
    const { items } = await listScopes(context, { limit: 10 });
    expect(items.map(({ intervalSeconds }) => intervalSeconds)).toEqual([3600, 3600]);
  });

  it("is told once a day with the others of its source, how many and since when", async () => {
    const { context } = await withQuietRuns(48);
    expect((await told(context)).slice(1)).toEqual([
      { ...QUIET, quietRuns: 23, quietSince: "2026-03-01T01:00:00.000Z" },
      { ...QUIET, quietRuns: 24, quietSince: "2026-03-02T00:00:00.000Z" },
    ]);
  });

  it("is told by the next run that changes something, and then no more", async () => {
    const { context, clock } = await withQuietRuns(3);
    await sync(context, estate("stopped"));
    clock.forward(24 * HOUR);
    await sync(context, estate("stopped"));
    clock.forward(24 * HOUR);
    await sync(context, estate("running"));
    expect((await told(context)).slice(1)).toMatchObject([
      { action: "discovery.run", quietRuns: 3, quietSince: "2026-03-01T01:00:00.000Z" },
      { action: "discovery.run", quietRuns: 1, quietSince: "2026-03-02T03:00:00.000Z" },
    ]);
  });

  it("counts also beside others, and not when it was killed before its commit", async () => {
    const { context, clock } = await withQuietRuns(1);
    await Promise.all(Array.from({ length: 5 }, () => sync(context)));
    for (const at of [1, 2]) {
      const table = crashAt(context.table, at);
      await sync({ ...context, table }).catch(() => undefined);
    }
    clock.forward(24 * HOUR);
    await sync(context);
    expect((await told(context)).at(-1)).toMatchObject({ ...QUIET, quietRuns: 7 });
  });

  it("is still told when a run over some of its scopes came between", async () => {
    const { context, clock } = await withQuietRuns(2);
    await sync(context, estate("stopped").slice(0, 1));
    clock.forward(HOUR);
    await sync(context, estate("stopped"));
    expect((await told(context)).slice(1)).toEqual([
      { action: "discovery.run", target: expect.any(String) },
      { action: "discovery.run", target: expect.any(String), quietRuns: 2, quietSince: "2026-03-01T01:00:00.000Z" },
    ]);
  });
});

import { newId } from "@cadastre/contract/ids";
import { parse } from "@cadastre/contract/parse";
import { newToken } from "@cadastre/contract/token";
import { put, type Table, type Write } from "@cadastre/store/table";
import { describe, expect, test } from "vitest";
import { anOwner } from "../access/testing.ts";
import { createToken, listTokens, revokeToken } from "../access/tokens.ts";
import { aContext, anActor, auditRecords, type TestContext } from "../audit/testing.ts";
import { DEFAULT_RETENTION_DAYS, systemActor } from "../context.ts";
import { listHolds } from "../discovery/holds.ts";
import { HoldItem } from "../discovery/items.ts";
import { JobEntryItem, JobRunItem } from "../jobs/items.ts";
import { getJob, listJobs } from "../jobs/list.ts";
import { runDueJobs } from "../jobs/run-due.ts";
import { runJob } from "../jobs/start.ts";
import { retention } from "./retention.ts";

const DAY = 86_400;

let decade = 2020;
/** Each test's clock begins after the one before has ended: ids of one process never go back in time. */
function aLaterContext(): TestContext {
  decade += 10;
  return aContext({ start: `${decade}-01-01T00:00:00.000Z` });
}

const untilDone = (context: TestContext) => ({ until: new Date(context.now().getTime() + DAY * 1000) });

async function retain(context: TestContext) {
  const id = await runJob(context, anActor, [retention], "retention");
  await runDueJobs(context, [retention], untilDone(context));
  return getJob(context, id);
}

async function aHold(context: TestContext, state: HoldItem["state"], decidedAt?: Date): Promise<string> {
  const id = newId("hold", context.now());
  const place = { provider: "aws", account: "1", region: "eu-west-1", kind: "instance" } as const;
  const figures = { generation: 1, known: 9, missing: 9, sample: [], fingerprint: "f", scope: "s" };
  const decided = decidedAt === undefined ? {} : { decidedAt: decidedAt.toISOString() };
  const item = { id, source: "a", ...place, ...figures, state, createdAt: context.now().toISOString(), ...decided };
  await context.table.commit([put(HoldItem, item)]);
  return id;
}

const holdsOf = async (context: TestContext) =>
  (await listHolds(context, { limit: 1000 })).items.map(({ id }) => id).toReversed();
const tokensOf = async (context: TestContext) => (await listTokens(context, { limit: 1000 })).items.map(({ id }) => id);
const SERVICE = systemActor("req_1");
const aToken = async (context: TestContext, days: number) => {
  const principal = await anOwner(context);
  const input = { name: "t", principal, scopes: ["audit:read"], expiresInSeconds: days * DAY };
  return createToken(context, SERVICE, parse(newToken, input));
};

describe("retention", () => {
  test("removes what ended before its time, to the second, and nothing else", async () => {
    const context = aLaterContext();
    await aHold(context, "approved", context.now());
    await aHold(context, "lifted");
    const pending = await aHold(context, "pending");
    const late = await aHold(context, "rejected", new Date(context.now().getTime() + DAY * 1000));
    const short = await aToken(context, 1);
    const revoked = await aToken(context, 90);
    await revokeToken(context, SERVICE, revoked.id);
    const long = await aToken(context, 366);

    context.advance(DEFAULT_RETENTION_DAYS * DAY);
    expect((await retain(context)).progress).toMatchObject({ done: 0 });
    context.advance(1);
    expect((await retain(context)).progress).toMatchObject({ done: 3, unit: "items" });
    expect(await holdsOf(context)).toEqual([pending, late]);
    expect(await tokensOf(context)).toEqual([short.id, long.id]);
    context.advance(DAY - 1);
    expect((await retain(context)).progress).toMatchObject({ done: 0 });
    context.advance(1);
    const { id } = await retain(context);
    expect(await holdsOf(context)).toEqual([pending]);
    expect(await tokensOf(context)).toEqual([long.id]);
    const record = (await auditRecords(context)).find(({ target, action }) => target === id && action === "job.end");
    expect(record?.detail).toMatchObject({ name: "retention", state: "done", progress: { done: 2 } });
  });

  test("keeps for as long as it is set", async () => {
    const context = aLaterContext();
    await aHold(context, "lifted");
    context.advance(31 * DAY);
    await retain(context);
    expect(await holdsOf(context)).toHaveLength(1);
    await retain({ ...context, retentionDays: 30 });
    expect(await holdsOf(context)).toEqual([]);
  });

  test("goes through any number of them, past those that stay", async () => {
    const context = aLaterContext();
    const kept: string[] = [];
    for (let n = 0; n < 230; n++) {
      context.advance(1);
      if (n % 2 === 0) kept.push(await aHold(context, "pending"));
      else await aHold(context, "lifted");
      if (n % 3 === 0) await aToken(context, 1);
    }
    context.advance(DEFAULT_RETENTION_DAYS * DAY + DAY);
    expect((await retain(context)).state).toBe("done");
    expect(await holdsOf(context)).toEqual(kept);
    expect(await tokensOf(context)).toEqual([]);
  });

  test("reads nothing of what is younger, however much there is", async () => {
    const context = aLaterContext();
    const cost = async () => (await context.table.meter.measure(() => retain(context))).units.read;
    await retain(context);
    const before = await cost();
    for (let n = 0; n < 150; n++) {
      await aHold(context, "lifted");
      await aToken(context, 1);
    }
    context.advance(DEFAULT_RETENTION_DAYS * DAY - 1);
    expect((await cost()) - before).toBeLessThan(20);
  });

  test("removes nothing without the guard of who runs it", async () => {
    const context = aLaterContext();
    await aHold(context, "lifted");
    await aToken(context, 1);
    context.advance(DEFAULT_RETENTION_DAYS * DAY + 2 * DAY);
    const commits: (readonly Write[])[] = [];
    const commit: Table["commit"] = (writes) => {
      commits.push(writes);
      return context.table.commit(writes);
    };
    const table = new Proxy(context.table, { get: (of, name) => (name === "commit" ? commit : Reflect.get(of, name)) });
    await retain({ ...context, table });
    const removing = commits.filter((writes) =>
      writes.some(({ op, entity }) => op === "remove" && entity !== JobEntryItem),
    );
    expect(removing.length).toBe(2);
    for (const [first] of removing)
      expect(first).toMatchObject({ op: "check", entity: JobRunItem, is: expect.any(Number) });
  });

  test("runs every day by itself", async () => {
    const context = aLaterContext();
    for (let day = 0; day < 3; day++) {
      await runDueJobs(context, [retention], untilDone(context));
      context.advance(DAY);
    }
    expect((await listJobs(context, { limit: 10, name: "retention", state: "done" })).items).toHaveLength(3);
  });
});

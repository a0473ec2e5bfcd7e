import { type Checkpoint, isSigned } from "@cadastre/contract/audit/checkpoint";
import { faultOfProof } from "@cadastre/contract/audit/proof";
import { type Verification, verifyExport } from "@cadastre/contract/audit/verify-export";
import { ProblemError } from "@cadastre/contract/errors";
import { describe, expect, test } from "vitest";
import { commitRecorded } from "../audit/commit-recorded.ts";
import { listAudit } from "../audit/list.ts";
import { aContext, anActorOf, beforeReads, type TestContext } from "../audit/testing.ts";
import { type Context, inOrganization } from "../context.ts";
import { getOrganization, patchOrganization } from "../directory/organizations.ts";
import { runDueJobs } from "../jobs/run-due.ts";
import { runJob } from "../jobs/start.ts";
import { listCheckpoints } from "./checkpoints.ts";
import { proveRecord } from "./prove.ts";
import { auditRetention } from "./retain.ts";
import { aSealing, exportLines, seal } from "./testing.ts";

const DAY = 86_400;
const MACHINE = anActorOf("service-account", "sva_1");

type Log = TestContext & { readonly sealing: ReturnType<typeof aSealing> };

const write = (context: Context, target: string) =>
  commitRecorded(context, MACHINE, [], { action: "account.create", target });

/** Three sealed minutes of records of their own, the third of which a record of the first came late to. */
async function aLog(): Promise<Log> {
  const context = { ...aContext(), sealing: aSealing() };
  await seal(context);
  for (const minute of ["a", "b", "c"]) {
    for (const n of [1, 2]) await write(context, `${minute}${n}`);
    if (minute === "c") {
      context.advance(-130);
      await write(context, "late");
      context.advance(130);
    }
    context.advance(60);
    await seal(context);
  }
  return context;
}

async function retain(context: Context): Promise<void> {
  await runJob(context, MACHINE, [auditRetention], "audit-retention");
  const until = new Date(context.now().getTime() + DAY * 1000);
  await runDueJobs(context, [auditRetention], { until });
}

/** As the schedule has it: what is due is announced, sealed, and gone with the next run. */
async function retainWhole(context: Log): Promise<void> {
  await retain(context);
  context.advance(60);
  await seal(context);
  await retain(context);
}

async function verify(context: Log, asked: Parameters<typeof exportLines>[1] = {}): Promise<Verification> {
  async function* lines() {
    yield* await exportLines(context, asked);
  }
  return verifyExport(lines(), { keys: [context.sealing.publicKey] });
}

async function targets(context: Context, filter: { action?: string } = {}): Promise<string[]> {
  const { items } = await listAudit(context, { limit: 1000, order: "oldest", ...filter });
  return items.filter(({ action }) => action === "account.create").map(({ resource }) => resource.id);
}

const ALL = ["late", "a1", "a2", "b1", "b2", "c1", "c2"];

describe("retention of the audit log", () => {
  test("removes what was sealed longer ago than 400 days, from the log and its lists, and every checkpoint and the rest hold", async () => {
    const context = await aLog();
    const { items: before } = await listCheckpoints(context, { limit: 10, order: "oldest" });
    const kept = (await listAudit(context, { limit: 1, order: "oldest" })).items[0]?.id ?? "";
    context.advance(400 * DAY - 60);
    await retainWhole(context);
    // The last minute ends on the day: of the three two are over, and of the third the late one is a part.
    expect(await targets(context)).toEqual(["late", "c1", "c2"]);
    expect(await targets(context, { action: "account.create" })).toEqual(["late", "c1", "c2"]);
    expect(await verify(context)).toMatchObject({ holds: true, removed: 4, removedUntil: before[2]?.range.to });
    const { items: after } = await listCheckpoints(context, { limit: 10, order: "oldest" });
    expect(after.slice(0, before.length)).toEqual(before);
    expect(await faultOfProof(await proveRecord(context, kept), [context.sealing.publicKey])).toBeUndefined();
    context.advance(120);
    await seal(context);
    await retainWhole(context);
    expect(await targets(context)).toEqual([]);
    expect(await verify(context)).toMatchObject({ holds: true, removed: 7 });
    await expect(proveRecord(context, kept)).rejects.toThrow(new ProblemError("audit.removed"));
    const records = (await listAudit(context, { limit: 100, action: "audit.retain" })).items;
    expect(records.map(({ detail }) => [detail.checkpoint, detail.days])).toEqual([
      [3, 400],
      [2, 400],
    ]);
  });

  test("keeps for as long as the organization says, each its own", async () => {
    const context = await aLog();
    const other: Log = inOrganization(context, "org_01JD0000000000000000000009");
    await seal(other);
    await write(other, "theirs");
    const { version } = await getOrganization(context, context.organization);
    await patchOrganization(context, MACHINE, context.organization, { auditRetentionDays: 30 }, { version });
    context.advance(31 * DAY);
    await seal(context);
    await seal(other);
    await retainWhole(context);
    await retainWhole(other);
    expect(await targets(context)).toEqual([]);
    expect(await targets(other)).toEqual(["theirs"]);
  });

  test("takes nothing that the archive has not got, nor before a checkpoint that is copied has said so", async () => {
    const context = await aLog();
    context.advance(401 * DAY);
    const { put } = context.sealing.archive;
    const down = {
      ...context,
      sealing: { ...context.sealing, archive: { put: () => Promise.reject(new Error("down")) } },
    };
    await retain(context);
    context.advance(60);
    await seal(down).catch(() => undefined);
    await retain(context);
    expect(await targets(context)).toEqual(ALL);
    expect(await verify(context)).toMatchObject({ holds: true });
    expect(put).toBe(context.sealing.archive.put);
    context.advance(3600);
    await seal(context);
    await retain(context);
    expect(await targets(context)).toEqual([]);
    const said = context.sealing.copies.filter(({ removedThrough }: Checkpoint) => removedThrough !== undefined);
    for (const one of said) expect(await isSigned(one, [context.sealing.publicKey])).toBe(true);
    expect(said[0]?.removedThrough).toBe(3);
  });

  test("is told by an export that ends before the checkpoint that says so, and by none that was edited", async () => {
    const context = await aLog();
    context.advance(401 * DAY);
    await retainWhole(context);
    const until = "2026-11-22T05:02:30.000Z";
    expect(await verify(context, { until })).toMatchObject({ holds: true, removed: 7 });
    const lines = await exportLines(context, { until });
    const last = JSON.parse(lines.at(-1) ?? "") as { announcement: Checkpoint };
    const verifyWith = async (announcement: Checkpoint | undefined) => {
      async function* edited() {
        yield* lines.slice(0, -1);
        yield JSON.stringify({ ...last, announcement });
      }
      return verifyExport(edited(), { keys: [context.sealing.publicKey] });
    };
    expect(await verifyWith(last.announcement)).toMatchObject({ holds: true });
    for (const announcement of [
      undefined,
      { ...last.announcement, removedThrough: 9 },
      { ...last.announcement, organization: "org_2" },
      context.sealing.copies[1],
    ])
      expect(await verifyWith(announcement)).toMatchObject({ holds: false });
  });

  test("breaks no export that it meets, at whatever read", async () => {
    for (let at = 0, reads = Number.POSITIVE_INFINITY; at < reads; at++) {
      const context = await aLog();
      context.advance(401 * DAY);
      let count = 0;
      const looked = async () => {
        if (count++ === at) await retainWhole(context);
      };
      const { table } = context;
      const watched = beforeReads(table, looked);
      expect(await verify({ ...context, table: watched }), `removed before read ${at}`).toMatchObject({ holds: true });
      reads = count;
    }
  });

  test("hides nothing that was deleted: what no checkpoint says is a fault", async () => {
    const context = await aLog();
    const lines = (await exportLines(context)).map((line) => JSON.parse(line));
    async function* without() {
      let records = 0;
      for (const line of lines) {
        const isOf = line.type === "record" && line.resource.id.startsWith("a");
        if (isOf) records += 1;
        else if (line.type === "checkpoint" && line.sequence === 1)
          yield JSON.stringify({ ...line, leaves: undefined });
        else if (line.type === "end") yield JSON.stringify({ ...line, records: line.records - records });
        else yield JSON.stringify(line);
      }
    }
    expect(await verifyExport(without(), { keys: [context.sealing.publicKey] })).toMatchObject({
      holds: false,
      fault: { what: expect.stringContaining("no checkpoint says that retention removed them") },
    });
  });
});

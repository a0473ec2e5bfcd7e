import { type Checkpoint, hashOfCheckpoint, isSigned } from "@cadastre/contract/audit/checkpoint";
import { faultOfProof } from "@cadastre/contract/audit/proof";
import type { AuditRecord } from "@cadastre/contract/audit/record";
import { verifyExport } from "@cadastre/contract/audit/verify-export";
import { ProblemError } from "@cadastre/contract/errors";
import { newIdAt } from "@cadastre/contract/ids";
import { put } from "@cadastre/store/table";
import { describe, expect, test } from "vitest";
import { commitRecorded } from "../audit/commit-recorded.ts";
import { AUDIT_OPEN_PARTITIONS, AuditItem, AuditOpenItem, toStored } from "../audit/items.ts";
import { listAudit } from "../audit/list.ts";
import { aContext, anActor, type TestContext } from "../audit/testing.ts";
import { listAuditKeys, listCheckpoints } from "./checkpoints.ts";
import { placeOfRecord } from "./leaves.ts";
import { proveRecord } from "./prove.ts";
import { aSealing, exportLines, seal } from "./testing.ts";

function aSealedContext(start?: string) {
  const sealing = aSealing();
  return { context: { ...aContext(start === undefined ? {} : { start }), sealing }, sealing };
}

async function write(context: TestContext, target: string): Promise<string> {
  await commitRecorded(context, anActor, [], { action: "account.create", target });
  const { items } = await listAudit(context, { limit: 1, entityType: "account", entityId: target });
  return items[0]?.id ?? "";
}

const checkpoints = async (context: TestContext): Promise<readonly Checkpoint[]> =>
  (await listCheckpoints(context, { limit: 1000, order: "oldest" })).items;

async function openIds(context: TestContext): Promise<string[]> {
  const found = await Promise.all(
    AUDIT_OPEN_PARTITIONS.map((partition) => context.table.query(AuditOpenItem, { partition, consistent: true })),
  );
  return found.flatMap(({ items }) => items.map(({ id }) => id));
}

async function* these(lines: readonly string[]) {
  yield* lines;
}

const verify = async (context: ReturnType<typeof aSealedContext>["context"]) =>
  verifyExport(these(await exportLines(context)), { keys: [context.sealing.publicKey] });

describe("sealing", () => {
  test("makes one chain of signed checkpoints over the closed minutes, and leaves the minute that goes on open", async () => {
    const { context, sealing } = aSealedContext();
    await seal(context);
    for (let minute = 0; minute < 3; minute++) {
      await write(context, `a-${minute}`);
      await write(context, `b-${minute}`);
      context.advance(60);
      await seal(context);
    }
    const open = await write(context, "open");
    await seal(context);
    const chain = await checkpoints(context);
    expect(
      chain.map(({ sequence, size, range: { from, to } }) => [sequence, size, from.slice(14, 19), to.slice(14, 19)]),
    ).toEqual([
      [0, 0, "00:00", "00:00"],
      [1, 2, "00:00", "01:00"],
      [2, 2, "01:00", "02:00"],
      [3, 2, "02:00", "03:00"],
    ]);
    expect(chain.map(({ previous }) => previous)).toEqual([undefined, ...chain.slice(0, -1).map(hashOfCheckpoint)]);
    for (const one of chain) expect(await isSigned(one, [sealing.publicKey])).toBe(true);
    expect(sealing.copies).toEqual(chain);
    expect(await openIds(context)).toEqual([open]);
    expect(await listAuditKeys({ ...context, sealing: undefined })).toEqual([sealing.publicKey]);
    expect(await verify(context)).toMatchObject({
      holds: true,
      records: 7,
      unsealed: 1,
      checkpoints: 4,
      late: 0,
      gaps: { count: 0 },
    });
  });

  test("seals a record that is committed after its minute was sealed, as late, in the next checkpoint", async () => {
    const { context } = aSealedContext();
    await seal(context);
    context.advance(59);
    await write(context, "on-time");
    context.advance(2);
    await seal(context);
    context.advance(-10);
    const late = await write(context, "late");
    context.advance(70);
    const next = await write(context, "next");
    context.advance(60);
    await seal(context);
    const chain = await checkpoints(context);
    expect(chain.map(({ size, late }) => [size, late])).toEqual([
      [0, 0],
      [1, 0],
      [2, 1],
    ]);
    for (const id of [late, next]) {
      const proof = await proveRecord(context, id);
      expect(proof.checkpoint.sequence).toBe(2);
      expect(await faultOfProof(proof, [context.sealing.publicKey])).toBeUndefined();
    }
    expect(await verify(context)).toMatchObject({ holds: true, late: 1, records: 3, unsealed: 0 });
  });

  test("goes on when the clock was set back: nothing is lost, and the end of what is sealed never goes back", async () => {
    const { context } = aSealedContext("2030-01-01T00:00:00.000Z");
    await seal(context);
    await write(context, "ahead");
    context.advance(60);
    await seal(context);
    context.advance(-3 * 365 * 86_400);
    for (let n = 0; n < 3; n++) {
      await write(context, `back-${n}`);
      context.advance(60);
      await seal(context);
    }
    const chain = await checkpoints(context);
    const ends = chain.map(({ range }) => range.to);
    expect(ends).toEqual(ends.toSorted());
    expect(chain.reduce((sum, { late }) => sum + late, 0)).toBe(3);
    expect(await openIds(context)).toEqual([]);
    expect(await verify(context)).toMatchObject({ holds: true, records: 4, late: 3 });
    for (const { id } of (await listAudit(context, { limit: 10 })).items)
      expect(await faultOfProof(await proveRecord(context, id), [context.sealing.publicKey])).toBeUndefined();
  });

  test("says when nobody sealed, signed, and catches up with what was recorded meanwhile", async () => {
    const { context } = aSealedContext();
    await seal(context);
    context.advance(60);
    await seal(context);
    const off = context.now().toISOString();
    for (let n = 0; n < 5; n++) {
      await write(context, `off-${n}`);
      context.advance(60);
    }
    await seal(context);
    const chain = await checkpoints(context);
    expect(chain.map(({ size, gap }) => [size, gap])).toEqual([
      [0, undefined],
      [5, { from: off, to: context.now().toISOString() }],
    ]);
    expect(await verify(context)).toMatchObject({ holds: true, gaps: { count: 1, first: [{ from: off }] } });
  });

  test("says once an hour that there was nothing, and reads and writes little for a minute of silence", async () => {
    const { context } = aSealedContext();
    await seal(context);
    const costs: number[] = [];
    for (let minute = 0; minute < 125; minute++) {
      context.advance(60);
      const { units } = await context.table.meter.measure(() => seal(context));
      costs.push(units.read);
    }
    expect((await checkpoints(context)).map(({ size, range }) => [size, range.to.slice(11, 16)])).toEqual([
      [0, "05:00"],
      [0, "06:00"],
      [0, "07:00"],
    ]);
    expect(Math.max(...costs)).toBeLessThanOrEqual(60);
  });

  test("takes a minute of more records than a checkpoint has in several, each with its proofs", async () => {
    const { context } = aSealedContext();
    await seal(context);
    for (let n = 0; n < 2500; n++) {
      await commitRecorded(context, anActor, [], { action: "account.create", target: `t-${n}` });
      if (n % 100 === 0) context.advance(1);
    }
    context.advance(60);
    await seal(context);
    const chain = await checkpoints(context);
    expect(chain.map(({ size, late }) => [size, late])).toEqual([
      [0, 0],
      [1024, 0],
      [1024, 0],
      [452, 0],
    ]);
    expect(await verify(context)).toMatchObject({ holds: true, records: 2500, unsealed: 0, late: 0 });
    for (const n of [0, 1023, 1024, 2047, 2048, 2499]) {
      const { items } = await listAudit(context, { limit: 1, entityType: "account", entityId: `t-${n}` });
      const proof = await proveRecord(context, items[0]?.id ?? "");
      expect(await faultOfProof(proof, [context.sealing.publicKey])).toBeUndefined();
    }
  }, 60_000);

  test("catches up with a long log in full checkpoints, however its records are spread, with nothing left out or late", async () => {
    const { context } = aSealedContext();
    await seal(context);
    await write(context, "first");
    const [first] = (await listAudit(context, { limit: 1 })).items;
    const records = Array.from({ length: 9000 }, (_, n) => {
      const now = new Date(context.now().getTime() + n * 50);
      // The first third of one partition alone, which is read to no end before all others have begun.
      const id = n < 3000 ? `${newIdAt("audit", now).slice(0, -1)}0` : newIdAt("audit", now);
      return toStored({ ...(first as AuditRecord), id, at: now.toISOString() });
    });
    await context.table.load(records.map((item) => ({ op: "put", entity: AuditOpenItem, item })));
    context.advance(3600);
    await seal(context);
    const chain = await checkpoints(context);
    expect(chain.reduce((sum, { size }) => sum + size, 0)).toBe(9001);
    expect(chain.slice(1).filter(({ size }) => size < 700).length).toBeLessThanOrEqual(1);
    expect(await openIds(context)).toEqual([]);
    expect(await verify(context)).toMatchObject({ holds: true, records: 9001, unsealed: 0, late: 0 });
  });

  test.each([
    ["no JSON", () => "gone"],
    ["another value", (text: string) => text.replace("account.create", "account.delete")],
    ["lines of its own", (text: string) => `${text}\n{"type":"end"}`],
    ["nothing", () => "{}"],
  ])("finds a sealed record of which somebody has made %s in the table, and a list still ends", async (_, edit) => {
    const { context } = aSealedContext();
    await seal(context);
    await write(context, "a");
    const id = await write(context, "b");
    context.advance(60);
    await seal(context);
    const place = placeOfRecord(id);
    const stored = await context.table.get(AuditItem, place, { consistent: true });
    await context.table.load([put(AuditItem, { ...place, text: edit(stored?.text ?? "") })]);
    const verified = await verify(context);
    expect(verified).toMatchObject({ holds: false });
    expect(JSON.stringify(verified)).toMatch(new RegExp(`${id}|"line"`));
  });

  test("goes on sealing while the archive takes nothing, and copies it all later", async () => {
    const { context, sealing } = aSealedContext();
    const put = sealing.archive.put;
    let isDown = true;
    Object.assign(sealing.archive, {
      put: (one: Checkpoint) => (isDown ? Promise.reject(new Error("down")) : put(one)),
    });
    await expect(seal(context)).rejects.toThrow("down");
    await write(context, "a");
    context.advance(600);
    await expect(seal(context)).rejects.toThrow("down");
    expect(await checkpoints(context)).toHaveLength(2);
    isDown = false;
    context.advance(3600);
    await seal(context);
    const chain = await checkpoints(context);
    expect(sealing.copies).toEqual(chain);
  });

  test("proves nothing of what is not there or not sealed yet", async () => {
    const { context } = aSealedContext();
    await seal(context);
    const id = await write(context, "a");
    await expect(proveRecord(context, id)).rejects.toThrow(new ProblemError("audit.unsealed"));
    await expect(proveRecord(context, "aud_01JD0000000000000000000000")).rejects.toThrow(
      new ProblemError("audit.not_found"),
    );
  });
});

import { auditRecord } from "@cadastre/contract/audit/record";
import type { AuditAction } from "@cadastre/contract/audit-actions";
import { newId } from "@cadastre/contract/ids";

import { create } from "@cadastre/store/table";
import { describe, expect, test } from "vitest";
import { systemActor } from "../context.ts";
import { commitRecorded } from "./commit-recorded.ts";
import { AUDIT_OPEN_PARTITIONS, AuditOpenItem, toStored } from "./items.ts";
import { type AuditFilter, listAudit } from "./list.ts";
import { aContext, anActor, anActorOf, type TestContext } from "./testing.ts";

const DAY = 86_400;

async function write(context: TestContext, target: string, action: AuditAction = "account.create", actor = anActor) {
  await commitRecorded(context, actor, [], { action, target });
}

/** One record a day, from the first of October to the end of the year. */
async function aQuarter(): Promise<TestContext> {
  const context = aContext({ start: "2026-10-01T00:00:00.000Z" });
  for (let day = 0; day < 92; day++) {
    if (day > 0) context.advance(DAY);
    await write(context, `day-${day}`, day % 10 === 0 ? "token.create" : "account.create");
  }
  return context;
}

async function all(context: TestContext, filter: AuditFilter = {}, limit = 7) {
  const targets: string[] = [];
  const sizes: number[] = [];
  let cursor: string | undefined;
  do {
    const page = await listAudit(context, { limit, cursor, ...filter });
    targets.push(...page.items.map((item) => auditRecord.strict().parse(item).resource.id));
    sizes.push(page.items.length);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return { targets, sizes };
}

const days = (from: number, to: number) => Array.from({ length: from - to + 1 }, (_, at) => `day-${from - at}`);

describe("the audit log", () => {
  test("is read newest first over the months, each record once", async () => {
    const { targets, sizes } = await all(await aQuarter());
    expect(targets).toEqual(days(91, 0));
    expect(Math.max(...sizes)).toBe(7);
  });

  test("keeps the order of the records within one millisecond and over the turn of a year", async () => {
    const context = aContext({ start: "2026-12-31T23:59:59.999Z" });
    for (const target of ["a", "b", "c"]) await write(context, target);
    context.advance(0.001);
    await write(context, "d");
    expect((await all(context, {}, 1)).targets).toEqual(["d", "c", "b", "a"]);
  });

  test("orders by time also when a process's clock was set back", async () => {
    const context = aContext({ start: "2026-11-22T05:00:00.000Z" });
    await write(context, "late");
    context.advance(-10);
    await write(context, "early");
    context.advance(20);
    expect((await all(context)).targets).toEqual(["late", "early"]);
    expect((await all(context, { since: "2026-11-22T05:00:00.000Z" })).targets).toEqual(["late"]);
  });

  test("is filtered by actor, action and target", async () => {
    const context = await aQuarter();
    await write(context, "mine", "account.create", systemActor("r"));
    expect((await all(context, { actor: "system" })).targets).toEqual(["mine"]);
    expect((await all(context, { action: "token.create" })).targets).toHaveLength(10);
    expect((await all(context, { entityId: "day-3" })).targets).toEqual(["day-3"]);
    expect((await all(context, { entityId: "day-3", action: "token.create" })).targets).toEqual([]);
  });

  test("is bounded by since and until, both inclusive, in any ISO form", async () => {
    const context = await aQuarter();
    const filter = { since: "2026-10-31T01:00:00+01:00", until: "2026-11-02T00:00:00Z" };
    expect((await all(context, filter)).targets).toEqual(["day-32", "day-31", "day-30"]);
    expect((await all(context, { ...filter, action: "token.create" })).targets).toEqual(["day-30"]);
    expect((await all(context, { since: "2027-01-01T00:00:00Z" })).targets).toEqual([]);
  });

  test("a cursor is bound to the filters of its list", async () => {
    const context = await aQuarter();
    const { cursor } = await listAudit(context, { limit: 1 });
    for (const filter of [{ until: "2026-10-02T00:00:00Z" }, { action: "token.create" }, { actor: "system" }]) {
      await expect(listAudit(context, { limit: 3, cursor, ...filter })).rejects.toMatchObject({
        code: "cursor.invalid",
      });
    }
  });

  test("takes a cursor unchanged alone, also where decoding would skip what was added", async () => {
    const context = await aQuarter();
    const { cursor = "" } = await listAudit(context, { limit: 1 });
    for (const altered of [`${cursor}.`, `${cursor}=`, ` ${cursor}`, `${cursor.slice(0, 4)}\n${cursor.slice(4)}`])
      await expect(listAudit(context, { limit: 1, cursor: altered })).rejects.toMatchObject({ code: "cursor.invalid" });
    expect((await listAudit(context, { limit: 1, cursor })).items).toHaveLength(1);
  });

  test("refuses foreign cursors and times that are none", async () => {
    const context = aContext();
    for (const cursor of ["x", "", Buffer.from('{"month":"2026-13"}').toString("base64url")]) {
      await expect(listAudit(context, { limit: 1, cursor })).rejects.toMatchObject({ code: "cursor.invalid" });
    }
    await expect(listAudit(context, { limit: 1, since: "yesterday" })).rejects.toMatchObject({
      code: "request.invalid",
      errors: [{ path: "since", message: "must be an ISO time" }],
    });
  });

  test("finds a record of any age at once, also one whose clock was years off", async () => {
    const context = aContext({ start: "1999-01-15T00:00:00.000Z" });
    await write(context, "first");
    context.advance(10_000 * DAY);
    const { result, units } = await context.table.meter.measure(() => listAudit(context, { limit: 10 }));
    expect(result.items.map((item) => item.resource.id)).toEqual(["first"]);
    // One for each partition, and one for the key of who acted.
    expect(units.read).toBeLessThanOrEqual(9);
  });

  test("is spread over partitions, so that no key takes all writes", async () => {
    const context = aContext();
    for (let at = 0; at < 64; at++) await write(context, `t-${at}`);
    const sizes = await Promise.all(
      AUDIT_OPEN_PARTITIONS.map(
        async (partition) => (await context.table.query(AuditOpenItem, { partition })).items.length,
      ),
    );
    expect(Math.max(...sizes)).toBeLessThanOrEqual(16);
    expect((await all(context)).targets).toHaveLength(64);
  });

  test("with a filter that nothing matches reads a bounded number of records for each page", async () => {
    const context = aContext();
    await write(context, "t");
    const { items } = await listAudit(context, { limit: 1 });
    const [record] = items;
    if (!record) throw new Error("no record");
    for (let at = 0; at < 60; at++) {
      await context.table.commit(
        Array.from({ length: 100 }, () =>
          create(AuditOpenItem, toStored({ ...record, id: newId("audit", context.now()) })),
        ),
      );
    }
    const page = await context.table.meter.measure(() => listAudit(context, { limit: 10, entityId: "none" }));
    expect(page.result.items).toEqual([]);
    expect(page.result.cursor).toBeDefined();
    expect(page.calls).toBeLessThanOrEqual(40);
    expect((await all(context, { entityId: "none" })).sizes.length).toBeLessThan(4);
  });

  test("is read by entity, actor, action or outcome from a list of those, however long the log is", async () => {
    const context = aContext();
    const rare = anActorOf("user", "usr_RARE");
    await write(context, "rare", "token.revoke", rare);
    await commitRecorded(context, anActor, [], { action: "account.create", target: "refused", outcome: "denied" });
    for (let n = 0; n < 300; n++) await write(context, `t-${n}`);
    const filters: AuditFilter[] = [
      { entityType: "token", entityId: "rare" },
      { actor: "usr_RARE" },
      { actor: "user:usr_RARE" },
      { action: "token.revoke" },
      { outcome: "denied" },
    ];
    for (const filter of filters) {
      const { result, units } = await context.table.meter.measure(() => listAudit(context, { limit: 50, ...filter }));
      expect(result.items.map(({ resource }) => resource.id)).toEqual([filter.outcome ? "refused" : "rare"]);
      expect(result.cursor).toBeUndefined();
      // The entries, the record where it is not once it is sealed, and where it is, and the key of who acted.
      expect(units.read).toBeLessThanOrEqual(4);
    }
    expect((await all(context, { actor: "user:usr_RARE", action: "account.create" })).targets).toEqual([]);
  });

  test("is read oldest first in pages that go on where the last one ended, by list or not", async () => {
    const context = await aQuarter();
    const filters: AuditFilter[] = [{}, { actor: anActor.principal.id }, { action: "account.create" }];
    for (const filter of filters) {
      const { targets } = await all(context, { ...filter, order: "oldest" });
      expect(targets).toEqual((await all(context, filter)).targets.toReversed());
    }
    const since = "2026-12-30T00:00:00Z";
    expect((await all(context, { since, order: "oldest" }, 1)).targets).toEqual(["day-90", "day-91"]);
  });

  test("is searched for a text, whatever the case of its letters, and for what rules ask for", async () => {
    const context = aContext();
    const detail = { reason: 'Because "Ünit" 7' };
    await commitRecorded(context, anActor, [], { action: "account.noted", target: "x", detail });
    await write(context, "y", "account.create");
    for (const q of ["because", "ünit", '"ÜNIT" 7', "ACCOUNT.NOTED"])
      expect((await all(context, { q })).targets, q).toEqual(["x"]);
    expect((await all(context, { q: "2026-11" })).targets).toEqual([]);
    expect((await all(context, { flag: "sox" })).targets).toEqual(["y"]);
  });
});

import type { LogLine } from "@cadastre/contract/log";
import { ConflictError } from "@cadastre/store/errors";
import type { Refusal } from "@cadastre/store/table";
import { expect, test } from "vitest";
import { aContext, withEmptyReplica } from "../audit/testing.ts";
import { TokenUseItem } from "./items.ts";
import { createTokenUses } from "./token-uses.ts";

const TOKEN = { id: "tok_01JD0000000000000000000000", expiresAt: "2027-11-22T05:00:00.000Z" };

function aNote(context = aContext()) {
  const lines: LogLine[] = [];
  const seen: { commits: number; fails: Error | undefined } = { commits: 0, fails: undefined };
  const commit: typeof context.table.commit = async (writes) => {
    seen.commits += 1;
    if (seen.fails !== undefined) throw seen.fails;
    return context.table.commit(writes);
  };
  const own = { ...context, table: { ...context.table, commit } };
  return { context, seen, lines, note: createTokenUses({ context: own, log: (line) => void lines.push(line) }) };
}

const usedAt = async ({ context }: ReturnType<typeof aNote>) =>
  (await context.table.get(TokenUseItem, TOKEN, { consistent: true }))?.usedAt;

test("a token's use is written once an hour, by whatever number of requests and instances at once", async () => {
  const one = aNote();
  const other = aNote(one.context);
  await Promise.all([one, other, one, other, one].map(({ note }) => note(TOKEN)));
  expect(one.seen.commits).toBe(1);
  expect(other.seen.commits).toBeLessThanOrEqual(1);
  expect(await usedAt(one)).toBe("2026-11-22T05:00:00.000Z");
  one.context.advance(3599);
  await Promise.all([one, other, aNote(one.context)].map(({ note }) => note(TOKEN)));
  expect(await usedAt(one)).toBe("2026-11-22T05:00:00.000Z");
  one.context.advance(1);
  await one.note(TOKEN);
  await other.note(TOKEN);
  expect(await usedAt(one)).toBe("2026-11-22T06:00:00.000Z");
  expect(one.lines).toEqual([]);
});

test("what cannot be written is logged, holds up nobody, and is tried again by the next request", async () => {
  const one = aNote();
  one.seen.fails = new Error("no table");
  await one.note(TOKEN);
  const message = "the last use of a token could not be written";
  expect(one.lines).toEqual([{ level: "warn", message, error: "Error: no table" }]);
  one.seen.fails = undefined;
  await one.note(TOKEN);
  expect(await usedAt(one)).toBe("2026-11-22T05:00:00.000Z");
});

test("an instance that starts within the hour reads what was written, and writes nothing", async () => {
  const one = aNote();
  await one.note(TOKEN);
  one.context.advance(1800);
  const late = aNote(one.context);
  await late.note(TOKEN);
  await late.note(TOKEN);
  expect(late.seen.commits).toBe(0);
});

test("what another wrote meanwhile is written; a table that was only busy is asked again", async () => {
  const refusals = (...reasons: Refusal["reason"][]) =>
    new ConflictError(reasons.map((reason, index) => ({ index, reason }) as Refusal));
  const written = aNote();
  written.seen.fails = refusals("exists");
  await written.note(TOKEN);
  await written.note(TOKEN);
  expect([written.lines, written.seen.commits]).toEqual([[], 1]);
  for (const fails of [refusals("busy"), refusals("exists", "busy")]) {
    const busy = aNote();
    busy.seen.fails = fails;
    await busy.note(TOKEN);
    expect(busy.lines).toHaveLength(1);
    busy.seen.fails = undefined;
    await busy.note(TOKEN);
    expect(await usedAt(busy)).toBe("2026-11-22T05:00:00.000Z");
  }
});

test("a use is written over the one before, however far replicas are behind, and forgotten a day after the token", async () => {
  const one = aNote(withEmptyReplica(aContext()));
  await one.note(TOKEN);
  one.context.advance(3600);
  await one.note(TOKEN);
  expect(one.lines).toEqual([]);
  const item = await one.context.table.get(TokenUseItem, TOKEN, { consistent: true });
  const { retentionDays } = one.context;
  const end = Date.parse(TOKEN.expiresAt) / 1000 + (retentionDays + 1) * 86_400;
  expect(item).toMatchObject({ usedAt: "2026-11-22T06:00:00.000Z", expiresAt: end });
});

test("a process remembers so many tokens, and forgets the one that was noted longest ago", async () => {
  const context = aContext();
  const asked: string[] = [];
  const get = (async (_: unknown, { id }: { id: string }) =>
    void asked.push(id)) as unknown as typeof context.table.get;
  const table = { ...context.table, get, commit: async () => {} };
  const note = createTokenUses({ context: { ...context, table }, log: () => {} });
  const of = (n: number) => note({ ...TOKEN, id: `tok_${n}` });
  const isRemembered = async (n: number) => {
    asked.length = 0;
    await of(n);
    return asked.length === 0;
  };
  for (let n = 0; n < 10_000; n += 1) await of(n);
  expect(await isRemembered(0)).toBe(true);
  context.advance(3600);
  // Noted again, it is the newest of them.
  expect(await isRemembered(0)).toBe(false);
  for (let n = 2; n < 10_000; n += 1) await of(n);
  await of(10_000);
  expect([await isRemembered(0), await isRemembered(9_999), await isRemembered(10_000)]).toEqual([true, true, true]);
  await of(10_001);
  expect([await isRemembered(2), await isRemembered(0)]).toEqual([true, false]);
});

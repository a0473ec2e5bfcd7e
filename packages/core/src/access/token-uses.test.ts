import type { LogLine } from "@cadastre/contract/log";
import { expect, test } from "vitest";
import { aContext } from "../audit/testing.ts";
import { TokenUseItem } from "./items.ts";
import { createTokenUses } from "./token-uses.ts";

const TOKEN = { id: "tok_01JD0000000000000000000000", expiresAt: "2027-11-22T05:00:00.000Z" };

function aNote(context = aContext()) {
  const lines: LogLine[] = [];
  const seen = { commits: 0, fails: false };
  const commit: typeof context.table.commit = async (writes) => {
    seen.commits += 1;
    if (seen.fails) throw new Error("no table");
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
  one.seen.fails = true;
  await one.note(TOKEN);
  expect(one.lines).toMatchObject([{ level: "warn", error: "Error: no table" }]);
  one.seen.fails = false;
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

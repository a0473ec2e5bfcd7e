import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { canonicalJson } from "../digest.ts";
import { type Checkpoint, hashOfCheckpoint, signCheckpoint } from "./checkpoint.ts";
import { anAuditKey, anExport, aRecord } from "./testing.ts";
import { type Verification, type VerifyOptions, verifyExport } from "./verify-export.ts";

type Json = Record<string, unknown>;

const key = anAuditKey();
let lines: string[] = [];
beforeAll(async () => {
  lines = [];
  for await (const line of anExport(key, [3, 0, 1, 4], 2)) lines.push(line.trimEnd());
});

async function* these(given: readonly string[]) {
  yield* given;
}

const verify = (given: readonly string[], options: Partial<VerifyOptions> = {}): Promise<Verification> =>
  verifyExport(these(given), { keys: [key.publicKey], ...options });

const faultOf = async (given: readonly string[]) => {
  const verified = await verify(given);
  if (verified.holds) throw new Error("it holds");
  return verified.fault;
};

const parsed = (line: string | undefined): Json => JSON.parse(line ?? "null") as Json;
const idOf = (line: string | undefined) => parsed(line).id;
const edited = (at: number, change: Json): string[] =>
  lines.map((line, place) => (place === at ? JSON.stringify({ ...parsed(line), ...change }) : line));
const without = (...places: number[]): string[] => lines.filter((_, place) => !places.includes(place));

/** Where each sort of line is, in the export of three, none, one and four records, and two that are not sealed. */
const FIRST = { records: [0, 1, 2], checkpoint: 3 };
const EMPTY = 4;
const LAST = { records: [7, 8, 9, 10], checkpoint: 11 };

describe("an export that nobody touched", () => {
  test("holds, and says how much there is", async () => {
    expect(await verify(lines)).toEqual({
      holds: true,
      checkpoints: 4,
      records: 10,
      unsealed: 2,
      late: 0,
      removed: 0,
      range: { from: "2026-11-22T05:00:00.000Z", to: "2026-11-22T05:04:00.000Z" },
      gaps: { count: 0, first: [] },
    });
  });

  test("holds also with its members in another order, since only their bytes by RFC 8785 count", async () => {
    const turned = lines.map((line) => JSON.stringify(Object.fromEntries(Object.entries(parsed(line)).toReversed())));
    expect(await verify(turned)).toMatchObject({ holds: true });
  });
});

describe("what was done to an export is named", () => {
  test.each([
    ["a record that was edited", () => edited(1, { outcome: "denied" }), 1, "was edited"],
    ["a member that was put in", () => edited(8, { more: 1 }), 8, "was edited"],
    ["a record that was deleted", () => without(1), 1, "was deleted"],
    ["the first of a checkpoint", () => without(7), 7, "was deleted"],
    [
      "a record that is not sealed and was edited",
      () => edited(12, { at: "2026-11-22T05:04:01.000Z" }),
      12,
      "was edited",
    ],
    ["a record that is not sealed and was deleted", () => without(13), 13, "was deleted"],
  ])("%s", async (_, change, at, what) => {
    expect(await faultOf(change())).toMatchObject({ record: idOf(lines[at]), what });
  });

  test("a record that was inserted", async () => {
    const strange = JSON.stringify({ type: "record", ...aRecord(new Date("2026-11-22T05:00:01Z"), 99) });
    expect(await faultOf(lines.toSpliced(2, 0, strange))).toMatchObject({
      record: idOf(strange),
      what: "was inserted",
    });
  });

  test("a record that is there twice", async () => {
    const twice = lines.toSpliced(2, 0, lines[0] as string);
    expect(await faultOf(twice)).toMatchObject({ record: idOf(lines[0]), what: expect.stringContaining("twice") });
  });

  test("a record that was moved, within its checkpoint or to another", async () => {
    const swapped = lines.with(8, lines[9] as string).with(9, lines[8] as string);
    expect(await faultOf(swapped)).toMatchObject({ record: idOf(lines[9]), what: expect.stringContaining("moved") });
    const away = lines.toSpliced(0, 1).toSpliced(3, 0, lines[0] as string);
    expect(await faultOf(away)).toMatchObject({ record: idOf(lines[0]), what: "was deleted" });
  });

  test("a checkpoint that was edited, also where its records and leaves were changed with it", async () => {
    const range = { from: "2026-11-22T05:00:00.000Z", to: "2026-11-22T05:00:30.000Z" };
    expect(await faultOf(edited(FIRST.checkpoint, { range }))).toMatchObject({
      checkpoint: { sequence: 0, range },
      what: expect.stringContaining("signature"),
    });
    const leaves = (parsed(lines[FIRST.checkpoint]).leaves as Json[]).slice(1);
    for (const hash of ["", "00", "g".repeat(64), "0".repeat(66)]) {
      const wrong = [{ ...leaves[0], hash }, ...leaves.slice(1)];
      expect(await faultOf(edited(FIRST.checkpoint, { leaves: wrong }))).toMatchObject({
        what: expect.stringContaining("does not have the form"),
      });
    }
    expect(await faultOf(edited(FIRST.checkpoint, { leaves }))).toMatchObject({
      checkpoint: { sequence: 0 },
      what: expect.stringContaining("list of its leaves"),
    });
  });

  test("a checkpoint that is missing, with or without its records", async () => {
    expect(await faultOf(without(EMPTY))).toMatchObject({ what: expect.stringContaining("missing between 0 and 2") });
    expect(await faultOf(without(...FIRST.records, FIRST.checkpoint))).toMatchObject({ line: expect.any(Number) });
    expect(await faultOf(without(...LAST.records, LAST.checkpoint))).toMatchObject({
      checkpoint: { sequence: 2 },
      what: expect.stringContaining("taken out"),
    });
  });

  test("a chain that was made anew by another key, or by the right one from another checkpoint", async () => {
    const other = anAuditKey();
    const chained: string[] = [];
    for await (const line of anExport(other, [3])) chained.push(line.trimEnd());
    expect(await faultOf(chained)).toMatchObject({ what: expect.stringContaining("not among those given") });
    const { type: _, leaves, signature: __, ...body } = parsed(lines[FIRST.checkpoint]);
    const forged = await signCheckpoint({ ...(body as unknown as Checkpoint), late: 1 }, key.signer);
    const given = lines.with(FIRST.checkpoint, JSON.stringify({ type: "checkpoint", ...forged, leaves }));
    expect(await faultOf(given)).toMatchObject({ checkpoint: { sequence: 1 }, what: expect.stringContaining("anew") });
    expect(hashOfCheckpoint(forged)).not.toBe(hashOfCheckpoint(body));
  });

  test("an export that was cut off, at a line or within it", async () => {
    for (let length = 1; length < lines.length; length++)
      expect(await faultOf(lines.slice(0, length))).toMatchObject({ what: expect.stringContaining("cut off") });
    const half = lines.with(-1, (lines.at(-1) ?? "").slice(0, 20));
    expect(await faultOf(half)).toMatchObject({ what: expect.stringContaining("not a JSON object") });
    expect(await faultOf([])).toMatchObject({ what: expect.stringContaining("cut off") });
  });

  test("records that are gone with the list of their leaves, unless a checkpoint says that retention removed them", async () => {
    const { leaves: _, ...bare } = parsed(lines[FIRST.checkpoint]);
    const { leaves: __, ...end } = parsed(lines.at(-1));
    const given = without(...FIRST.records)
      .with(0, JSON.stringify(bare))
      .with(-1, JSON.stringify({ ...end, records: 7, leaves: parsed(lines.at(-1)).leaves }));
    expect(await faultOf(given)).toMatchObject({ what: expect.stringContaining("no checkpoint says that retention") });
  });
});

describe("any single change", () => {
  /** All places in a value that can be changed. */
  function placesOf(value: unknown, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
    if (value === null || typeof value !== "object") return [path];
    return [path, ...Object.entries(value).flatMap(([name, one]) => placesOf(one, [...path, name]))];
  }

  function changed(value: unknown, path: readonly (string | number)[], how: number): unknown {
    const [first, ...rest] = path;
    if (first === undefined) {
      if (typeof value === "string") return [`${value}x`, value.slice(1), "", null][how % 4];
      if (typeof value === "number") return [value + 1, -value - 1, String(value), null][how % 4];
      if (typeof value === "boolean") return [!value, null, 0, "true"][how % 4];
      if (value === null) return [0, "", false, {}][how % 4];
      if (Array.isArray(value)) return how % 2 === 0 ? [...value, 1] : { ...value, a: 1 };
      return how % 2 === 0 ? { ...value, added: 1 } : null;
    }
    if (Array.isArray(value)) return value.with(Number(first), changed(value[Number(first)], rest, how));
    const object = value as Json;
    if (rest.length === 0 && how % 5 === 4)
      return Object.fromEntries(Object.entries(object).filter(([name]) => name !== first));
    return { ...object, [first]: changed(object[first], rest, how) };
  }

  const isSame = (a: readonly string[], b: readonly string[]) =>
    a.length === b.length && a.every((line, at) => canonicalJson(parsed(line)) === canonicalJson(parsed(b[at])));

  test("of a value, anywhere, is found", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat(), fc.nat({ max: 19 }), async (at, where, how) => {
        const line = at % lines.length;
        const value = parsed(lines[line]);
        const places = placesOf(value);
        const next = changed(value, places[where % places.length] ?? [], how);
        const given = lines.with(line, JSON.stringify(next));
        fc.pre(!isSame(given, lines));
        expect((await verify(given)).holds, JSON.stringify(next)).toBe(false);
      }),
      { numRuns: 800 },
    );
  }, 60_000);

  test("of the lines, as they are left out, doubled, moved, swapped or put in, is found", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat(), fc.nat({ max: 4 }), async (one, other, how) => {
        const [a, b] = [one % lines.length, other % lines.length];
        const [first, second] = [lines[a] as string, lines[b] as string];
        const strange = JSON.stringify({ type: "record", ...aRecord(new Date("2026-11-22T05:00:30Z"), one) });
        const given = [
          lines.toSpliced(a, 1),
          lines.toSpliced(b, 0, first),
          lines.with(a, second).with(b, first),
          lines.toSpliced(a, 1).toSpliced(b, 0, first),
          lines.toSpliced(a, 0, strange),
        ][how] as string[];
        fc.pre(!isSame(given, lines));
        expect((await verify(given)).holds).toBe(false);
      }),
      { numRuns: 800 },
    );
  }, 60_000);
});

test("records without end and without a checkpoint are not held on to", async () => {
  let read = 0;
  async function* endless() {
    for (;;) {
      read += 1;
      yield JSON.stringify({ type: "record", ...aRecord(new Date("2026-11-22T05:00:00Z"), read) });
    }
  }
  expect(await verifyExport(endless(), { keys: [key.publicKey] })).toMatchObject({
    holds: false,
    fault: { line: 2049 },
  });
});

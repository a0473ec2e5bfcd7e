import { beforeAll, expect, test } from "vitest";
import { type Checkpoint, type CheckpointBody, hashOfCheckpoint, signCheckpoint } from "./checkpoint.ts";
import { anAuditKey, anExport, aRecord, lineOf } from "./testing.ts";
import { verifyExport } from "./verify-export.ts";

/* Of checkpoints that the right key has signed: what the signature says nothing of. */

type Line = Record<string, unknown>;

const key = anAuditKey();
let lines: Line[] = [];
beforeAll(async () => {
  lines = [];
  for await (const line of anExport(key, [1, 0, 1])) lines.push(JSON.parse(line) as Line);
});

/** Records and checkpoints stand by turns: 0 a record, 1 its checkpoint, 2 an empty one, 3 a record, 4 its checkpoint, 5 the end. */
const LAST = 4;
const EMPTY = 2;

async function signed(
  line: Line | undefined,
  change: Partial<CheckpointBody> & { previous?: string | undefined },
): Promise<Line> {
  const { type, leaves, signature: _, ...body } = line as Line;
  const next = JSON.parse(JSON.stringify({ ...body, ...change })) as CheckpointBody;
  return { type, ...(await signCheckpoint(next, key.signer)), leaves };
}

const hashOf = ({ type: _, leaves: __, ...checkpoint }: Line): string =>
  hashOfCheckpoint(checkpoint as unknown as Checkpoint);

async function whatOf(given: readonly Line[]): Promise<string> {
  async function* texts() {
    for (const line of given) yield JSON.stringify(line);
  }
  const verified = await verifyExport(texts(), { keys: [key.publicKey] });
  return verified.holds ? "holds" : verified.fault.what;
}

/** The same with its last checkpoint signed anew, and an end that says so. */
async function withLast(change: Partial<CheckpointBody>): Promise<Line[]> {
  const last = await signed(lines[LAST], change);
  return [...lines.slice(0, LAST), last, { ...lines[5], last: hashOf(last) }];
}

test("a checkpoint that is the next one of another organization, or of another time, does not follow", async () => {
  expect(await whatOf(lines)).toBe("holds");
  expect(await whatOf(await withLast({}))).toBe("holds");
  expect(await whatOf(await withLast({ organization: "second" }))).toBe("it is of another organization");
  const { range } = lines[LAST] as unknown as Checkpoint;
  const later = { from: "2026-11-22T05:02:30.000Z", to: range.to };
  expect(await whatOf(await withLast({ range: later }))).toMatch(/time does not begin where/);
});

test("a chain begins with its first checkpoint, or names the one before it", async () => {
  const cut = async (change: { previous?: string | undefined; sequence?: number }) => {
    const last = await signed(lines[LAST], change);
    const end = { ...lines[5], first: last.sequence, checkpoints: 1, records: 1, last: hashOf(last) };
    return whatOf([lines[3] as Line, last, end]);
  };
  expect(await cut({})).toBe("holds");
  expect(await cut({ previous: undefined })).toMatch(/does not begin here/);
  expect(await cut({ sequence: 0 })).toMatch(/does not begin here/);
});

test("of a checkpoint without records the list of leaves cannot be gone, nor can one that is removed have any", async () => {
  const { leaves: _, ...bare } = lines[EMPTY] as Line;
  expect(await whatOf(lines.with(EMPTY, bare))).toBe("the list of its leaves was taken away");
  const { leaves: __, ...removed } = lines[1] as Line;
  const announced = await withLast({ removedThrough: 0 });
  const end = announced[5] as Line;
  expect(await whatOf([removed, ...announced.slice(2, 5), { ...end, records: 1 }])).toBe("holds");
  expect(await whatOf([lines[0] as Line, removed, ...announced.slice(2, 5), { ...end, records: 2 }])).toMatch(
    /^was inserted: retention has removed/,
  );
});

test("what says that records were removed is of the same log", async () => {
  const { leaves: _, ...removed } = lines[1] as Line;
  const end = { ...lines[5], checkpoints: 1, records: 0, last: hashOf(lines[1] as Line) };
  const announcementOf = async (change: Partial<CheckpointBody>) => {
    const { leaves: __, type: ___, ...announcement } = await signed(lines[LAST], { removedThrough: 0, ...change });
    return whatOf([removed, { ...end, announcement }]);
  };
  expect(await announcementOf({})).toBe("holds");
  for (const change of [{ organization: "second" }, { sequence: 0 }])
    expect(await announcementOf(change)).toBe("what says that retention removed records was edited");
});

test("more records than a checkpoint can have are not waited for", async () => {
  async function* endless() {
    for (let n = 0; n < 100_000; n++) yield lineOf(aRecord(new Date(0), n));
  }
  const verified = await verifyExport(endless(), { keys: [key.publicKey] });
  expect(verified).toMatchObject({ holds: false, fault: { line: 2049, what: expect.stringContaining("so many") } });
});

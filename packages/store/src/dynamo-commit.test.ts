import { describe, expect, it } from "vitest";
import * as z from "zod";
import { commitWith, type Outcome } from "./dynamo-commit.ts";
import { defineEntity } from "./entity.ts";
import { createMeter } from "./meter.ts";
import { type Planned, planCommit } from "./plan.ts";
import type { Row } from "./row.ts";
import { check, create, put, remove, replace, type Write } from "./table.ts";

const note = defineEntity({
  type: "note",
  about: "A note",
  schema: z.object({ id: z.string() }),
  key: { partition: (of: { id: string }) => `note/${of.id}`, sort: () => "note" },
});
const NOW = new Date(10_000);
const item = (id: string) => ({ id });
const old = (version: number): Row => ({
  pk: "note/a",
  sk: "note",
  type: "note",
  version,
  expires: undefined,
  fields: { id: "a" },
});
const failed = (old?: Row) => ({ code: "ConditionalCheckFailed", old });
const NONE = { code: "None", old: undefined };

class Named extends Error {
  constructor(name: string) {
    super(name);
    this.name = name;
  }
}

/** Commits while DynamoDB answers so, one answer after the other, and the last of them for ever. */
async function commit(writes: readonly Write[], ...answers: readonly ((planned: readonly Planned[]) => Outcome)[]) {
  const meter = createMeter();
  const delays: number[] = [];
  let sent = 0;
  const refused = await commitWith({
    planned: planCommit(writes),
    now: NOW,
    send: async (planned) => (answers[Math.min(sent++, answers.length - 1)] as (typeof answers)[number])(planned),
    meter,
    retry: { maxAttempts: 3, delay: async (milliseconds) => void delays.push(milliseconds), random: () => 1 },
  });
  return { refused, sent, delays, write: meter.units.write };
}

const done = (): Outcome => ({ done: true, units: 7 });
const answer =
  (reasons: readonly ReturnType<typeof failed>[], attempts = 1) =>
  (): Outcome => ({ done: false, error: new Named("TransactionCanceledException"), attempts, reasons });
const throwing = (name: string) => (): Outcome => {
  throw new Named(name);
};
const reasonsOf = async (...of: Parameters<typeof commit>) =>
  (await commit(...of)).refused.map(({ index, reason }) => [index, reason]);

describe("a commit", () => {
  it("that is done is charged with what DynamoDB says", async () => {
    expect(await commit([put(note, item("a"))], done)).toEqual({ refused: [], sent: 1, delays: [], write: 7 });
  });

  it("of which conditions fail says which and why, by what stands there, and is charged as if it had been done", async () => {
    const writes = [put(note, item("b")), replace(note, item("a"), 3), create(note, item("c"))];
    const { refused, sent, write } = await commit(writes, answer([NONE, failed(old(5)), failed(old(5))]));
    expect(refused).toEqual([
      { index: 1, reason: "version", oldSize: expect.any(Number) },
      { index: 2, reason: "exists", oldSize: expect.any(Number) },
    ]);
    expect(refused[0]?.oldSize).toBeGreaterThan(20);
    expect([sent, write]).toEqual([1, 6]);
  });

  it("says why also where an engine does not say what stood there", async () => {
    const writes = [
      create(note, item("a")),
      replace(note, item("b"), 3),
      check(note, item("c"), "absent"),
      check(note, item("d"), 3),
    ];
    expect(await reasonsOf(writes, answer(writes.map(() => failed())))).toEqual([
      [0, "exists"],
      [1, "missing"],
      [2, "check"],
      [3, "check"],
    ]);
  });
});

describe("a lone write that was sent again after a lost answer", () => {
  const own = (attempts: number) => (planned: readonly Planned[]) => {
    const [lone] = planned as [Planned & { row: Row }];
    return answer([failed(old(lone.row.version))], attempts)();
  };

  it("is done when what is in its way is what it put there itself", async () => {
    for (const write of [create(note, item("a")), replace(note, item("a"), 3)])
      expect((await commit([write], own(2))).refused).toEqual([]);
  });

  it("is refused when that is another's, or when it was sent once", async () => {
    expect(await reasonsOf([create(note, item("a"))], answer([failed(old(5))], 2))).toEqual([[0, "exists"]]);
    expect(await reasonsOf([create(note, item("a"))], answer([failed()], 2))).toEqual([[0, "exists"]]);
    expect(await reasonsOf([create(note, item("a"))], own(1))).toEqual([[0, "exists"]]);
    expect(await reasonsOf([remove(note, item("a"), 3)], answer([failed(old(5))], 2))).toEqual([[0, "version"]]);
    const two = [create(note, item("a")), put(note, item("b"))];
    const first = (planned: readonly Planned[]) => {
      const [one] = planned as [Planned & { row: Row }];
      return answer([failed(old(one.row.version)), NONE], 2)();
    };
    expect(await reasonsOf(two, first)).toEqual([[0, "exists"]]);
  });
});

describe("a commit that meets others, or a table that is busy,", () => {
  it("is sent again after a while that grows", async () => {
    const conflict = { code: "TransactionConflict", old: undefined };
    const { refused, delays, write } = await commit(
      [put(note, item("a"))],
      answer([conflict]),
      throwing("ThrottlingException"),
      done,
    );
    expect([refused, delays, write]).toEqual([[], [50, 100], 7]);
  });

  it.each(["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"])(
    "is busy at the places that were, after the last attempt: %s",
    async (code) => {
      const writes = [put(note, item("a")), put(note, item("b"))];
      const { refused, sent, delays } = await commit(writes, answer([NONE, { code, old: undefined }]));
      expect(refused).toEqual([{ index: 1, reason: "busy", oldSize: 0 }]);
      expect([sent, delays]).toEqual([3, [50, 100]]);
    },
  );

  it("is busy as a whole where DynamoDB does not say at which", async () => {
    const { refused } = await commit([put(note, item("a"))], throwing("ProvisionedThroughputExceededException"));
    expect(refused).toEqual([{ index: 0, reason: "busy", oldSize: 0 }]);
  });

  it("is refused at once where a condition fails, too", async () => {
    const writes = [create(note, item("a")), put(note, item("b"))];
    const busy = { code: "TransactionConflict", old: undefined };
    expect(await reasonsOf(writes, answer([failed(old(5)), busy]))).toEqual([[0, "exists"]]);
  });
});

it("what DynamoDB refuses for another reason is thrown as it is", async () => {
  await expect(commit([put(note, item("a"))], throwing("AccessDeniedException"))).rejects.toThrow("AccessDenied");
  const invalid = { code: "ValidationError", old: undefined };
  await expect(commit([put(note, item("a"))], answer([invalid]))).rejects.toThrow("TransactionCanceled");
});

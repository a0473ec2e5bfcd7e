import { describe, expect, it } from "vitest";
import * as z from "zod";
import { defineEntity } from "./entity.ts";
import { InvalidItemError, LimitError } from "./errors.ts";
import { type Condition, isTransaction, keyText, type Planned, planCommit, refusalOf } from "./plan.ts";
import { check, create, increment, put, remove, replace, type Write } from "./table.ts";

const note = defineEntity({
  type: "note",
  about: "A note",
  schema: z.object({ id: z.string(), text: z.string().default(""), seen: z.int().default(0) }),
  key: { partition: (of: { id: string }) => `note/${of.id}`, sort: () => "note" },
});
const lent = defineEntity({
  type: "lent",
  about: "Something with an end",
  schema: z.object({ id: z.string(), until: z.int(), n: z.int().default(0) }),
  key: { partition: (of: { id: string }) => `lent/${of.id}`, sort: () => "lent" },
  expires: "until",
});

const packed = { ...note, packed: true };

const NOW = new Date(10_000);
const planned = (condition: Condition, op: Planned["op"] = "put"): Planned =>
  ({ op, condition, type: "note", key: { pk: "p", sk: "s" }, act: "remove" }) as Planned;
const row = (version: number, expires?: number) => ({ version, expires });

describe("why a write is refused", () => {
  it.each<[string, Condition, ReturnType<typeof row> | undefined, string | undefined]>([
    ["anything goes where nothing is asked, absent", "any", undefined, undefined],
    ["anything goes where nothing is asked, present", "any", row(1), undefined],
    ["what must be free is", "free", undefined, undefined],
    ["what must be free is not", "free", row(1), "exists"],
    ["what must be free has ended at this very second", "free", row(1, 10), undefined],
    ["what must be free ends in a second", "free", row(1, 11), "exists"],
    ["what must be there is not", "present", undefined, "missing"],
    ["what must be there is", "present", row(1), undefined],
    ["what must be there has ended", "present", row(1, 10), "missing"],
    ["of a version: it is", { version: 3 }, row(3), undefined],
    ["of a version: it is another", { version: 3 }, row(5), "version"],
    ["of a version: it is not there", { version: 3 }, undefined, "missing"],
    ["of a version: it has ended", { version: 3 }, row(3, 9), "missing"],
  ])("%s", (_, condition, stored, reason) => {
    expect(refusalOf(planned(condition), stored, NOW)).toBe(reason);
    expect(refusalOf(planned(condition, "check"), stored, NOW)).toBe(reason === undefined ? undefined : "check");
  });
});

describe("the writes of a commit", () => {
  const item = { id: "a", text: "x", seen: 0 };
  it.each<[string, Write, Partial<Planned>]>([
    ["a creation needs its key free", create(note, item), { act: "put", op: "create", condition: "free" }],
    ["a put needs nothing", put(note, item), { act: "put", op: "put", condition: "any" }],
    ["a replacement needs the version", replace(note, item, 7), { act: "put", condition: { version: 7 } }],
    ["a removal needs nothing", remove(note, item), { act: "remove", op: "remove", condition: "any" }],
    ["a removal at a version needs it", remove(note, item, 7), { act: "remove", condition: { version: 7 } }],
    ["a check that it is there", check(note, item, "present"), { act: "check", condition: "present" }],
    ["a check that it is not there", check(note, item, "absent"), { act: "check", condition: "free" }],
    ["a check of its version", check(note, item, 7), { act: "check", condition: { version: 7 } }],
    ["an increment needs nothing", increment(note, { id: "a" }, "seen", 2), { act: "add", condition: "any" }],
  ])("%s, and has its key and type", (_, write, expected) => {
    expect(planCommit([write])).toEqual([
      expect.objectContaining({ ...expected, type: "note", key: { pk: "note/a", sk: "note" } }),
    ]);
  });

  it("get a version that no write had before, also an increment that makes its item", () => {
    const versions = Array.from({ length: 50 }, () =>
      planCommit([put(note, item), increment(note, { id: "b" }, "seen", 1)]).map((one) =>
        "row" in one ? one.row.version : 0,
      ),
    ).flat();
    expect(new Set(versions).size).toBe(100);
  });

  it("of an increment say what an absent item becomes: its defaults, and the field", () => {
    expect(planCommit([increment(note, { id: "a" }, "seen", -3)])).toMatchObject([
      { field: "seen", by: -3, row: { fields: { id: "a", text: "", seen: -3 } } },
    ]);
  });

  it.each([
    ["of what has an end", increment(lent, { id: "a" }, "n", 1), "field until ends the item"],
    ["by a fraction", increment(note, { id: "a" }, "seen", 0.5), "field seen is to grow by 0.5"],
    ["by what no number holds", increment(note, { id: "a" }, "seen", 2 ** 53), "allowed: whole numbers"],
    ["of a part of the key", increment(note, { id: "a" }, "id" as "seen", 1), "field id is part of the key"],
    ["of what may be packed", increment(packed, { id: "a" }, "seen", 1), "field seen may be packed"],
    ["of a text", increment(note, { id: "a" }, "text" as "seen", 1), ""],
    ["of what is no field", increment(note, { id: "a" }, "other" as "seen", 1), "field other is not in the schema"],
  ])("refuse an increment %s", (_, write, message) => {
    expect(() => planCommit([write])).toThrow(InvalidItemError);
    expect(() => planCommit([write])).toThrow(message);
  });

  it("are at most 100, each on a key of its own", () => {
    const many = (count: number) => Array.from({ length: count }, (_, n) => put(note, { ...item, id: String(n) }));
    expect(planCommit(many(100))).toHaveLength(100);
    expect(() => planCommit(many(101))).toThrow(LimitError);
    expect(() => planCommit(many(101))).toThrow("101 writes (commit); allowed: at most 100 in a commit");
    expect(() => planCommit([put(note, { ...item, id: "b" }), put(note, item), check(note, item, "absent")])).toThrow(
      /writes 1 and 2, note/,
    );
  });

  it("are at most 4 MB", () => {
    const overhead = 62;
    const of = (bytes: number, id: string) => put(note, { id, text: "x".repeat(bytes - overhead), seen: 0 });
    const sizes = planCommit([of(1000, "0")]).map((one) => ("row" in one ? one.row.size : 0));
    const fill = 1000 - (sizes[0] as number);
    const parts = Array.from({ length: 16 }, (_, n) => of(262_144 + fill, String.fromCharCode(97 + n)));
    expect(planCommit(parts)).toHaveLength(16);
    expect(() => planCommit([...parts.slice(1), of(262_145 + fill, "a")])).toThrow(/4194305 bytes of items.*16 writes/);
  });
});

describe("a commit", () => {
  it("is a transaction when it is more than one plain write", () => {
    const item = { id: "a", text: "", seen: 0 };
    const is = (...writes: Write[]) => isTransaction(planCommit(writes));
    expect(is(put(note, item))).toBe(false);
    expect(is(remove(note, item))).toBe(false);
    expect(is(put(note, item), put(note, { ...item, id: "b" }))).toBe(true);
    expect(is(check(note, item, "present"))).toBe(true);
    expect(is(increment(note, { id: "a" }, "seen", 1))).toBe(true);
    expect(is()).toBe(false);
  });
});

it("keys that are joined the same are told apart", () => {
  expect(keyText({ pk: "a", sk: "bc" })).not.toBe(keyText({ pk: "ab", sk: "c" }));
  expect(keyText({ pk: "1:a", sk: "b" })).not.toBe(keyText({ pk: "1", sk: ":ab" }));
});

import { describe, expect, it } from "vitest";
import * as z from "zod";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { defineEntity } from "./entity.ts";
import { CursorError } from "./errors.ts";
import { type PlannedRange, planRange } from "./range.ts";
import type { Query, SortRange } from "./table.ts";

const entityOf = (type: string) =>
  defineEntity({
    type,
    about: "A note",
    schema: z.object({ id: z.string() }),
    key: { partition: () => "notes", sort: (of: { id: string }) => of.id },
  });
const note = entityOf("note");
const query: Query = { partition: "notes", sort: { from: "b", to: "m" } };
const decode = (cursor: string, of: Query = query, entity = note) =>
  decodeCursor(entity, of, planRange(of.sort) as PlannedRange, cursor);
const sealed = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

describe("a cursor", () => {
  it("goes on where it was made, for the same query, however its range is written", () => {
    const cursor = encodeCursor(note, query, "f");
    expect(decode(cursor)).toBe("f");
    expect(decode(cursor, { ...query, sort: { to: "m", from: "b" } as SortRange })).toBe("f");
    expect(decode(cursor, { ...query, reverse: false })).toBe("f");
    expect(decode(cursor, { ...query, limit: 7, consistent: true })).toBe("f");
  });

  it.each<[string, Query, ReturnType<typeof entityOf>]>([
    ["another partition", { ...query, partition: "others" }, note],
    ["another range", { ...query, sort: { from: "a", to: "m" } }, note],
    ["no range", { partition: "notes" }, note],
    ["the other direction", { ...query, reverse: true }, note],
    ["another type", query, entityOf("other")],
  ])("is not one of %s", (_, of, entity) => {
    expect(() => decode(encodeCursor(note, query, "f"), of, entity)).toThrow(
      "it was made for another query or altered",
    );
  });

  it("that lies outside the range of its query is refused, also when it is sealed rightly", () => {
    for (const outside of ["a", "n"])
      expect(() => decode(encodeCursor(note, query, outside))).toThrow("it lies outside the range of the query");
  });

  it("that no key can be is refused", () => {
    const all: Query = { partition: "notes" };
    expect(() => decode(encodeCursor(note, all, "x".repeat(1025)), all)).toThrow(/sort key has 1025 bytes/);
    expect(() => decode(encodeCursor(note, all, ""), all)).toThrow(CursorError);
  });

  it.each([
    ["is empty", "", "it is not JSON inside"],
    ["has foreign characters", "ab cd", "it is not base64url"],
    ["has a foreign end", `${encodeCursor(note, query, "f")}=`, "it is not base64url"],
    ["is no JSON", Buffer.from("{").toString("base64url"), "it is not JSON inside"],
    ["is no list", sealed({ after: "f" }), "it is not a list of texts"],
    ["is a list of other things", sealed(["f", 1]), "it is not a list of texts"],
    ["has no digest", sealed(["f"]), "altered"],
    ["has another digest", sealed(["f", "0000000000000000"]), "altered"],
    [
      "has more than it should",
      sealed([...JSON.parse(Buffer.from(encodeCursor(note, query, "f"), "base64url").toString()), "x"]),
      "altered",
    ],
    [
      "has another place",
      sealed(["g", JSON.parse(Buffer.from(encodeCursor(note, query, "f"), "base64url").toString())[1]]),
      "altered",
    ],
  ])("that %s is refused with the reason", (_, cursor, message) => {
    expect(() => decode(cursor)).toThrow(CursorError);
    expect(() => decode(cursor)).toThrow(message);
  });
});

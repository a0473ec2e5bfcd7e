import { ConflictError } from "@cadastre/store/errors";
import { check, create, expire, increment, put, remove, replace } from "@cadastre/store/table";
import { describe, expect, test } from "vitest";
import { counter, lease, note, type Opened, session } from "./entities.ts";

export function expiryContract(opened: () => Opened): void {
  const inSeconds = (seconds: number) => opened().clock.epochSeconds() + seconds;
  const get = (name: string) => opened().table.get(lease, { name }, { consistent: true });

  describe("expiry by the clock", () => {
    test("an item is there up to the second of its end and gone from then on, for get, getMany and query", async () => {
      const { table, clock } = opened();
      await table.commit([put(lease, { name: "e1", holder: "x", ends: inSeconds(10) })]);
      clock.advance(9.999);
      expect(await get("e1")).toMatchObject({ holder: "x" });
      clock.advance(0.001);
      expect(await get("e1")).toBeUndefined();
      expect(await table.getMany(lease, [{ name: "e1" }])).toEqual([undefined]);
      expect(await table.query(lease, { partition: "lease/e1" })).toEqual({ items: [] });
    });

    test("an ISO time ends an item as well", async () => {
      const { table, clock } = opened();
      const ends = new Date(inSeconds(10) * 1000).toISOString();
      await table.commit([put(session, { id: "e2", expires: ends })]);
      clock.advance(9);
      expect(await table.get(session, { id: "e2" })).toMatchObject({ expires: ends });
      clock.advance(1);
      expect(await table.get(session, { id: "e2" })).toBeUndefined();
    });

    test("an expired item counts as free for create and is missing for everything else", async () => {
      const { table, clock } = opened();
      await table.commit([put(lease, { name: "e3", holder: "x", ends: inSeconds(10) })]);
      const version = (await get("e3"))?.version ?? 0;
      clock.advance(10);
      const item = { name: "e3", holder: "y" };
      const refused = [
        [replace(lease, item, version), "missing"],
        [remove(lease, { name: "e3" }, version), "missing"],
        [check(lease, { name: "e3" }, "present"), "check"],
        [check(lease, { name: "e3" }, version), "check"],
        [expire(lease, { name: "e3" }, new Date(inSeconds(60) * 1000)), "missing"],
      ] as const;
      for (const [write, reason] of refused) {
        await expect(table.commit([write])).rejects.toEqual(new ConflictError([{ index: 0, reason }]));
      }
      await table.commit([check(lease, { name: "e3" }, "absent")]);
      await table.commit([create(lease, item)]);
      expect(await get("e3")).toEqual({ ...item, version: expect.any(Number) });
    });

    test("the holder of a lease that ran out cannot remove the next one's", async () => {
      const { table, clock } = opened();
      await table.commit([create(lease, { name: "e4", holder: "x", ends: inSeconds(10) })]);
      const first = (await get("e4"))?.version ?? 0;
      clock.advance(10);
      await table.commit([create(lease, { name: "e4", holder: "y", ends: inSeconds(10) })]);
      await expect(table.commit([remove(lease, { name: "e4" }, first)])).rejects.toThrow(ConflictError);
      expect(await get("e4")).toMatchObject({ holder: "y" });
    });

    test("expire sets the end, in the form that the schema has", async () => {
      const { table, clock } = opened();
      const ends = inSeconds(5);
      await table.commit([
        put(lease, { name: "e5", holder: "x" }),
        put(session, { id: "e5", expires: new Date(inSeconds(900) * 1000).toISOString() }),
      ]);
      const before = (await get("e5"))?.version;
      await table.commit([
        expire(lease, { name: "e5" }, new Date(ends * 1000)),
        expire(session, { id: "e5" }, new Date(ends * 1000)),
      ]);
      expect(await get("e5")).toMatchObject({ holder: "x", ends });
      expect((await get("e5"))?.version).not.toBe(before);
      expect(await table.get(session, { id: "e5" })).toMatchObject({ expires: new Date(ends * 1000).toISOString() });
      clock.advance(5);
      expect(await get("e5")).toBeUndefined();
      expect(await table.get(session, { id: "e5" })).toBeUndefined();
    });

    test("an entity without an expiry field cannot be expired", async () => {
      const { table } = opened();
      const write = expire(note, { space: "e6", id: "a" }, new Date());
      await expect(table.commit([write])).rejects.toThrow(/invalid note: expire needs/);
    });

    test("an increment of an expired counter starts again from zero, alone and in a transaction", async () => {
      const { table, clock } = opened();
      for (const others of [[], [put(note, { space: "e7", id: "other" })]]) {
        await table.commit([put(counter, { name: "e7", count: 5, until: inSeconds(10) })]);
        clock.advance(10);
        await table.commit([increment(counter, { name: "e7" }, "count", 2), ...others]);
        const stored = await table.get(counter, { name: "e7" }, { consistent: true });
        expect(stored).toEqual({ name: "e7", count: 2, version: expect.any(Number) });
      }
    });
  });
}

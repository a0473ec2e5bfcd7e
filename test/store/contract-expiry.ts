import { ConflictError } from "@cadastre/store/errors";
import { check, create, put, remove, replace } from "@cadastre/store/table";
import { describe, expect, test } from "vitest";
import { lease, type Opened, session } from "./entities.ts";

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
  });
}

import { ConflictError } from "@cadastre/store/errors";
import { numberSize } from "@cadastre/store/size";
import {
  check,
  create,
  increment,
  put,
  remove,
  replace,
  type Table,
  type Units,
  type Write,
} from "@cadastre/store/table";
import { describe, expect, test } from "vitest";
import { counter, host, mark, note, type Opened } from "./entities.ts";

export function unitContract(opened: () => Opened): void {
  // Bytes of a note besides its text: pk 2+8, sk 2+1, type 4+4, version 7+7, space 5+2, id 2+1, text 4.
  const overhead = 10 + 3 + 8 + 14 + 7 + 3 + 4;
  const sized = (space: string, bytes: number, id = "a") => ({ space, id, text: "x".repeat(bytes - overhead) });

  async function cost(work: (table: Table) => Promise<unknown>): Promise<Units & { calls: number }> {
    const { table } = opened();
    const { units, calls } = await table.meter.measure(() => work(table));
    return { ...units, calls };
  }

  const commit = (...writes: Write[]) => cost((table) => table.commit(writes));
  const refused = (...writes: Write[]) => cost((table) => expect(table.commit(writes)).rejects.toThrow(ConflictError));

  describe("units", () => {
    test("a get costs a unit for every 4 KB, half when eventually consistent, and one minimum for nothing", async () => {
      await opened().table.load([put(note, sized("u1", 4096)), put(note, sized("u1", 4097, "b"))]);
      const get = (id: string, consistent: boolean) =>
        cost((table) => table.get(note, { space: "u1", id }, { consistent }));
      expect(await get("a", true)).toEqual({ read: 1, write: 0, calls: 1 });
      expect(await get("a", false)).toEqual({ read: 0.5, write: 0, calls: 1 });
      expect(await get("b", true)).toEqual({ read: 2, write: 0, calls: 1 });
      expect(await get("none", true)).toEqual({ read: 1, write: 0, calls: 1 });
      expect(await get("none", false)).toEqual({ read: 0.5, write: 0, calls: 1 });
    });

    test("getMany rounds every item by itself", async () => {
      await opened().table.load([put(note, sized("u2", 4096)), put(note, sized("u2", 4097, "b"))]);
      const keys = ["a", "b", "none", "a"].map((id) => ({ space: "u2", id }));
      expect(await cost((table) => table.getMany(note, keys))).toEqual({ read: 2, write: 0, calls: 1 });
      expect(await cost((table) => table.getMany(note, keys, { consistent: true }))).toMatchObject({ read: 4 });
      const many = Array.from({ length: 201 }, (_, n) => ({ space: "u2", id: `none${n}` }));
      expect(await cost((table) => table.getMany(note, many))).toEqual({ read: 100.5, write: 0, calls: 3 });
    });

    test("a query rounds the sum of its items", async () => {
      const ids = ["a", "b", "c", "d"];
      await opened().table.load(ids.map((id) => put(note, sized("u3", 2048, id))));
      const query = (rest: object) => cost((table) => table.query(note, { partition: "space/u3", ...rest }));
      expect(await query({})).toEqual({ read: 1, write: 0, calls: 1 });
      expect(await query({ consistent: true })).toEqual({ read: 2, write: 0, calls: 1 });
      expect(await query({ limit: 1 })).toEqual({ read: 0.5, write: 0, calls: 1 });
      expect(await query({ limit: 2 })).toEqual({ read: 1, write: 0, calls: 1 });
      expect(await query({ sort: { after: "a", before: "c" }, consistent: true })).toMatchObject({ read: 2 });
      expect(await query({ sort: { from: "x" } })).toEqual({ read: 0.5, write: 0, calls: 1 });
      expect(await query({ sort: { from: "x", to: "a" } })).toEqual({ read: 0, write: 0, calls: 0 });
    });

    test("a query that goes past other items pays for them, call by call", async () => {
      const { table } = opened();
      const others = Array.from({ length: 60 }, (_, n) => put(mark, { space: "u4", id: `a${n}` }));
      await table.load([...others, put(note, sized("u4", 1024, "b"))]);
      const spent = await cost(() => table.query(note, { partition: "space/u4", limit: 1 }));
      // 2, 25 and 50 items looked at; 60 marks of some 60 bytes and a note of 1 KB are under 4 KB in every call.
      expect(spent).toEqual({ read: 1.5, write: 0, calls: 3 });
    });

    test("a page of 1 MB costs its 128 units", async () => {
      const ids = Array.from({ length: 12 }, (_, n) => `i${String(n).padStart(2, "0")}`);
      await opened().table.load(ids.map((id) => put(note, { space: "u5", id, text: "x".repeat(99_950) })));
      const spent = await cost((table) => table.query(note, { partition: "space/u5" }));
      expect(spent).toEqual({ read: Math.ceil((10 * (99_950 + overhead + 4)) / 4096) / 2, write: 0, calls: 1 });
    });

    test("a lone write costs a unit for every KB of the larger of before and after", async () => {
      expect(await commit(create(note, sized("u7", 1024)))).toEqual({ read: 0, write: 1, calls: 1 });
      expect(await commit(put(note, sized("u7", 1025)))).toEqual({ read: 0, write: 2, calls: 1 });
      expect(await commit(put(note, sized("u7", 500)))).toEqual({ read: 0, write: 2, calls: 1 });
      expect(await commit(put(note, sized("u7", 5000)))).toEqual({ read: 0, write: 5, calls: 1 });
      expect(await commit(remove(note, { space: "u7", id: "a" }))).toEqual({ read: 0, write: 5, calls: 1 });
      expect(await commit(remove(note, { space: "u7", id: "a" }))).toEqual({ read: 0, write: 1, calls: 1 });
    });

    test("a transaction costs twice, its checks too", async () => {
      await commit(put(note, sized("u8", 3000, "big")));
      const spent = await commit(
        put(note, sized("u8", 1500, "new")),
        check(note, { space: "u8", id: "big" }, "present"),
        check(note, { space: "u8", id: "none" }, "absent"),
      );
      expect(spent).toEqual({ read: 0, write: 2 * (2 + 3 + 1), calls: 1 });
      expect(await commit(check(note, { space: "u8", id: "big" }, "present"))).toMatchObject({ write: 6 });
    });

    test("an increment costs as a transaction does, also alone", async () => {
      const add = increment(counter, { name: "u9" }, "count", 1);
      expect(await commit(add)).toEqual({ read: 0, write: 2, calls: 1 });
      await commit(put(counter, { name: "u9", count: 1, label: "x".repeat(1500) }));
      expect(await commit(add, put(note, sized("u9", 100)))).toEqual({ read: 0, write: 2 * (2 + 1), calls: 1 });
      await commit(put(note, sized("u9", 100)));
      const other = refused(add, create(note, sized("u9", 100)));
      expect((await other).write).toBeGreaterThanOrEqual(4);
    });

    test("what the key says of an item costs nothing a second time", async () => {
      // Bytes of a host of this zone besides its text: pk 2+7, sk 2+1, type 4+4, version 7+7, text 4.
      const text = "x".repeat(1024 - (9 + 3 + 8 + 14 + 4));
      expect(await commit(put(host, { zone: "u6", id: "a", text }))).toMatchObject({ write: 1 });
      expect(await commit(put(host, { zone: "u6", id: "a", text: `${text}x` }))).toMatchObject({ write: 2 });
    });

    test("a refused commit costs what stood there or what would have been written", async () => {
      await commit(put(note, sized("u10", 3000)));
      expect(await refused(create(note, sized("u10", 100)))).toEqual({ read: 0, write: 3, calls: 1 });
      expect(await refused(replace(note, sized("u10", 4000), 1))).toEqual({ read: 0, write: 4, calls: 1 });
      expect(await refused(remove(note, { space: "u10", id: "none" }, 1))).toEqual({ read: 0, write: 1, calls: 1 });
      const transaction = refused(create(note, sized("u10", 100)), put(note, sized("u10", 1500, "b")));
      expect(await transaction).toEqual({ read: 0, write: 2 * (3 + 2), calls: 1 });
    });

    test("a load costs by item, in calls of 25", async () => {
      const items = Array.from({ length: 51 }, (_, n) => sized("u11", 1500, `i${String(n).padStart(2, "0")}`));
      const load = () => cost((table) => table.load(items.map((item) => put(note, item))));
      expect(await load()).toEqual({ read: 0, write: 102, calls: 3 });
      expect(await load()).toEqual({ read: 0, write: 102, calls: 3 });
      const gone = [{ op: "remove", entity: note, key: { space: "u11", id: "i00" } }] as const;
      expect(await cost((table) => table.load(gone))).toEqual({ read: 0, write: 2, calls: 1 });
      expect(await cost((table) => table.load(gone))).toEqual({ read: 0, write: 1, calls: 1 });
    });

    // Dynoxide counts the digits before and after a decimal point apart, the published rule does not: none shows it here.
    test.each([0, 7, 10, 120, 1200, 123, 1000001, -5, -1234, 0.5, 12.34, 0.001, 1e20, 1.5e-7, 123456789012345])(
      "the number %d is counted alike on every driver",
      async (count) => {
        const id = `n${count}`;
        const bytes = 1024 - (overhead + id.length * 2 - 2) - ("count".length + numberSize(count));
        const write = (text: string) => commit(put(note, { space: "uN", id, count, text }));
        expect(await write("x".repeat(bytes))).toMatchObject({ write: 1 });
        expect(await write("x".repeat(bytes + 1))).toMatchObject({ write: 2 });
      },
    );

    test("each measure counts its own work, also at the same time, and the total counts all", async () => {
      const { table } = opened();
      const before = table.meter.units;
      const [one, two] = await Promise.all([
        cost(async () => {
          await table.commit([put(note, sized("u14", 1000))]);
          await table.get(note, { space: "u14", id: "a" });
        }),
        cost(() => table.commit([put(note, sized("u14", 3000, "b"))])),
      ]);
      expect(one).toEqual({ read: 0.5, write: 1, calls: 2 });
      expect(two).toEqual({ read: 0, write: 3, calls: 1 });
      expect(table.meter.units).toEqual({ read: before.read + 0.5, write: before.write + 4 });
    });

    test("many measures at once, nested and beside work that nobody measures, each count their own", async () => {
      const { table } = opened();
      const before = table.meter.units;
      const get = (n: number) => table.get(note, { space: "u15", id: `i${n}` });
      const measured = Array.from({ length: 20 }, (_, n) =>
        cost(async () => {
          const inner = await cost(() => table.commit([put(note, sized("u15", 1000 * (1 + (n % 3)), `i${n}`))]));
          expect(inner).toEqual({ read: 0, write: 1 + (n % 3), calls: 1 });
          await Promise.all([get(n), get(n), table.load([put(note, sized("u15", 500, `l${n}`))])]);
        }),
      );
      const beside = Array.from({ length: 10 }, (_, n) => table.commit([put(note, sized("u15", 100, `b${n}`))]));
      const spent = await Promise.all(measured);
      await Promise.all(beside);
      expect(spent).toEqual(spent.map((_, n) => ({ read: 1, write: 2 + (n % 3), calls: 4 })));
      const write = spent.reduce((sum, one) => sum + one.write, 0);
      expect(table.meter.units).toEqual({ read: before.read + 20, write: before.write + write + 10 });
    });

    test("what failed is counted outside of it", async () => {
      const spent = await cost(async (table) => {
        const failing = cost(async () => {
          await table.get(note, { space: "u16", id: "a" });
          throw new Error("no");
        });
        await expect(failing).rejects.toThrow("no");
      });
      expect(spent).toEqual({ read: 0.5, write: 0, calls: 1 });
    });
  });
}

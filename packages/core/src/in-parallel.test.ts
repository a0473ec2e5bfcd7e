import { describe, expect, it } from "vitest";
import { inGroups, inParallel } from "./in-parallel.ts";

/** Work that ends when it is told to, in any order. */
function createWork() {
  const begun: number[] = [];
  const ends = new Map<number, { resolve: () => void; reject: (error: Error) => void }>();
  const work = (item: number) => {
    begun.push(item);
    return new Promise<string>((resolve, reject) => {
      ends.set(item, { resolve: () => resolve(`done ${item}`), reject });
    });
  };
  return {
    begun,
    work,
    end: (item: number) => ends.get(item)?.resolve(),
    fail: (item: number) => ends.get(item)?.reject(new Error(`failed ${item}`)),
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("work in parallel", () => {
  it("is begun for so many items at a time, and answered in their order", async () => {
    const { begun, work, end } = createWork();
    const all = inParallel([1, 2, 3], 2, work);
    expect(begun).toEqual([1, 2]);
    end(2);
    await turn();
    expect(begun).toEqual([1, 2, 3]);
    end(3);
    end(1);
    expect(await all).toEqual(["done 1", "done 2", "done 3"]);
  });

  it("begins nothing after a failure, and waits for what is on the way before it says so", async () => {
    const { begun, work, end, fail } = createWork();
    let isOver = false;
    const all = inParallel([1, 2, 3], 2, work).finally(() => {
      isOver = true;
    });
    all.catch(() => undefined);
    fail(1);
    await turn();
    expect({ begun, isOver }).toEqual({ begun: [1, 2], isOver: false });
    end(2);
    await expect(all).rejects.toThrow("failed 1");
    expect(begun).toEqual([1, 2]);
  });

  it("of nothing is done at once", async () => {
    expect(await inParallel([], 4, async () => 1)).toEqual([]);
  });
});

describe("groups", () => {
  it("hold every item once, in order, the last one what is left", () => {
    expect(inGroups([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]]);
    expect(inGroups([], 2)).toEqual([]);
  });
});

import { expect, test } from "vitest";
import { createLimit, forEachWithin } from "./concurrency.ts";

test("no more than the limit runs at once, in the order of arrival, and a failure frees its place", async () => {
  const limit = createLimit(2);
  const started: number[] = [];
  const release: (() => void)[] = [];
  const work = [0, 1, 2, 3].map((index) =>
    limit(async () => {
      started.push(index);
      await new Promise<void>((resolve) => release.push(resolve));
      if (index === 0) throw new Error("failed");
      return index;
    }),
  );
  const settled = Promise.allSettled(work);
  await Promise.resolve();
  expect(started).toEqual([0, 1]);
  release[0]?.();
  await expect(work[0]).rejects.toThrow("failed");
  expect(started).toEqual([0, 1, 2]);
  release[1]?.();
  release[2]?.();
  await work[2];
  expect(started).toEqual([0, 1, 2, 3]);
  release[3]?.();
  expect((await settled).map(({ status }) => status)).toEqual(["rejected", "fulfilled", "fulfilled", "fulfilled"]);
});

/** Work that counts itself, and how much of it there was at most at one time. */
function counted() {
  const done: number[] = [];
  const seen = { running: 0, most: 0 };
  return {
    done,
    seen,
    work: async (item: number) => {
      seen.running += 1;
      seen.most = Math.max(seen.most, seen.running);
      await new Promise(setImmediate);
      seen.running -= 1;
      done.push(item);
    },
  };
}

test("every item is worked on, never more at a time than allowed", async () => {
  const { done, seen, work } = counted();
  await forEachWithin(4, [...Array(20).keys()], work);
  expect(seen.most).toBe(4);
  expect(done.sort((a, b) => a - b)).toEqual([...Array(20).keys()]);
});

test("lists that share a limit share its places", async () => {
  const { done, seen, work } = counted();
  const limit = createLimit(3);
  await Promise.all([0, 10, 20].map((from) => forEachWithin(limit, [from, from + 1, from + 2], work)));
  expect(seen.most).toBe(3);
  expect(done).toHaveLength(9);
});

/** Works on five items, two at a time, of which the first one fails; says what had ended by the time of the rejection. */
async function failing(options?: { stopOnError: boolean }): Promise<number[]> {
  const ended: number[] = [];
  const work = forEachWithin(
    2,
    [0, 1, 2, 3, 4],
    async (item) => {
      await new Promise(setImmediate);
      if (item === 0) throw new Error("item 0");
      await new Promise(setImmediate);
      ended.push(item);
    },
    options,
  );
  await expect(work).rejects.toThrow("item 0");
  return ended;
}

test("a failure does not keep the others from being worked on, and is thrown when all have ended", async () => {
  expect(await failing()).toEqual([1, 2, 3, 4]);
});

test("work that is to stop at a failure begins nothing further, and waits for what was under way", async () => {
  expect(await failing({ stopOnError: true })).toEqual([1]);
});

import { expect, test } from "vitest";
import { forEachLimited } from "./pool.ts";

test("every item is worked on, never more at a time than allowed", async () => {
  let running = 0;
  let most = 0;
  const done: number[] = [];
  await forEachLimited([...Array(20).keys()], 4, async (item) => {
    running += 1;
    most = Math.max(most, running);
    await new Promise(setImmediate);
    running -= 1;
    done.push(item);
  });
  expect(most).toBe(4);
  expect(done.sort((a, b) => a - b)).toEqual([...Array(20).keys()]);
});

test("after a failure nothing further is started, and it is rethrown when what was running has ended", async () => {
  const started: number[] = [];
  const ended: number[] = [];
  const work = forEachLimited([0, 1, 2, 3, 4], 2, async (item) => {
    started.push(item);
    await new Promise(setImmediate);
    if (item === 0) throw new Error("item 0");
    await new Promise(setImmediate);
    ended.push(item);
  });
  await expect(work).rejects.toThrow("item 0");
  expect(started).toEqual([0, 1]);
  expect(ended).toEqual([1]);
});

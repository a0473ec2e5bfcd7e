import { expect, test } from "vitest";
import { allOf, createLimit } from "./limit.ts";

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

test("everything is waited for although something failed, and the failure is not lost", async () => {
  let finished = false;
  const slow = new Promise((resolve) => setImmediate(resolve)).then(() => {
    finished = true;
  });
  await expect(allOf([Promise.reject(new Error("first")), slow])).rejects.toThrow("first");
  expect(finished).toBe(true);
});

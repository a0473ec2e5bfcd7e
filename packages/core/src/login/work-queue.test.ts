import { describe, expect, it } from "vitest";
import { createKeyedQueue } from "../keyed-queue.ts";
import { createWorkQueue } from "./work-queue.ts";

/** Work that ends when it is told to. */
function gates() {
  const open: (() => void)[] = [];
  return { open, work: () => new Promise<void>((resolve) => open.push(resolve)) };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("a work queue", () => {
  it("runs so much at once, the rest in its order, and refuses what is too much", async () => {
    const inTurn = createWorkQueue({ atOnce: 2, mostWaiting: 3 });
    const { open, work } = gates();
    const done: number[] = [];
    const all = [0, 1, 2, 3, 4].map((n) => inTurn(work).then(() => done.push(n)));
    await expect(inTurn(work)).rejects.toMatchObject({ code: "service.unavailable", status: 503 });
    for (let n = 0; n < 5; n++) {
      await turn();
      expect(open.length).toBe(Math.min(n + 2, 5));
      open[n]?.();
    }
    await Promise.all(all);
    expect(done).toEqual([0, 1, 2, 3, 4]);
  });

  it("goes on after work that fails", async () => {
    const inTurn = createWorkQueue({ atOnce: 1, mostWaiting: 1 });
    const failed = inTurn(() => Promise.reject(new Error("no")));
    const next = inTurn(async () => 1);
    await expect(failed).rejects.toThrow("no");
    expect(await next).toBe(1);
    expect(await inTurn(async () => 2)).toBe(2);
  });
});

describe("a queue by keys", () => {
  it("runs work on one key after the other, also after a failure, and on others beside it", async () => {
    const afterOthers = createKeyedQueue();
    const { open, work } = gates();
    const first = afterOthers("a", work);
    const order: string[] = [];
    const second = afterOthers("a", async () => {
      order.push("second");
      throw new Error("no");
    }).catch(() => undefined);
    const third = afterOthers("a", async () => order.push("third"));
    await afterOthers("b", async () => order.push("other"));
    expect(order).toEqual(["other"]);
    open[0]?.();
    await Promise.all([first, second, third]);
    expect(order).toEqual(["other", "second", "third"]);
  });
});

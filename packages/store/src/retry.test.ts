import { describe, expect, it } from "vitest";
import { BusyError } from "./errors.ts";
import { backOff, drain, inBatches, isThrottle, withRetries } from "./retry.ts";

function patience(maxAttempts = 3, random = 1) {
  const delays: number[] = [];
  const delay = async (milliseconds: number) => void delays.push(milliseconds);
  return { delays, retry: { maxAttempts, delay, random: () => random } };
}
const throttled = Object.assign(new Error("slow down"), { name: "ThrottlingException" });
const failing = (times: number, error: Error = throttled) => {
  let sent = 0;
  return async () => {
    if (sent++ < times) throw error;
    return sent;
  };
};

describe("waiting before the next attempt", () => {
  it("takes a random part of a span that doubles, up to five seconds", async () => {
    const { delays, retry } = patience();
    for (const attempt of [1, 2, 7, 8, 30]) await backOff(retry, attempt);
    expect(delays).toEqual([50, 100, 3200, 5000, 5000]);
    const half = patience(3, 0.5);
    await backOff(half.retry, 1);
    expect(half.delays).toEqual([25]);
  });
});

describe("what is throttled", () => {
  it("is what DynamoDB says that it did not do, and nothing else", () => {
    const names = [
      "ProvisionedThroughputExceededException",
      "ThrottlingException",
      "RequestLimitExceeded",
      "TransactionConflictException",
      "TransactionInProgressException",
    ];
    expect(names.map((name) => isThrottle(Object.assign(new Error(), { name })))).toEqual(names.map(() => true));
    expect([isThrottle(new Error("ThrottlingException")), isThrottle({})]).toEqual([false, false]);
  });

  it("is sent again until it is done, and busy after the last attempt; other errors are thrown at once", async () => {
    const well = patience();
    expect(await withRetries(well.retry, "get", failing(2))).toBe(3);
    expect(well.delays).toEqual([50, 100]);
    const { delays, retry } = patience();
    const busy = withRetries(retry, "get", failing(3));
    await expect(busy).rejects.toThrow(BusyError);
    await expect(busy).rejects.toThrow("get throttled 3 times");
    expect(delays).toEqual([50, 100]);
    const other = patience();
    await expect(withRetries(other.retry, "get", failing(1, new Error("no")))).rejects.toThrow("no");
    expect(other.delays).toEqual([]);
  });
});

describe("a batch of which some comes back", () => {
  it("is sent again as far as it is left, for as long as any of it moves", async () => {
    const { delays, retry } = patience();
    const sent: number[][] = [];
    await drain(retry, "load", [1, 2, 3, 4, 5, 6], async (batch) => {
      sent.push([...batch]);
      return batch.slice(1);
    });
    expect(sent.map(({ length }) => length)).toEqual([6, 5, 4, 3, 2, 1]);
    expect(sent.at(-1)).toEqual([6]);
    expect(delays).toEqual([50, 50, 50, 50, 50]);
  });

  it("is busy once nothing of it moved for all attempts", async () => {
    const { delays, retry } = patience();
    let sent = 0;
    const busy = drain(retry, "load", [1, 2, 3], async (batch) => (sent++ === 0 ? batch.slice(1) : batch));
    await expect(busy).rejects.toThrow(BusyError);
    await expect(busy).rejects.toThrow("load left 2 unprocessed 3 times");
    expect([sent, delays]).toEqual([3, [50, 100]]);
  });

  it("is throttled as any other, and nothing is sent of nothing", async () => {
    const { delays, retry } = patience();
    const once = failing(1);
    await drain(retry, "load", [1], () => once().then(() => []));
    expect(delays).toEqual([50]);
    await drain(retry, "load", [], () => Promise.reject(new Error("sent")));
  });
});

describe("batches", () => {
  it("have all items in their order, each of the size but the last, a few at a time", async () => {
    const items = Array.from({ length: 23 }, (_, n) => n);
    const batches: number[][] = [];
    let [under, most] = [0, 0];
    await inBatches(items, 5, 3, async (batch) => {
      batches.push([...batch]);
      most = Math.max(most, ++under);
      await new Promise(setImmediate);
      under--;
    });
    expect(batches.flat()).toEqual(items);
    expect(batches.map(({ length }) => length)).toEqual([5, 5, 5, 5, 3]);
    expect(most).toBe(3);
    await inBatches([], 5, 3, () => Promise.reject(new Error("none")));
  });
});

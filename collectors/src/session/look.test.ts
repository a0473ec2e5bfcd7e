import { afterEach, beforeEach, expect, test } from "vitest";
import type { Observe, Split } from "../observe.ts";
import { type LookOptions, lookInParts } from "./look.ts";
import { startApi, type TestApi } from "./testing/api.ts";
import { aKey, aWorkplace, instances, NOW, observing, sessionOptions, type Workplace } from "./testing/builders.ts";

const key = aKey();
let api: TestApi;
let workplace: Workplace;

beforeEach(async () => {
  api = await startApi({ now: () => NOW, key: key.publicKey });
  workplace = aWorkplace();
});
afterEach(async () => {
  await api.end();
  workplace.remove();
});

const part = (region: string, count = 3): Observe => observing(region, [...instances(count, region)]);
const failing =
  (message: string): Observe =>
  () =>
    Promise.reject(new Error(message));
const partsOf =
  (...parts: readonly Observe[]): Split =>
  async () =>
    parts;
const look = (split: Split, more: Partial<LookOptions> = {}) =>
  lookInParts({
    ...sessionOptions(workplace, api.url, key.signer),
    split,
    stop: new AbortController().signal,
    ...more,
  });
const regionsOf = (scopes: readonly { readonly region: string }[]) => scopes.map(({ region }) => region);

test("each part is a run of its own, delivered before the next is begun, and all of them are told as one", async () => {
  const order: string[] = [];
  const onProgress: LookOptions["onProgress"] = ({ type }) =>
    void (/^run-(started|ended)$/.test(type) && order.push(type));
  const first = await look(partsOf(part("us-east-1", 3), part("us-west-2", 4)), { onProgress });
  expect(order).toEqual(["run-started", "run-ended", "run-started", "run-ended"]);
  expect(first).toMatchObject({ delivered: true, earlier: [], failures: [] });
  expect(first.runs.map(({ state }) => state)).toEqual(["closed", "closed"]);
  expect(first.totals).toMatchObject({ resources: 7, created: 7 });
  expect(regionsOf(first.scopes)).toEqual(["us-east-1", "us-west-2"]);
  expect(first.bytesSent).toBe(api.seen.reduce((sum, request) => sum + request.bytes, 0));

  const second = await look(partsOf(part("us-east-1", 3), part("us-west-2", 5)));
  expect(second.runs.map(({ state }) => state)).toEqual(["unchanged", "closed"]);
  expect(second.totals).toMatchObject({ resources: 8, created: 1, unchanged: 7, retired: 0 });
});

test("each part announces the interval: all of them are looked at each time", async () => {
  await look(partsOf(part("us-east-1"), part("us-west-2")), { intervalSeconds: 900 });
  const { items } = await api.ask<{ items: { intervalSeconds?: number }[] }>("GET", "/api/v1/discovery/status");
  expect(items.map(({ intervalSeconds }) => intervalSeconds)).toEqual([900, 900]);
});

test("a part that fails does not hold up the others, and is told; only when all do there is nothing to tell", async () => {
  const result = await look(partsOf(part("us-east-1"), failing("no disk"), part("us-west-2")));
  expect(regionsOf(result.scopes)).toEqual(["us-east-1", "us-west-2"]);
  expect(result.failures.map(({ message }) => message)).toEqual(["part 2 of 3: nothing was observed: no disk"]);
  expect(result.delivered).toBe(true);
  await expect(look(partsOf(failing("one"), failing("two")))).rejects.toThrow("part 1 of 2: nothing was observed: one");
  await expect(look(partsOf(failing("alone")))).rejects.toThrow(/^nothing was observed: alone$/);
});

test("a part that the API did not take waits, and goes with the next one: the last word is told, once", async () => {
  let isDown = true;
  let sent = 0;
  const fetch: typeof globalThis.fetch = (...args) => {
    sent += (args[1]?.body as Uint8Array | undefined)?.byteLength ?? 0;
    return isDown ? Promise.reject(new TypeError("fetch failed")) : globalThis.fetch(...args);
  };
  const west: Observe = async (context) => {
    isDown = false;
    await part("us-west-2", 4)(context);
  };
  const result = await look(partsOf(part("us-east-1", 3), west), { fetch });
  expect(result).toMatchObject({ delivered: true, earlier: [], totals: { resources: 7, created: 7 } });
  expect(result.runs.map(({ state }) => state)).toEqual(["closed", "closed"]);
  expect(result.bytesSent).toBe(sent);

  isDown = true;
  const away = await look(partsOf(part("us-east-1", 3), part("us-west-2", 4)), { fetch });
  expect(away).toMatchObject({ delivered: false, totals: { resources: 7 } });
  expect(away.runs).toMatchObject([{ state: "spooled" }, { state: "spooled" }]);
  const later = await look(partsOf(part("eu-west-1")));
  expect(later.earlier.map(({ run }) => run)).toEqual(away.runs.map(({ run }) => run));
});

test("once it is told to stop, no further part is begun, and it says so", async () => {
  const stop = new AbortController();
  const last: Observe = async (context) => {
    await part("us-east-1")(context);
    stop.abort();
  };
  const result = await look(partsOf(last, part("us-west-2"), part("eu-west-1")), { stop: stop.signal });
  expect(regionsOf(result.scopes)).toEqual(["us-east-1"]);
  expect(result.failures.map(({ message }) => message)).toEqual(["interrupted: 2 of 3 parts were not looked at"]);
});

test("what could not even be split is no empty success", async () => {
  const split = () => Promise.reject(new Error("no accounts"));
  await expect(look(split)).rejects.toMatchObject({
    message: "nothing was observed: no accounts",
    cause: { errors: [{ message: "no accounts" }] },
  });
});

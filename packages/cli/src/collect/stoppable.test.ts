import type { Observe, ObserveContext } from "@cadastre/collectors/observe";
import { expect, test } from "vitest";
import { stoppable } from "./stoppable.ts";

const aContext = (): ObserveContext => ({
  recorder: { start: () => expect.unreachable("no scope is started") },
  now: () => new Date(),
  signal: new AbortController().signal,
  log: () => undefined,
  scopeDeadlineMilliseconds: 1000,
});
const never = () => new Promise<void>(() => undefined);
const atOnce = async () => undefined;

test("a collector is told to end, and that it then ends with an error is no error", async () => {
  const stop = new AbortController();
  const observe: Observe = ({ signal }) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  const ended = stoppable(observe, stop.signal, never)(aContext());
  stop.abort(new Error("interrupted"));
  await expect(ended).resolves.toBeUndefined();
});

test("a collector that does not end is left behind after the grace time", async () => {
  const stop = new AbortController();
  const ended = stoppable(never, stop.signal, atOnce)(aContext());
  stop.abort();
  await expect(ended).resolves.toBeUndefined();
});

test("an error of a collector that was not told to end is thrown, and the session's own signal still reaches it", async () => {
  const failing: Observe = async () => Promise.reject(new Error("no credentials"));
  const stop = new AbortController();
  await expect(stoppable(failing, stop.signal, never)(aContext())).rejects.toThrow("no credentials");
  let seen = false;
  const session = AbortSignal.abort();
  const looking: Observe = async ({ signal }) => {
    seen = signal.aborted;
  };
  await stoppable(looking, stop.signal, never)({ ...aContext(), signal: session });
  expect(seen).toBe(true);
});

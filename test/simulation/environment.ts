import nodeCrypto from "node:crypto";
import { registerHooks, syncBuiltinESMExports } from "node:module";
import nodeZlib from "node:zlib";
import { currentProcess } from "./scheduler.ts";
import { rememberListeners, timeoutSignal } from "./timeouts.ts";

/**
 * Takes over what the product does not have passed in: randomness, compression on other threads, time limits, a collector's
 * disk, locks and number of shards, and the state of ids. It must be loaded before any code of the product.
 */
const crypto = nodeCrypto as unknown as Record<string, unknown>;
const zlib = nodeZlib as unknown as Record<string, unknown>;

const { randomBytes, randomInt } = nodeCrypto;
const mathRandom = Math.random;

crypto.randomBytes = (size: number, ...rest: unknown[]) => {
  const random = currentProcess()?.random;
  if (random === undefined) return (randomBytes as (...all: unknown[]) => unknown)(size, ...rest);
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size; at++) bytes[at] = random.below(256);
  return bytes;
};
crypto.randomInt = (...bounds: number[]) => {
  const random = currentProcess()?.random;
  if (random === undefined) return (randomInt as (...all: number[]) => number)(...bounds);
  const [low, high] = bounds.length > 1 ? (bounds as [number, number]) : ([0, bounds[0]] as [number, number]);
  return low + Math.floor(random.next() * (high - low));
};
Math.random = () => currentProcess()?.random.next() ?? mathRandom();

type Callback = (error: unknown, result?: unknown) => void;

/** The same result, without another thread whose end nobody orders. */
function atOnce(sync: (input: Uint8Array, options: object) => unknown) {
  return (input: Uint8Array, options: object | Callback, callback?: Callback) => {
    const answer = (callback ?? options) as Callback;
    try {
      const result = sync(input, callback === undefined ? {} : (options as object));
      queueMicrotask(() => answer(null, result));
    } catch (error) {
      queueMicrotask(() => answer(error));
    }
  };
}
zlib.gzip = atOnce(nodeZlib.gzipSync as never);
syncBuiltinESMExports();

const realTimeout = AbortSignal.timeout.bind(AbortSignal);
AbortSignal.timeout = (milliseconds: number) => timeoutSignal(milliseconds) ?? realTimeout(milliseconds);

rememberListeners();

const here = (file: string) => new URL(file, import.meta.url).href;
const SPOOL = "/collectors/src/session/";

registerHooks({
  resolve(specifier, context, next) {
    const parent = context.parentURL ?? "";
    const url =
      specifier === "ulid" && !parent.includes("/test/simulation/")
        ? here("./substitutes/ulid.ts")
        : parent.includes(SPOOL) && specifier === "node:fs"
          ? here("./substitutes/fs.ts")
          : parent.includes(SPOOL) && specifier === "node:sqlite"
            ? here("./substitutes/sqlite.ts")
            : parent.endsWith(`${SPOOL}run-reader.ts`) && specifier === "@cadastre/contract/digest"
              ? here("./substitutes/digest.ts")
              : undefined;
    return url === undefined ? next(specifier, context) : { url, shortCircuit: true };
  },
});

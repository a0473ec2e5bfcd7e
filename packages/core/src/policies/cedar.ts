import { createRequire } from "node:module";
import { dirname } from "node:path";
import type * as Cedar from "@cedar-policy/cedar-wasm/nodejs";

const load = createRequire(import.meta.url);
const MODULE = "@cedar-policy/cedar-wasm/nodejs";

export type CedarEngine = typeof Cedar;

/**
 * An instance of Cedar with a memory of its own. What it compiles is 4 MB of WebAssembly: the first takes about 80 ms, each further
 * one about 10. It is no part of the bundle, and lies beside it (see `functions/src/build.ts`).
 */
export function openCedar(): CedarEngine {
  // The package keeps one instance for a module: without the cache there is another.
  delete load.cache[load.resolve(MODULE)];
  return load(MODULE) as CedarEngine;
}

/** The folder of Cedar's package that is loaded from, for who packs it. */
export const cedarFolder = (): string => dirname(load.resolve(MODULE));

/**
 * Whether an instance has died of what it was given: it ran out of its stack or of this process's, and what it holds cannot be used any
 * more. Everything else that it refuses, it says in its answer.
 */
export const isDead = (error: unknown): boolean =>
  error instanceof RangeError || (error instanceof Error && error.name === "RuntimeError");

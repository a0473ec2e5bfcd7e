import { scopeError, scopeKey, scopeStatus } from "@cadastre/contract/scope";
import * as z from "zod";

/** A scope as it waits in the spool. `start` is the number of its first record in the index file. */
const spooledScope = scopeKey.extend({
  status: scopeStatus,
  errors: z.array(scopeError),
  resources: z.int().min(0),
  start: z.int().min(0),
});
export type SpooledScope = z.output<typeof spooledScope>;

/** `run.json`: all that is known of a closed run but its resources. Its presence in `ready/` is what closes a run. */
export const manifest = z.object({
  version: z.literal(1),
  run: z.string(),
  startedAt: z.string(),
  collectorVersion: z.string(),
  intervalSeconds: z.int().optional(),
  scopes: z.array(spooledScope),
});
export type Manifest = z.output<typeof manifest>;

export const DATA_FILE = "resources.ndjson";
export const INDEX_FILE = "index.bin";
export const MANIFEST_FILE = "run.json";
export const PROBLEM_FILE = "problem.json";

import { RefusedError, UnavailableError } from "../api-errors.ts";
import { DamagedRunError } from "./damaged-run.ts";
import type { DeliveryProblem } from "./result.ts";

/** What becomes of a run whose delivery ended with an error. */
type Verdict = "rejected" | "waiting";

/** Refusals of the run itself: sent again, it would be refused again. */
const FOR_GOOD = new Set([400, 405, 409, 413, 415, 422]);
/** 409s that say something of the moment, not of the run. */
const PASSING = new Set(["request.conflict", "signature.replayed", "discovery.shards_missing"]);

/**
 * A refusal of what the run says is for good, also a foreign account's, and so is damage on the disk. All else waits: no connection, a key that is not
 * approved, a wrong address, an answer that is not the API's.
 */
export function decideVerdict(error: unknown): Verdict {
  if (error instanceof DamagedRunError) return "rejected";
  if (!(error instanceof RefusedError) || error.code === undefined) return "waiting";
  if (error.code === "collector.foreign_account") return "rejected";
  return FOR_GOOD.has(error.status) && !PASSING.has(error.code) ? "rejected" : "waiting";
}

/** The error as a caller sees it. */
export function toProblem(error: unknown, interrupted: boolean): DeliveryProblem {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof RefusedError) {
    const { status, code, requestId } = error;
    return { code: code ?? "api.unknown_answer", message, status, ...(requestId ? { requestId } : {}) };
  }
  if (error instanceof UnavailableError) {
    return { code: "api.unavailable", message, ...(error.status ? { status: error.status } : {}) };
  }
  if (error instanceof DamagedRunError) return { code: "spool.unreadable", message };
  return interrupted ? { code: "session.interrupted", message } : { code: "session.failed", message };
}

import { createHash, createHmac } from "node:crypto";
import { ProblemError } from "@cadastre/contract/errors";
import { ClaimItem, ClaimTakenError, createClaim } from "../audit/claim.ts";
import { type Actor, actorName, type Context } from "../context.ts";

/** How long a key is remembered. */
export const CLAIM_LIFE_SECONDS = 86_400;

export interface IdempotentRequest {
  readonly actor: Actor;
  /** The caller's Idempotency-Key. */
  readonly key: string;
  /** Method and path, so that one key is not used for two routes. */
  readonly operation: string;
  /** The request's body as JSON. */
  readonly content: unknown;
}

export interface Once<Result> {
  /**
   * Does the creation with the context that it is given: its first recorded commit takes the claim, so that neither a crash nor
   * a second request at the same time can have one without the other. Its clock stands still, so that the claim's `at` is also
   * the time of what is created.
   */
  readonly run: (context: Context) => Promise<Result>;
  /** Answers for a creation that was done before, from what is stored now. */
  readonly replay: (claim: ClaimItem) => Promise<Result>;
}

/**
 * Does a creation at most once for an actor and key within a day, also when it is asked for twice at the same time; a repeat is
 * answered by `replay`. Nothing of the request or the answer is stored, so no secret is. Throws 422
 * `request.idempotency_reused` when the key came with another request, and what `run` throws; a creation that failed claims
 * nothing and can be repeated. Adds one claim to the creation's commit.
 */
export async function runOnce<Result>(
  context: Context,
  { actor, key, operation, content }: IdempotentRequest,
  { run, replay }: Once<Result>,
): Promise<{ result: Result; replayed: boolean }> {
  const slot = createHash("sha256")
    .update(`${actorName(actor)}\n${key}`)
    .digest("hex");
  // Keyed by what only the caller has: a stored plain hash of a body with a weak secret could be searched for it.
  const fingerprint = createHmac("sha256", key)
    .update(`${operation}\n${JSON.stringify(content)}`)
    .digest("hex");
  const again = async (): Promise<{ result: Result; replayed: boolean } | undefined> => {
    const claim = await context.table.get(ClaimItem, { slot }, { consistent: true });
    if (!claim) return undefined;
    if (claim.fingerprint !== fingerprint) throw new ProblemError("request.idempotency_reused");
    return { result: await replay(claim), replayed: true };
  };
  const before = await again();
  if (before) return before;
  const now = context.now();
  const expiresAt = Math.floor(now.getTime() / 1000) + CLAIM_LIFE_SECONDS;
  const claim = createClaim({ slot, fingerprint, at: now.toISOString(), expiresAt });
  try {
    return { result: await run({ ...context, now: () => now, claim }), replayed: false };
  } catch (error) {
    if (!(error instanceof ClaimTakenError)) throw error;
    const done = await again();
    if (!done) throw new ProblemError("request.conflict", undefined, { cause: error });
    return done;
  }
}

import { createHash, createHmac } from "node:crypto";
import { ProblemError } from "@cadastre/contract/errors";
import type { AuditRecord } from "@cadastre/contract/view";
import { defineEntity, type ItemOf } from "@cadastre/store/entity";
import { ConflictError } from "@cadastre/store/errors";
import { create, type Table, type Write } from "@cadastre/store/table";
import * as z from "zod";
import { AuditItem } from "../audit/items.ts";
import type { Actor, Context } from "../context.ts";

/** How long a key is remembered. */
export const CLAIM_LIFE_SECONDS = 86_400;

export const ClaimItem = defineEntity({
  type: "idempotency-claim",
  about:
    "A creation that was done under an Idempotency-Key, written in the creation's own commit. Holds no request and no answer",
  schema: z.object({
    slot: z.string().meta({ description: "SHA-256 over actor and key" }),
    fingerprint: z.string().meta({ description: "HMAC of the request under the key, which is not kept" }),
    target: z.string().meta({ description: "What was created, as its audit record names it" }),
    at: z.string(),
    expiresAt: z.int(),
  }),
  key: { partition: (of: { slot: string }) => `idempotency#${of.slot}`, sort: () => "claim" },
  expires: "expiresAt",
});
export type Claim = ItemOf<typeof ClaimItem>;

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
  /** Does the creation with the context that it is given, which holds the claim. */
  readonly run: (context: Context) => Promise<Result>;
  /** Answers for a creation that was done before, from what is stored now. */
  readonly replay: (claim: Claim) => Promise<Result>;
}

/** Another request with the same key was faster. */
class ClaimTakenError extends Error {}

/**
 * A context whose first commit also claims the slot, so that the creation and its claim are one: neither a crash nor a second
 * request at the same time can have one without the other. Its clock stands still, so that `at` is also the time of what is
 * created.
 */
function claiming(context: Context, claim: Omit<Claim, "target">): Context {
  let isClaimed = false;
  const commit: Table["commit"] = async (writes, options) => {
    const target = isClaimed ? undefined : targetOf(writes);
    if (target === undefined) return context.table.commit(writes, options);
    try {
      await context.table.commit([...writes, create(ClaimItem, { ...claim, target })], options);
      isClaimed = true;
    } catch (error) {
      const taken = (error as ConflictError).refusals?.some(
        (refusal) => refusal.index === writes.length && refusal.reason === "exists",
      );
      throw error instanceof ConflictError && taken ? new ClaimTakenError() : error;
    }
  };
  const at = new Date(claim.at);
  return { ...context, now: () => at, table: { ...context.table, commit } };
}

/** The target of the commit's audit record: every mutation has one. */
function targetOf(writes: readonly Write[]): string | undefined {
  const record = writes.find((write) => write.op === "create" && write.entity === AuditItem);
  return record && "item" in record ? (record.item as AuditRecord).target : undefined;
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
  const slot = createHash("sha256").update(`${actor.id}\n${key}`).digest("hex");
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
  try {
    return {
      result: await run(claiming(context, { slot, fingerprint, at: now.toISOString(), expiresAt })),
      replayed: false,
    };
  } catch (error) {
    if (!(error instanceof ClaimTakenError)) throw error;
    const done = await again();
    if (!done) throw new ProblemError("request.conflict", undefined, { cause: error });
    return done;
  }
}

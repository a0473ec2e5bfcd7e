import type { Collector } from "@cadastre/contract/collector";
import { type ErrorCode, ProblemError } from "@cadastre/contract/errors";
import { NONCE_LIFE_SECONDS, type SignedRequest, verifyRequest } from "@cadastre/contract/signature";
import { create } from "@cadastre/store/table";
import { type Context, type Principal, principalOf } from "../context.ts";
import { isTaken, retryOnConflict } from "../retry-on-conflict.ts";
import { toCollector } from "./collectors.ts";
import { CollectorItem, CollectorKeyItem, NonceItem } from "./items.ts";

export interface AuthenticatedCollector {
  readonly collector: Collector;
  readonly principal: Principal;
  /** When the request was signed, by the collector's clock. */
  readonly signedAt: Date;
}

const FINGERPRINT = /^[0-9a-f]{64}$/;

const REFUSED: Record<Exclude<Collector["state"], "approved">, ErrorCode> = {
  pending: "collector.pending",
  rejected: "collector.rejected",
  revoked: "collector.revoked",
};

/** A collector that proved who it is and may not act: what it asked for can be recorded under its name. */
export class CollectorRefusedError extends ProblemError {
  readonly principal: Principal;
  constructor(principal: Principal, code: ErrorCode) {
    super(code);
    this.principal = principal;
  }
}

const principalOfCollector = ({ id, name, organization }: CollectorItem): Principal =>
  principalOf({ type: "collector", id, name }, organization);

/** Keys by fingerprint. A key's item never changes, so only what was found is kept, the longest unused goes first. */
function createKeyCache(context: Context, most: number) {
  const keys = new Map<string, CollectorKeyItem>();
  return async function findKey(fingerprint: string): Promise<CollectorKeyItem | undefined> {
    if (!FINGERPRINT.test(fingerprint)) return undefined;
    const cached = keys.get(fingerprint);
    const key = cached ?? (await context.table.get(CollectorKeyItem, { fingerprint }, { consistent: true }));
    if (!key) return undefined;
    keys.delete(fingerprint);
    keys.set(fingerprint, key);
    const [oldest] = keys.keys();
    if (keys.size > most && oldest !== undefined) keys.delete(oldest);
    return key;
  };
}

/** Refuses a nonce that this key used before; the item lives for as long as the signature could pass as fresh. */
async function requireFirstUse(context: Context, keyId: string, nonce: string): Promise<void> {
  // One more second on top: the store counts whole seconds, and at the very last one the signature still passes.
  const expiresAt = Math.ceil(context.now().getTime() / 1000) + NONCE_LIFE_SECONDS + 1;
  await retryOnConflict(async () => {
    try {
      await context.table.commit([create(NonceItem, { keyId, nonce, expiresAt })]);
    } catch (error) {
      if (isTaken(error, 0)) throw new ProblemError("signature.replayed", "sign each request anew, also a retry");
      throw error;
    }
  });
}

/**
 * Makes what authenticates signed requests. It checks in this order: signature, freshness, body digest, replay, state; a
 * request that fails one of the first three writes nothing. With the key cached it costs one strongly consistent read of the
 * collector and one conditional write of the nonce. Throws the `signature.*` codes, and 403 `collector.pending`,
 * `collector.rejected` or `collector.revoked`. `mostKeys` bounds the cache.
 */
export function createCollectorAuthentication({ context, mostKeys = 1000 }: { context: Context; mostKeys?: number }) {
  const findKey = createKeyCache(context, mostKeys);

  return async function authenticateCollector(request: SignedRequest): Promise<AuthenticatedCollector> {
    const { keyId, nonce, createdAt } = await verifyRequest(request, findKey, context.now());
    const key = await findKey(keyId);
    const stored = key && (await context.table.get(CollectorItem, { id: key.collector }, { consistent: true }));
    if (!stored) throw new ProblemError("signature.unknown_key", "no collector has this key id");
    await requireFirstUse(context, keyId, nonce);
    if (stored.state !== "approved")
      throw new CollectorRefusedError(principalOfCollector(stored), REFUSED[stored.state]);
    return { collector: toCollector(stored), principal: principalOfCollector(stored), signedAt: createdAt };
  };
}

import { ANY_ACCOUNT, type Collector, type NewCollector } from "@cadastre/contract/collector";
import { ProblemError } from "@cadastre/contract/errors";
import { newId } from "@cadastre/contract/ids";
import { parsePublicKey } from "@cadastre/contract/keys";
import { create } from "@cadastre/store/table";
import { commitRecorded } from "../audit/commit-recorded.ts";
import { type Actor, actorName, type Context } from "../context.ts";
import { administers } from "../policies/authorize.ts";
import { isTaken, retryOnConflict } from "../retry-on-conflict.ts";
import { bindCredential } from "./bind-credential.ts";
import { readCollector, toCollector } from "./collectors.ts";
import { CollectorItem, CollectorKeyItem, CollectorListItem, CollectorNameItem } from "./items.ts";

export interface RegisterOptions {
  /** Approved at once: for the local run, where the operator who registers is the one who would approve. */
  readonly approved?: boolean;
  /** Whether the actor may reveal credentials; without it no credential can be bound. */
  readonly mayReveal?: boolean;
}

/** `*` says it all, and nothing is said twice. */
export function normalAccounts(accounts: readonly string[]): string[] {
  return accounts.includes(ANY_ACCOUNT) ? [ANY_ACCOUNT] : [...new Set(accounts)];
}

/** One that may speak for every account is for admins to make. Throws 403 `auth.forbidden`. */
export async function requireMayBind(context: Context, actor: Actor, accounts: readonly string[]): Promise<void> {
  if (!accounts.includes(ANY_ACCOUNT) || (await administers(context, actor))) return;
  throw new ProblemError("auth.forbidden", "a collector for all accounts (*) needs the role admin and the scope admin");
}

/**
 * Registers a collector's public key under a name; it waits for approval. Throws 422 `request.invalid` (the key), 409
 * `collector.name_taken` while another is pending or approved under the name, 409 `collector.key_taken` when the key was
 * ever registered, 403 `auth.forbidden` (also for `*` without admin), 404 `credential.not_found` and 409 `credential.revoked` for the credential.
 * Writes the name, the key, the collector, its place in the list, and one audit record.
 */
export async function registerCollector(
  context: Context,
  actor: Actor,
  input: NewCollector,
  { approved = false, mayReveal = false }: RegisterOptions = {},
): Promise<Collector> {
  await requireMayBind(context, actor, input.accounts);
  const key = parsePublicKey(input.publicKey);
  const now = context.now();
  const at = now.toISOString();
  const id = newId("collector", now);
  const item: CollectorItem = {
    id,
    name: input.name,
    providers: [...new Set(input.providers)],
    accounts: normalAccounts(input.accounts),
    keyFingerprint: key.fingerprint,
    keyAlgorithm: key.algorithm,
    ...(input.credential === undefined ? {} : { credential: input.credential }),
    state: approved ? "approved" : "pending",
    createdAt: at,
    createdBy: actorName(actor),
    organization: context.organization,
    ...(approved ? { decidedAt: at, decidedBy: actorName(actor) } : {}),
  };
  const { name, providers, accounts, keyFingerprint, credential, state } = item;
  await retryOnConflict(async () => {
    const bound = await bindCredential(context, credential, mayReveal);
    try {
      const writes = [
        create(CollectorNameItem, { name, collector: id }),
        create(CollectorKeyItem, { ...key, collector: id }),
        create(CollectorItem, item),
        create(CollectorListItem, { id }),
        ...bound,
      ];
      await commitRecorded(context, actor, writes, {
        action: "collector.register",
        target: id,
        detail: {
          name,
          providers,
          accounts: someOf(accounts),
          keyFingerprint,
          state,
          ...(credential ? { credential } : {}),
        },
      });
    } catch (error) {
      if (isTaken(error, 0)) throw new ProblemError("collector.name_taken", `the name ${name} is in use`);
      if (isTaken(error, 1)) throw new ProblemError("collector.key_taken", `the key ${keyFingerprint} was registered`);
      throw error;
    }
  });
  return toCollector(await readCollector(context, id));
}

const MOST_IN_DETAIL = 50;

/** Accounts for an audit record, which stays small: all of them, or the first with the number of the rest. */
export function someOf(accounts: readonly string[]): readonly string[] {
  if (accounts.length <= MOST_IN_DETAIL) return accounts;
  return [...accounts.slice(0, MOST_IN_DETAIL), `and ${accounts.length - MOST_IN_DETAIL} more`];
}

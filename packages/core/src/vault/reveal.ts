import type { Collector } from "@cadastre/contract/collector";
import type { CredentialSecret, RevealedCredential } from "@cadastre/contract/credential";
import { type ErrorCode, ProblemError } from "@cadastre/contract/errors";
import { idSchema } from "@cadastre/contract/ids";
import { ConflictError } from "@cadastre/store/errors";
import { check, type Stored, type Write } from "@cadastre/store/table";
import { type AuditEntry, commitRecorded } from "../audit/commit-recorded.ts";
import type { Actor, Context } from "../context.ts";
import { isVisible } from "../restriction.ts";
import { retryOnConflict } from "../retry-on-conflict.ts";
import { toCredential } from "./credentials.ts";
import { CredentialItem, CredentialMarkItem, SealedItem } from "./items.ts";
import { type Opener, UnreadableError } from "./ports.ts";
import { openSecret } from "./seal.ts";

const credentialId = idSchema("credential");
/** A target that is no id comes from the caller; a record keeps no more of it than this. */
const MOST_TARGET = 64;

/** What an access uses up, read anew with each attempt at it: the writes are part of the commit of its record. */
export type AccessGuard = () => Promise<readonly Write[]>;

interface Access {
  readonly action: "credential.reveal" | "credential.fetch";
  readonly detail: Readonly<Record<string, unknown>>;
  readonly guard?: AccessGuard | undefined;
}

async function record(context: Context, actor: Actor, entry: AuditEntry): Promise<void> {
  const target = entry.target.slice(0, MOST_TARGET);
  await retryOnConflict(() => commitRecorded(context, actor, [], { ...entry, target }));
}

/** What a row that is not what was written fails with, when it is read; anything else is a failure of the table. */
const DAMAGED: readonly string[] = ["InvalidItemError", "SyntaxError", "TypeError"];

function unreadable(cause: unknown): never {
  if (!(cause instanceof Error && DAMAGED.includes(cause.name))) throw cause;
  throw new ProblemError("credential.unreadable", "what is stored of it is damaged", { cause });
}

/** Opens a credential's secret. Throws ProblemErrors that say nothing of what was read. */
async function open(context: Context, opener: Opener, item: Stored<CredentialItem>): Promise<CredentialSecret> {
  if (item.revokedAt !== undefined) throw new ProblemError("credential.revoked", `revoked at ${item.revokedAt}`);
  const { id } = item;
  const [sealed, mark] = await Promise.all([
    context.table.get(SealedItem, { id }, { consistent: true }).catch(unreadable),
    context.table.get(CredentialMarkItem, { id }, { consistent: true }).catch(unreadable),
  ]);
  if (mark?.generation !== item.generation) {
    const now = await context.table.get(CredentialItem, { id }, { consistent: true });
    // Somebody changed it between the two reads: that is no matter of the vault.
    if (now?.version !== item.version) throw new ConflictError([{ index: 0, reason: "version" }]);
    throw new ProblemError("credential.unreadable", "it was put back to how it once was");
  }
  if (!sealed) throw new ProblemError("credential.unreadable", "its ciphertext is not there");
  try {
    return await openSecret(opener, item, sealed.ciphertext);
  } catch (cause) {
    if (cause instanceof UnreadableError) throw new ProblemError("credential.unreadable", undefined, { cause });
    throw new ProblemError("service.unavailable", "the credential cannot be opened now", { cause });
  }
}

/**
 * One access to a secret. The record of it is committed, on the condition that the credential is still what was read, before
 * the secret is handed on; when the commit fails the secret goes nowhere. A failed access leaves a record of the failure.
 */
async function access(
  context: Context,
  opener: Opener,
  actor: Actor,
  id: string,
  { action, detail, guard = async () => [] }: Access,
): Promise<RevealedCredential> {
  const reveal = async (): Promise<RevealedCredential> => {
    const isId = credentialId.safeParse(id).success;
    const stored = isId ? await context.table.get(CredentialItem, { id }, { consistent: true }) : undefined;
    if (!stored || !isVisible(context, stored)) throw new ProblemError("credential.not_found");
    const guards = await guard();
    const secret = await open(context, opener, stored);
    await commitRecorded(context, actor, [check(CredentialItem, { id }, stored.version), ...guards], {
      action,
      target: id,
      detail: { ...detail, type: stored.type },
    });
    return { ...toCredential(stored), secret };
  };
  try {
    return await retryOnConflict(reveal);
  } catch (error) {
    // Also where the secret was opened and its record could not be committed: it goes nowhere, and that it was opened is kept.
    const code: ErrorCode = error instanceof ProblemError ? error.code : "service.internal";
    await record(context, actor, { action, target: id, outcome: "failed", detail: { ...detail, code } });
    throw error;
  }
}

/**
 * Reveals a secret to an operator; that the caller may is decided before. What `guard` answers is used up with it, and what it throws is
 * thrown before anything is opened. Throws 404
 * `credential.not_found`, 409 `credential.revoked` and `credential.unreadable`, 503 `service.unavailable`; each of them, and
 * success, leaves exactly one audit record, committed before this settles.
 */
export function revealCredential(
  context: Context,
  opener: Opener,
  actor: Actor,
  id: string,
  { reason, guard }: { readonly reason?: string | undefined; readonly guard?: AccessGuard } = {},
): Promise<RevealedCredential> {
  const detail = reason === undefined ? {} : { reason };
  return access(context, opener, actor, id, { action: "credential.reveal", detail, guard });
}

/**
 * Hands a collector the credential that it is bound to. Throws 404 `credential.not_bound` and what `revealCredential`
 * throws; each of them, and success, leaves exactly one audit record, committed before this settles.
 */
export async function fetchBoundCredential(
  context: Context,
  opener: Opener,
  collector: Pick<Collector, "id" | "name" | "credential">,
  actor: Actor,
): Promise<RevealedCredential> {
  const action = "credential.fetch";
  const detail = { collector: collector.id, name: collector.name };
  if (collector.credential === undefined) {
    const code: ErrorCode = "credential.not_bound";
    await record(context, actor, { action, target: collector.id, outcome: "denied", detail: { ...detail, code } });
    throw new ProblemError(code);
  }
  return access(context, opener, actor, collector.credential, { action, detail });
}

import { ProblemError } from "@cadastre/contract/errors";
import type { Factor } from "@cadastre/contract/login";
import { remove, type Stored, type Write } from "@cadastre/store/table";
import { commitRecorded } from "../audit/commit-recorded.ts";
import type { Actor, Context } from "../context.ts";
import { retryOnConflict } from "../retry-on-conflict.ts";
import { FactorItem, factorsPartition, PasswordItem } from "./items.ts";
import { endSessionsWrite } from "./login-epoch.ts";
import { forgetIdentityWrites } from "./oidc/identities.ts";
import { requireStandsFor } from "./stands-for.ts";

/** Of one user, codes and passkeys together. */
export const MOST_FACTORS = 20;

export type StoredFactor = Stored<FactorItem>;

/** All second factors of a user, also those that are not confirmed, oldest first. One strongly consistent query. */
export async function readFactors({ table }: Pick<Context, "table">, user: string): Promise<readonly StoredFactor[]> {
  const query = { partition: factorsPartition(user), limit: MOST_FACTORS + 2, consistent: true };
  return (await table.query(FactorItem, query)).items;
}

/** Whether a factor counts as a second one: recovery codes only stand in for one. */
export const isUsable = (factor: FactorItem): boolean =>
  factor.type === "passkey" || (factor.type === "totp" && factor.isConfirmed);

/** By what a user can prove a second time who it is. */
export function methodsOf(factors: readonly FactorItem[]): ("code" | "passkey" | "recovery-code")[] {
  if (!factors.some(isUsable)) return [];
  const has = (test: (factor: FactorItem) => boolean) => factors.some(test);
  return [
    ...(has((one) => one.type === "totp" && one.isConfirmed) ? (["code"] as const) : []),
    ...(has((one) => one.type === "passkey") ? (["passkey"] as const) : []),
    ...(has((one) => one.type === "recovery-codes" && one.hashes.length > 0) ? (["recovery-code"] as const) : []),
  ];
}

/** What the API shows of a factor: nothing that verifies it. */
export function toFactor(factor: FactorItem): Factor {
  const { id, type, name, createdAt, usedAt } = factor;
  return {
    id,
    type,
    name,
    createdAt,
    ...(usedAt === undefined ? {} : { usedAt }),
    isConfirmed: factor.type !== "totp" || factor.isConfirmed,
    ...(factor.type === "recovery-codes" ? { left: factor.hashes.length } : {}),
  };
}

/** A user's second factors. */
export async function listFactors(context: Context, user: string): Promise<{ readonly items: Factor[] }> {
  return { items: (await readFactors(context, user)).map(toFactor) };
}

/** What guards an operation, read anew with each attempt at it. */
export type Guard = () => Promise<readonly Write[]>;

/**
 * Removes one of a user's second factors; with the last one its recovery codes go, too. Throws 404
 * `factor.not_found`, and what the guard throws. Writes one audit record.
 */
export async function removeFactor(
  context: Context,
  actor: Actor,
  { user, id }: { readonly user: string; readonly id: string },
  guard: Guard,
): Promise<void> {
  await retryOnConflict(async () => {
    const factors = await readFactors(context, user);
    const gone = factors.find((one) => one.id === id);
    if (!gone) throw new ProblemError("factor.not_found");
    const guards = await guard();
    const isLast = isUsable(gone) && !factors.some((one) => one.id !== id && isUsable(one));
    const codes = isLast ? factors.filter((one) => one.type === "recovery-codes") : [];
    const writes = [gone, ...codes].map((one) => remove(FactorItem, one, one.version));
    await commitRecorded(context, actor, [...writes, ...guards], {
      action: "factor.remove",
      target: id,
      detail: { user, type: gone.type, name: gone.name, ...(codes.length > 0 ? { withRecoveryCodes: true } : {}) },
    });
  });
}

/**
 * Removes all second factors of a user who has lost them, for an admin who knows that: all sessions of the user end in the same commit.
 * One who has none stays as it is. Throws 404 `user.not_found`, 403 `access.exceeds` for who may not do all that the user may: what is left is weaker.
 * Writes one audit record.
 */
export async function removeAllFactors(context: Context, actor: Actor, user: string): Promise<void> {
  await retryOnConflict(async () => {
    const epoch = endSessionsWrite(await requireStandsFor(context, actor, user));
    const factors = await readFactors(context, user);
    const writes = factors.map((one) => remove(FactorItem, one, one.version));
    await commitRecorded(context, actor, [epoch, ...writes], {
      action: "factor.reset",
      target: user,
      detail: { removed: factors.map(({ type }) => type) },
    });
  });
}

/** The writes that remove a user's password, second factors and identities, for the commit that removes the user. */
export async function forgetLoginWrites(context: Context, user: string): Promise<Write[]> {
  const [factors, identities] = await Promise.all([readFactors(context, user), forgetIdentityWrites(context, user)]);
  return [remove(PasswordItem, { user }), ...factors.map((one) => remove(FactorItem, one)), ...identities];
}

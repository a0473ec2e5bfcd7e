import type { PasskeyAssertion } from "@cadastre/contract/login";
import { remove, replace, type Write } from "@cadastre/store/table";
import type { Context } from "../context.ts";
import type { Opener } from "../vault/ports.ts";
import { isUsable, type StoredFactor } from "./factors.ts";
import { FactorItem, PasskeyChallengeItem } from "./items.ts";
import { challengeOf, proveByPasskey, type RelyingParty } from "./passkeys.ts";
import { withoutCode } from "./recovery-codes.ts";
import { withTotp } from "./sealed-totp.ts";
import type { Method } from "./sessions.ts";
import { stepOfCode } from "./totp.ts";

/** By what somebody proves a second time who it is: a code of an app or a recovery code, or a passkey's answer to a challenge. */
export interface FactorProof {
  readonly code?: string | undefined;
  readonly assertion?: PasskeyAssertion | undefined;
}

export interface FactorPorts {
  readonly opener: Opener;
  /** Absent where the configuration does not say where people log in: no passkey can be proved then. */
  readonly relyingParty?: RelyingParty | undefined;
}

/** What was proved, and the writes that use it up: they belong into the commit of what it is for, and fail when it was used since. */
export interface ProvedFactor {
  readonly method: Exclude<Method, "password">;
  readonly writes: readonly Write[];
}

type Of<Type extends StoredFactor["type"]> = Extract<StoredFactor, { type: Type }>;

const ofType = <Type extends StoredFactor["type"]>(factors: readonly StoredFactor[], type: Type) =>
  factors.filter((one): one is Of<Type> => one.type === type);

/** The factor as it is once it was used, in place of what was read. */
function used<Item extends StoredFactor>(before: Item, change: Partial<FactorItem>, now: Date): Write {
  const { version, ...item } = before;
  return { op: "replace", entity: FactorItem, item: { ...item, ...change, usedAt: now.toISOString() }, version };
}

/** By a code of one of the apps that were confirmed. */
async function proveByApp(
  { now }: Context,
  { opener }: FactorPorts,
  factors: readonly StoredFactor[],
  code: string,
): Promise<ProvedFactor | undefined> {
  const at = now();
  for (const factor of ofType(factors, "totp").filter(({ isConfirmed }) => isConfirmed)) {
    const lastStep = await withTotp(opener, factor, (bytes) => stepOfCode(code, bytes, factor.lastStep, at));
    if (lastStep !== undefined) return { method: "totp", writes: [used(factor, { lastStep }, at)] };
  }
  return undefined;
}

function proveByRecoveryCode(
  { now }: Context,
  factors: readonly StoredFactor[],
  code: string,
): ProvedFactor | undefined {
  // They stand in for another factor: alone they are none.
  if (!factors.some(isUsable)) return undefined;
  for (const factor of ofType(factors, "recovery-codes")) {
    const hashes = withoutCode(factor.user, factor.hashes, code);
    if (hashes) return { method: "recovery-code", writes: [used(factor, { hashes }, now())] };
  }
  return undefined;
}

/** By an answer to a challenge that this session was given, which counts once. */
async function proveByAssertion(
  { now, table }: Context,
  { relyingParty }: FactorPorts,
  factors: readonly StoredFactor[],
  { assertion, session }: { readonly assertion: PasskeyAssertion; readonly session: string },
): Promise<ProvedFactor | undefined> {
  const challenge = challengeOf(assertion.response.clientDataJSON);
  const factor = ofType(factors, "passkey").find(({ credential }) => credential === assertion.id);
  if (!relyingParty || challenge === undefined || !factor) return undefined;
  const key = { session, challenge };
  const given = await table.get(PasskeyChallengeItem, key, { consistent: true });
  if (given?.purpose !== "prove" || given.expiresAt * 1000 <= now().getTime()) return undefined;
  const proved = await proveByPasskey(relyingParty, challenge, factor, assertion);
  if (!proved) return undefined;
  const { counter, isBackedUp } = proved;
  const writes = [used(factor, { counter, isBackedUp }, now()), remove(PasskeyChallengeItem, key, given.version)];
  return { method: "passkey", writes };
}

/**
 * What a user has proved by one of its factors; undefined when it has proved nothing, whatever the reason. Writes nothing: that a code or a
 * challenge is used up is in the writes. Attempts are for the caller to count. Throws 503 `service.unavailable`.
 */
export async function proveFactor(
  context: Context,
  ports: FactorPorts,
  factors: readonly StoredFactor[],
  { code, assertion, session }: FactorProof & { readonly session?: string | undefined },
): Promise<ProvedFactor | undefined> {
  if (assertion !== undefined && session !== undefined)
    return proveByAssertion(context, ports, factors, { assertion, session });
  if (code === undefined) return undefined;
  return (await proveByApp(context, ports, factors, code)) ?? proveByRecoveryCode(context, factors, code);
}

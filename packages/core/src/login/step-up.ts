import { ProblemError } from "@cadastre/contract/errors";
import type { StepUpRequest } from "@cadastre/contract/login";
import { put, remove, type Write } from "@cadastre/store/table";
import { commitRecorded } from "../audit/commit-recorded.ts";
import type { Actor, Context } from "../context.ts";
import { retryOnConflict } from "../retry-on-conflict.ts";
import type { SessionItem } from "../sessions/items.ts";
import { keepChallenge } from "./enrol.ts";
import { isUsable, readFactors } from "./factors.ts";
import { PasswordItem, StepUpItem } from "./items.ts";
import { beginAttempt, lockoutSlot } from "./lockout.ts";
import { proveOptions, type RelyingParty } from "./passkeys.ts";
import type { PasswordCheck } from "./password-check.ts";
import { type FactorPorts, proveFactor } from "./prove-factor.ts";
import { recordFailedLogin } from "./record-failure.ts";
import { currentSession, type GivenSession, type Method, rotated, strengthOf } from "./sessions.ts";

/** How long it counts that somebody has just proved who it is. */
export const STEP_UP_SECONDS = 300;

/** What somebody is about to do, and to what: `type/id`. */
export interface StepUpFor {
  readonly action: string;
  readonly resource: string;
}

export interface StepUpPorts extends FactorPorts {
  readonly passwords: PasswordCheck;
  readonly loginKey: () => Promise<string>;
}

/** 401 `auth.step_up` (RFC 9470): what has to be proved anew, for what. */
export function stepUpNeeded(wanted: StepUpFor | undefined): ProblemError {
  const how = "POST /api/v1/auth/step-up";
  if (wanted === undefined)
    return new ProblemError("auth.step_up", `a second factor is due: ${how}`, {
      extra: { maxAgeSeconds: STEP_UP_SECONDS },
    });
  const { action, resource } = wanted;
  return new ProblemError("auth.step_up", `${how} with action ${action} and resource ${resource}, then again`, {
    extra: { action, resource, maxAgeSeconds: STEP_UP_SECONDS },
  });
}

/**
 * The writes that use up what a session has proved for exactly this: they belong into the commit that does it. Tokens have been given what
 * they may do, and prove nothing. Throws 401 `auth.step_up`. One strongly consistent read for a session.
 */
export async function requireStepUp(
  { table, now }: Context,
  { principal }: Actor,
  wanted: StepUpFor,
): Promise<Write[]> {
  const { session } = principal;
  if (session === undefined) return [];
  const key = { session: session.id, ...wanted };
  const granted = await table.get(StepUpItem, key, { consistent: true });
  const isGood = granted !== undefined && granted.user === principal.id && granted.expiresAt * 1000 > now().getTime();
  if (!isGood) throw stepUpNeeded(wanted);
  return [remove(StepUpItem, key, granted.version)];
}

/** The same, but not of a session whose user has proved who it is within five minutes. */
async function requireFresh(context: Context, actor: Actor, wanted: StepUpFor): Promise<Write[]> {
  const authenticatedAt = actor.principal.session?.authenticatedAt;
  const age =
    authenticatedAt === undefined ? Number.POSITIVE_INFINITY : context.now().getTime() - Date.parse(authenticatedAt);
  if (age >= 0 && age < STEP_UP_SECONDS * 1000) return [];
  return requireStepUp(context, actor, wanted);
}

/** What a browser is asked for to prove a passkey of the session's user; the challenge counts once, for five minutes. Writes it and one audit record. */
export async function beginProof(
  context: Context,
  party: RelyingParty,
  { actor, session: { user, id: session } }: { readonly actor: Actor; readonly session: SessionItem },
) {
  const passkeys = (await readFactors(context, user)).filter((one) => one.type === "passkey");
  if (passkeys.length === 0) throw new ProblemError("factor.none", "there is no passkey");
  const options = await proveOptions(party, passkeys);
  await keepChallenge(context, actor, { session, challenge: options.challenge, purpose: "prove" });
  return options;
}

interface Proof {
  readonly method: Method;
  readonly writes: readonly Write[];
}

/** What the request proves: a second factor, or of who has none the password. */
async function prove(
  context: Context,
  ports: StepUpPorts,
  session: SessionItem,
  { password, code, assertion }: StepUpRequest,
): Promise<Proof | undefined> {
  const { user, id } = session;
  const factors = await readFactors(context, user);
  if (password === undefined) return proveFactor(context, ports, factors, { code, assertion, session: id });
  const stored = await context.table.get(PasswordItem, { user }, { consistent: true });
  const isRight = await ports.passwords.isRight(password, stored);
  // Who has a second factor proves that one: a password is what was stolen most likely.
  return isRight && !factors.some(isUsable) ? { method: "password", writes: [] } : undefined;
}

export interface SteppedUp extends Partial<GivenSession> {
  readonly strength: number;
  /** ISO time until which it counts; the session's own of one that was only raised. */
  readonly expiresAt: string;
}

/**
 * Proves again who a session's user is. For an action on a resource it counts once, within five minutes, and for nothing else; without them it
 * ends that a second factor is due, and the session goes on under a new secret. Ten failures within 15 minutes lock it as they lock a
 * login, whatever the session. Throws 401 `auth.invalid`, 422 `request.invalid`. Writes what was granted, or the session, and that the
 * proof is used up, with one audit record, also of a failure.
 */
export async function stepUp(
  context: Context,
  ports: StepUpPorts,
  { actor, session: known }: { readonly actor: Actor; readonly session: SessionItem },
  request: StepUpRequest,
): Promise<SteppedUp> {
  const { user, id } = known;
  const slot = lockoutSlot(await ports.loginKey(), { kind: "factor", of: user });
  const attempt = await beginAttempt(context, slot);
  return retryOnConflict(async () => {
    const session = await currentSession(context, known);
    const proved = attempt.isLocked ? undefined : await prove(context, ports, session, request);
    if (!proved) {
      await recordFailedLogin(context, actor, { action: "session.step-up", target: id, ...attempt });
      throw new ProblemError(
        "auth.invalid",
        "that does not prove who you are; after ten failures within 15 minutes nothing is taken for up to 30",
      );
    }
    const { method, writes } = proved;
    const methods = [...new Set<Method>([...session.methods, method])];
    const now = context.now();
    if (request.action === undefined || request.resource === undefined) {
      const given = rotated(session, {
        methods,
        isPending: session.isPending && method === "password",
        authenticatedAt: now.toISOString(),
      });
      await commitRecorded(context, actor, [given.write, attempt.success, ...writes], {
        action: "session.step-up",
        target: id,
        detail: { method },
      });
      return { ...given, strength: given.item.strength, expiresAt: given.item.endsAt };
    }
    if (session.isPending) throw stepUpNeeded(undefined);
    const { action, resource } = request;
    const expiresAt = Math.floor(now.getTime() / 1000) + STEP_UP_SECONDS;
    const strength = strengthOf(methods);
    const grant = { session: id, user, action, resource, strength, grantedAt: now.toISOString(), expiresAt };
    await commitRecorded(context, actor, [put(StepUpItem, grant), attempt.success, ...writes], {
      action: "session.step-up",
      target: id,
      detail: { method, action, resource },
    });
    return { strength, expiresAt: new Date(expiresAt * 1000).toISOString() };
  });
}

/**
 * That a session may enrol a factor: its user has proved who it is within five minutes, or by a step-up for `factor:enrol` on itself; and where
 * a second factor is due, there is none yet. Throws 401 `auth.step_up`.
 */
export async function requireMayEnrol(context: Context, actor: Actor): Promise<Write[]> {
  const { id, session } = actor.principal;
  if (session?.isPending && (await readFactors(context, id)).some(isUsable)) throw stepUpNeeded(undefined);
  return requireFresh(context, actor, { action: "factor:enrol", resource: `user/${id}` });
}

import { ProblemError } from "@cadastre/contract/errors";
import { newId } from "@cadastre/contract/ids";
import type { NewTotp, PasskeyRegistration } from "@cadastre/contract/login";
import { create, put, remove, replace, type Stored, type Write } from "@cadastre/store/table";
import { commitRecorded } from "../audit/commit-recorded.ts";
import type { Actor, Context } from "../context.ts";
import { retryOnConflict } from "../retry-on-conflict.ts";
import type { SessionItem } from "../sessions/items.ts";
import type { Opener, Sealer } from "../vault/ports.ts";
import { type Guard, isUsable, MOST_FACTORS, readFactors, type StoredFactor, toFactor } from "./factors.ts";
import { FactorItem, PasskeyChallengeItem } from "./items.ts";
import { beginAttempt, lockoutSlot } from "./lockout.ts";
import { readUser } from "./login-epoch.ts";
import { challengeOf, enrolOptions, type RelyingParty, readNewPasskey } from "./passkeys.ts";
import { newRecoveryCodes } from "./recovery-codes.ts";
import { sealTotp, withTotp } from "./sealed-totp.ts";
import { currentSession, type GivenSession, type Method, rotated } from "./sessions.ts";
import { NO_STEP, newTotpSecret, showTotp, stepOfCode } from "./totp.ts";

const CHALLENGE_SECONDS = 300;

/** Whose factor it is, in which session. */
export interface Enroller {
  readonly actor: Actor;
  readonly session: SessionItem;
  readonly guard: Guard;
}

const isPasskey = (one: StoredFactor) => one.type === "passkey";

function requireRoom(factors: readonly StoredFactor[]): void {
  if (factors.length < MOST_FACTORS) return;
  throw new ProblemError("factor.too_many", `a user has at most ${MOST_FACTORS} second factors: remove one`);
}

/** With a first factor the session has two; that makes it another one, under a new secret. */
function raised(
  session: Stored<SessionItem>,
  method: Method,
  { now }: Context,
): GivenSession & { readonly write: Write } {
  const methods = [...new Set<Method>([...session.methods, method])];
  return rotated(session, { methods, isPending: false, authenticatedAt: now().toISOString() });
}

/**
 * Makes a secret for an authenticator app, which counts once a code of it was shown (`confirmTotp`). The secret is in this answer and never
 * again. Throws 409 `factor.too_many`, 503 `service.unavailable`, and what the guard throws. Writes it, sealed, and one audit record.
 */
export async function createTotp(
  context: Context,
  sealer: Sealer,
  { actor, session, guard }: Enroller,
  { name }: NewTotp,
): Promise<{ id: string; secret: string; uri: string }> {
  const { user } = session;
  const { userName } = await readUser(context, user);
  const now = context.now();
  const id = newId("factor", now);
  const bytes = newTotpSecret();
  const shown = showTotp(bytes, userName);
  const sealed = await sealTotp(sealer, { user, id }, bytes);
  bytes.fill(0);
  await retryOnConflict(async () => {
    const factors = await readFactors(context, user);
    const guards = await guard();
    // What was begun and not confirmed is given up by beginning again.
    const begun = factors.filter((one) => one.type === "totp" && !one.isConfirmed);
    requireRoom(factors.filter((one) => !begun.includes(one)));
    const item = {
      type: "totp",
      user,
      id,
      name,
      createdAt: now.toISOString(),
      isConfirmed: false,
      sealed,
      lastStep: NO_STEP,
    } as const;
    const writes = [create(FactorItem, item), ...begun.map((one) => remove(FactorItem, one, one.version)), ...guards];
    await commitRecorded(context, actor, writes, {
      action: "factor.create",
      target: id,
      detail: { user, type: "totp", name },
    });
  });
  return { id, ...shown };
}

/**
 * Confirms an authenticator app by a code of it. The session has two factors from then on and a new secret. Throws 404 `factor.not_found`,
 * 422 `factor.wrong_code`, which counts as a failed attempt, and 409 `factor.confirmed`. Writes it, the session, and one audit record.
 */
export async function confirmTotp(
  context: Context,
  { opener, loginKey }: { readonly opener: Opener; readonly loginKey: () => Promise<string> },
  { actor, session, guard }: Enroller,
  { id, code }: { readonly id: string; readonly code: string },
): Promise<GivenSession> {
  const { user } = session;
  const slot = lockoutSlot(await loginKey(), { kind: "factor", of: user });
  const attempt = await beginAttempt(context, slot);
  return retryOnConflict(async () => {
    const found = (await readFactors(context, user)).find((one) => one.id === id);
    if (found?.type !== "totp") throw new ProblemError("factor.not_found");
    if (found.isConfirmed) throw new ProblemError("factor.confirmed");
    const guards = await guard();
    const step = await withTotp(opener, found, (bytes) => stepOfCode(code, bytes, NO_STEP, context.now()));
    if (step === undefined || attempt.isLocked) throw new ProblemError("factor.wrong_code");
    const { version, ...item } = found;
    const given = raised(await currentSession(context, session), "totp", context);
    const confirmed = { ...item, isConfirmed: true, lastStep: step, usedAt: context.now().toISOString() };
    const writes = [replace(FactorItem, confirmed, version), given.write, attempt.success, ...guards];
    await commitRecorded(context, actor, writes, {
      action: "factor.confirm",
      target: id,
      detail: { user, type: "totp", name: item.name },
    });
    return given;
  });
}

/**
 * What a browser is asked for to make a passkey; its challenge counts for this session, once, for five minutes. Throws what the guard throws.
 * Writes the challenge and one audit record.
 */
export async function beginPasskey(context: Context, party: RelyingParty, { actor, session, guard }: Enroller) {
  const { user, id } = session;
  await guard();
  const [{ userName, displayName = userName }, factors] = await Promise.all([
    readUser(context, user),
    readFactors(context, user),
  ]);
  const passkeys = factors.filter((one) => one.type === "passkey");
  const options = await enrolOptions(party, { user, userName, displayName, passkeys });
  await keepChallenge(context, actor, { session: id, challenge: options.challenge, purpose: "enrol" });
  return options;
}

/** Keeps a challenge for one session. Writes one audit record. */
export async function keepChallenge(
  context: Context,
  actor: Actor,
  challenge: { readonly session: string; readonly challenge: string; readonly purpose: "enrol" | "prove" },
): Promise<void> {
  const expiresAt = Math.floor(context.now().getTime() / 1000) + CHALLENGE_SECONDS;
  const { session, purpose } = challenge;
  const write = put(PasskeyChallengeItem, { ...challenge, expiresAt });
  const entry = { action: "session.challenge", target: session, detail: { purpose } } as const;
  await retryOnConflict(() => commitRecorded(context, actor, [write], entry));
}

/**
 * Stores a passkey that a browser has made. The session has two factors from then on, the second one not to be phished, and a new secret.
 * Throws 422 `factor.wrong_code` when it is not an answer to a challenge of this session, 409 `factor.too_many` and `factor.exists`, and what
 * the guard throws. Writes it, the end of the challenge, the session, and one audit record.
 */
export async function createPasskey(
  context: Context,
  party: RelyingParty,
  { actor, session, guard }: Enroller,
  { name, response }: PasskeyRegistration,
): Promise<GivenSession & { readonly factor: ReturnType<typeof toFactor> }> {
  const { user, id: sessionId } = session;
  const challenge = challengeOf(response.response.clientDataJSON) ?? "";
  const key = { session: sessionId, challenge: challenge || "none" };
  const now = context.now();
  const id = newId("factor", now);
  return retryOnConflict(async () => {
    const kept = await context.table.get(PasskeyChallengeItem, key, { consistent: true });
    const isGiven = kept?.purpose === "enrol" && kept.expiresAt * 1000 > context.now().getTime();
    const passkey = isGiven ? await readNewPasskey(party, challenge, response) : undefined;
    if (!kept || !passkey)
      throw new ProblemError("factor.wrong_code", "it is no answer to what this session asked for");
    const factors = await readFactors(context, user);
    requireRoom(factors);
    if (factors.filter(isPasskey).some((one) => one.type === "passkey" && one.credential === passkey.credential))
      throw new ProblemError("factor.exists");
    const guards = await guard();
    const item = {
      ...passkey,
      type: "passkey" as const,
      user,
      id,
      name,
      createdAt: now.toISOString(),
      transports: [...passkey.transports],
    } satisfies FactorItem;
    const given = raised(await currentSession(context, session), "passkey", context);
    const writes = [create(FactorItem, item), remove(PasskeyChallengeItem, key, kept.version), given.write, ...guards];
    await commitRecorded(context, actor, writes, {
      action: "factor.create",
      target: id,
      detail: { user, type: "passkey", name },
    });
    return { ...given, factor: toFactor(item) };
  });
}

/**
 * Makes ten recovery codes in place of those that there were: each stands in for a second factor once. They are in this answer and never
 * again. Throws 409 `factor.none` for a user without another factor, and what the guard throws. Writes their hashes and one audit record.
 */
export async function createRecoveryCodes(
  context: Context,
  { actor, session, guard }: Enroller,
): Promise<{ id: string; codes: string[] }> {
  const { user } = session;
  const now = context.now();
  const id = newId("factor", now);
  const { codes, hashes } = newRecoveryCodes(user);
  await retryOnConflict(async () => {
    const factors = await readFactors(context, user);
    if (!factors.some(isUsable)) throw new ProblemError("factor.none", "enrol an app or a passkey first");
    const guards = await guard();
    const before = factors.filter((one) => one.type === "recovery-codes");
    const item = {
      type: "recovery-codes",
      user,
      id,
      name: "recovery codes",
      createdAt: now.toISOString(),
      hashes,
      made: hashes.length,
    } as const;
    const writes = [create(FactorItem, item), ...before.map((one) => remove(FactorItem, one, one.version)), ...guards];
    await commitRecorded(context, actor, writes, {
      action: "factor.create",
      target: id,
      detail: { user, type: "recovery-codes", count: codes.length },
    });
  });
  return { id, codes };
}

import type { Method } from "../sessions.ts";

/*
 * What ID tokens say of how somebody has proved who it is. Only what is registered is understood (RFC 8176); all else is one factor,
 * as every login is.
 */

/** Kinds of factors by the values of `amr`. One code, or one key, is one factor, however good it is. */
const KINDS: Readonly<Record<string, "knowledge" | "possession" | "inherence">> = {
  pwd: "knowledge",
  pin: "knowledge",
  kba: "knowledge",
  otp: "possession",
  hwk: "possession",
  swk: "possession",
  sc: "possession",
  sms: "possession",
  tel: "possession",
  pop: "possession",
  fpt: "inherence",
  face: "inherence",
  iris: "inherence",
  retina: "inherence",
  vbm: "inherence",
};

/** https://refeds.org/profile/mfa, the one profile of several factors that is the same everywhere. */
const MFA_ACR = "https://refeds.org/profile/mfa";
const MOST_VALUES = 50;

export interface AuthenticationClaims {
  readonly acr?: unknown;
  readonly amr?: unknown;
  readonly auth_time?: unknown;
}

/** By what somebody has proved who it is: by the provider, and where that says so by several factors there. */
export function methodsBy({ acr, amr }: AuthenticationClaims): Method[] {
  const values = Array.isArray(amr) ? amr.slice(0, MOST_VALUES) : [];
  const kinds = new Set(
    values.flatMap((one) => (typeof one === "string" && Object.hasOwn(KINDS, one) ? [KINDS[one]] : [])),
  );
  const isSeveral = values.includes("mfa") || kinds.size >= 2 || acr === MFA_ACR;
  return isSeveral ? ["oidc", "oidc-mfa"] : ["oidc"];
}

/** What a provider that does not say when is taken to mean: a session there may be old, and nothing that needs a fresh proof is for it. */
const UNKNOWN_SECONDS = 86_400;

/** When somebody has proved it: never later than now, and long ago where that is not said. An ISO time. */
export function authenticatedAt({ auth_time: at }: AuthenticationClaims, now: Date): string {
  const latest = now.getTime();
  const isTime = typeof at === "number" && Number.isFinite(at) && at >= 0;
  const time = isTime ? Math.min(at * 1000, latest) : latest - UNKNOWN_SECONDS * 1000;
  return new Date(time).toISOString();
}

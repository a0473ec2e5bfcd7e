import type { Trust } from "@cadastre/contract/trust-rule";
import { matches } from "./match.ts";
import { whyUnnamed } from "./open-issuers.ts";

type JwtTrust = Exclude<Trust, { type: "aws" }>;

/** What a token must be to meet a rule. */
export interface Expected {
  readonly issuer: string;
  readonly audience: string;
  /** Claims by their names, each as a pattern. */
  readonly claims: Readonly<Record<string, string>>;
  /** Those of the rule; the issuer's own when absent. */
  readonly keys?: { readonly keys: readonly Readonly<Record<string, unknown>>[] } | undefined;
}

const GOOGLE = "https://accounts.google.com";

const given = (claims: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(Object.entries(claims).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));

/** What the tokens of a rule's platform must say. */
export function expectedOf(trust: JwtTrust): Expected {
  const { audience } = trust;
  switch (trust.type) {
    case "oidc":
      return { issuer: trust.issuer, audience, claims: trust.claims, keys: trust.keys };
    case "github": {
      // By claims of their own: the form of `sub` can be changed by whoever owns the repository.
      const { issuer, repository, ownerId, ref, environment } = trust;
      return { issuer, audience, claims: given({ repository, repository_owner_id: ownerId, ref, environment }) };
    }
    case "kubernetes": {
      const { issuer, namespace, serviceAccount, keys } = trust;
      return { issuer, audience, claims: { sub: `system:serviceaccount:${namespace}:${serviceAccount}` }, keys };
    }
    case "gcp": {
      const { email, subject } = trust;
      const verified = email === undefined ? undefined : "true";
      return { issuer: GOOGLE, audience, claims: given({ email, email_verified: verified, sub: subject }) };
    }
  }
}

/** A claim as text; what is no single value is none. */
function textOf(value: unknown): string | undefined {
  return ["string", "number", "boolean"].includes(typeof value) ? String(value) : undefined;
}

/** The names of claims that are missing, or something else than is expected; none when all are met. */
export function unmetClaims({ claims }: Expected, said: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(claims)
    .filter(([name, pattern]) => {
      const text = Object.hasOwn(said, name) ? textOf(said[name]) : undefined;
      return text === undefined || !matches(pattern, text);
    })
    .map(([name]) => name);
}

/**
 * Why a rule would be met by people that nobody has chosen; undefined when it would not: of an issuer that serves everybody, a claim has to
 * say who it is.
 */
export function whyOpen(trust: Trust): string | undefined {
  if (trust.type !== "oidc") return undefined;
  const { issuer, claims } = trust;
  const unnamed = whyUnnamed(issuer, claims);
  if (unnamed !== undefined) return unnamed;
  if (Object.values(claims).every((pattern) => /^[*:]*$/.test(pattern)))
    return "no claim says anything that not everybody says";
  return undefined;
}

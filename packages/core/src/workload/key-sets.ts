import type { CryptoKey, JWTVerifyGetKey } from "jose";
import type { Context } from "../context.ts";
import { blockedUrl, type Outside } from "../limits/outside.ts";
import { SubjectRefusedError } from "./refusal.ts";

/** Issuers that a process remembers; the one that was asked longest ago goes first. */
const MOST_ISSUERS = 200;
/** What an issuer's document says is asked anew after an hour, its keys after ten minutes. */
const DOCUMENT_MILLISECONDS = 3_600_000;
const KEYS_MILLISECONDS = 600_000;
/** A key that is not known is looked for at most so often; and an issuer that did not answer is asked again no sooner. */
const PATIENCE_MILLISECONDS = 30_000;
const TIMEOUT_MILLISECONDS = 5000;
/** An issuer has a handful: each is tried where a token does not name one. */
const MOST_KEYS = 100;

/** The keys of an issuer. Throws SubjectRefusedError for one that cannot be asked. */
export type KeysOf = (issuer: string) => Promise<JWTVerifyGetKey>;

interface Known {
  readonly keys: Promise<JWTVerifyGetKey>;
  readonly at: number;
  /** When it did not answer for the last time. */
  failedAt?: number;
  /** Where its keys are is not known. */
  isClosed?: true;
}

/** What an issuer says of itself (OpenID Connect Discovery). Throws SubjectRefusedError where it cannot be asked. */
async function documentOf(outside: Outside, issuer: string) {
  const { allowInsecureRequests, customFetch, discovery } = await import("openid-client");
  const isPlain = outside.loopback && issuer.startsWith("http:");
  try {
    const config = await discovery(new URL(issuer), "cadastre", undefined, undefined, {
      [customFetch]: outside.fetch,
      timeout: TIMEOUT_MILLISECONDS / 1000,
      ...(isPlain ? { execute: [allowInsecureRequests] } : {}),
    });
    return config.serverMetadata();
  } catch (cause) {
    throw new SubjectRefusedError("the issuer does not say where its keys are", { cause });
  }
}

/** Where an issuer has its keys: to the letter the one that was asked for. */
async function keysAddress(outside: Outside, issuer: string): Promise<URL> {
  const { issuer: named, jwks_uri: address } = await documentOf(outside, issuer);
  // To the letter, also where the library knows exceptions: one document for all tenants of a cloud would let in each of them.
  if (named !== issuer) throw new SubjectRefusedError("the issuer's document is another issuer's");
  const url = URL.parse(address ?? "");
  const blocked = url ? blockedUrl(url, outside) : "is no address";
  if (!url || blocked !== undefined) throw new SubjectRefusedError(`the issuer's jwks_uri ${blocked}`);
  return url;
}

async function requireFewKeys(response: Response): Promise<Response> {
  const { keys } = (await response.clone().json()) as { keys?: unknown };
  if (Array.isArray(keys) && keys.length > MOST_KEYS) throw new SubjectRefusedError("the issuer has too many keys");
  return response;
}

/**
 * Makes what knows the keys of issuers: each is asked once for all who wait, and no more often than its patience, whatever tokens come; its answers
 * are bounded by the fetch, in time and size. A token that names an unknown key has the keys asked for again, at most every 30 seconds.
 */
export function createKeySets({ outside, now }: { readonly outside: Outside; readonly now: Context["now"] }): KeysOf {
  const issuers = new Map<string, Known>();

  async function open(issuer: string, known: () => Known): Promise<JWTVerifyGetKey> {
    const url = await keysAddress(outside, issuer);
    const { createRemoteJWKSet, customFetch } = await import("jose");
    return createRemoteJWKSet(url, {
      timeoutDuration: TIMEOUT_MILLISECONDS,
      cooldownDuration: PATIENCE_MILLISECONDS,
      cacheMaxAge: KEYS_MILLISECONDS,
      async [customFetch](address: string, init: object) {
        const mine = known();
        if (isResting(mine, now())) throw new SubjectRefusedError("the issuer did not answer a moment ago");
        try {
          const response = await requireFewKeys(await outside.fetch(address, init));
          delete mine.failedAt;
          return response;
        } catch (error) {
          mine.failedAt = now().getTime();
          throw error;
        }
      },
    });
  }

  function remembered(issuer: string): Known | undefined {
    const known = issuers.get(issuer);
    const at = now();
    if (!known || isResting(known, at)) return known;
    const isOld = known.isClosed || at.getTime() - known.at >= DOCUMENT_MILLISECONDS;
    return isOld ? undefined : known;
  }

  return function keysOf(issuer) {
    const before = remembered(issuer);
    if (before) return before.keys;
    const known: Known = { keys: Promise.resolve().then(() => open(issuer, () => known)), at: now().getTime() };
    known.keys.catch(() => {
      known.failedAt = now().getTime();
      known.isClosed = true;
    });
    issuers.delete(issuer);
    issuers.set(issuer, known);
    for (const oldest of issuers.keys()) if (issuers.size > MOST_ISSUERS) issuers.delete(oldest);
    return known.keys;
  };
}

const isResting = ({ failedAt }: Known, now: Date): boolean =>
  failedAt !== undefined && now.getTime() - failedAt < PATIENCE_MILLISECONDS;

/** The keys that a rule itself has. Throws SubjectRefusedError for what is no set of public keys. */
export async function pinnedKeys(keys: { readonly keys: readonly object[] }): Promise<JWTVerifyGetKey> {
  const { createLocalJWKSet } = await import("jose");
  return createLocalJWKSet({ keys: [...keys.keys] as { kty: string }[] });
}

/** All that a public key says of itself (RFC 7517): nothing that is nested deeper, and no number that the table could not keep. */
const isMember = (value: unknown): boolean =>
  ["string", "boolean"].includes(typeof value) ||
  Number.isSafeInteger(value) ||
  (Array.isArray(value) && value.every((one) => typeof one === "string"));

/** Why a set of keys is none of public keys that sign; undefined when it is. */
export async function whyNoKeys({
  keys,
}: {
  readonly keys: readonly Readonly<Record<string, unknown>>[];
}): Promise<string | undefined> {
  const { importJWK } = await import("jose");
  for (const [at, key] of keys.entries()) {
    const { kty, alg } = key;
    if (!Object.values(key).every(isMember))
      return `keys[${at}] has a member that is no text, list of texts, or plain value`;
    if (kty !== "RSA" && kty !== "EC" && kty !== "OKP") return `keys[${at}] is not of RSA, EC or OKP`;
    try {
      const imported = (await importJWK(
        key as { kty: string },
        typeof alg === "string" ? alg : ALGORITHM[kty],
      )) as CryptoKey;
      // The other half of one would be in lists and in the audit log, for anybody to sign with.
      if (imported.type !== "public") return `keys[${at}] is no public key`;
    } catch {
      return `keys[${at}] cannot be read`;
    }
  }
  return undefined;
}

/** What a key that does not say it is read as, to see whether it can be. */
const ALGORITHM = { RSA: "RS256", EC: "ES256", OKP: "EdDSA" } as const;

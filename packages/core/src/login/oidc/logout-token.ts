import { ProblemError } from "@cadastre/contract/errors";
import type { FetchImplementation } from "jose";
import { TOKEN_ALGORITHMS } from "../../token-algorithms.ts";
import { knownOf, type ProviderPorts, unavailable } from "./client.ts";
import type { IdentityProviderItem } from "./items.ts";
import type { Meant } from "./session-places.ts";

/** OpenID Connect Back-Channel Logout 1.0 §2.4. */
const EVENT = "http://schemas.openid.net/event/backchannel-logout";
/** How old one may be. */
const LIFE_SECONDS = 300;
const TIMEOUT_MILLISECONDS = 5000;
const COOLDOWN_MILLISECONDS = 30_000;
const KEYS_MILLISECONDS = 300_000;
const MOST_TEXT = 512;

export interface LogoutToken extends Meant {
  readonly jti: string;
  /** Until when a repeat has to be known. Epoch seconds. */
  readonly expiresAt: number;
}

const library = () => import("jose");

async function keysOf(ports: ProviderPorts, provider: IdentityProviderItem) {
  const known = await knownOf(ports, provider);
  const { createRemoteJWKSet, customFetch } = await library();
  const ask: FetchImplementation = (url, { headers, method, signal }) =>
    ports.outside.fetch(url, {
      method,
      headers: Object.fromEntries(headers as Headers),
      body: undefined,
      redirect: "manual",
      signal,
    });
  known.keys ??= createRemoteJWKSet(new URL(known.metadata.jwks_uri ?? ""), {
    timeoutDuration: TIMEOUT_MILLISECONDS,
    cooldownDuration: COOLDOWN_MILLISECONDS,
    cacheMaxAge: KEYS_MILLISECONDS,
    [customFetch]: ask,
  });
  return known.keys;
}

const textOf = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" && value.length <= MOST_TEXT ? value : undefined;

/** What is wrong with the claims of a token whose signature holds. */
function read({ jti, sub, sid, events, ...claims }: Readonly<Record<string, unknown>>): Omit<LogoutToken, "expiresAt"> {
  const isLogout =
    typeof events === "object" && events !== null && Object.hasOwn(events, EVENT) && !Object.hasOwn(claims, "nonce");
  const [id, subject, session] = [textOf(jti), textOf(sub), textOf(sid)];
  if (!isLogout || id === undefined) throw new TypeError("it is no logout token");
  if (subject === undefined && session === undefined) throw new TypeError("it names neither subject nor session");
  return { jti: id, sub: subject, sid: session };
}

/**
 * What a provider's logout token says: signed by a key of the provider, for us, not old, no ID token. Throws 400
 * `identity-provider.logout_token` for any other, 503 `identity-provider.unavailable` when its keys cannot be asked for. Whether it was used before is
 * for who uses it.
 */
export async function verifyLogoutToken(
  ports: ProviderPorts,
  provider: IdentityProviderItem,
  token: string,
): Promise<LogoutToken> {
  const { errors, jwtVerify } = await library();
  const keys = await keysOf(ports, provider);
  const now = ports.now();
  const clockTolerance = provider.clockToleranceSeconds;
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer: provider.issuer,
      audience: provider.clientId,
      algorithms: TOKEN_ALGORITHMS,
      clockTolerance,
      currentDate: now,
      maxTokenAge: LIFE_SECONDS,
      requiredClaims: ["iat", "jti", "events"],
    });
    const expiresAt = Math.ceil(now.getTime() / 1000) + LIFE_SECONDS + 2 * clockTolerance + 1;
    return { ...read(payload), expiresAt };
  } catch (cause) {
    const isTheirs = cause instanceof TypeError || (cause instanceof errors.JOSEError && !isUnasked(cause));
    if (!isTheirs) throw unavailable(provider, cause);
    throw new ProblemError("identity-provider.logout_token", "the logout token does not verify", { cause });
  }
}

/** Codes of the library for keys that could not be had. */
const isUnasked = ({ code }: { readonly code: string }): boolean =>
  ["ERR_JWKS_TIMEOUT", "ERR_JOSE_GENERIC", "ERR_JWKS_INVALID"].includes(code);

import { ProblemError } from "@cadastre/contract/errors";
import { subject } from "@cadastre/contract/identity-provider";
import { LINK_STATE } from "@cadastre/contract/oidc";
import { OutsideError } from "../../limits/outside.ts";
import { type Claims, lacksClaims } from "./claims.ts";
import { library, type ProviderPorts, unavailable, withClient } from "./client.ts";
import type { IdentityProviderItem, LoginItem } from "./items.ts";

type Asked = Pick<LoginItem, "state" | "nonce" | "verifier">;

/** Where to send a browser, and what its answer must have. */
export interface Question extends Asked {
  readonly url: string;
}

/** How a login is to be. */
export interface Wish {
  readonly redirectUri: string;
  readonly maxAgeSeconds?: number | undefined;
  /** Of one who adds an identity: the answer is told by its state. */
  readonly isLink: boolean;
}

/** Asks who somebody is: code with PKCE, a state and a nonce of its own each time. Throws 503 `identity-provider.unavailable`. */
export function questionOf(
  ports: ProviderPorts,
  provider: IdentityProviderItem,
  { redirectUri, maxAgeSeconds, isLink }: Wish,
): Promise<Question> {
  return withClient(ports, provider, undefined, async (config) => {
    const { buildAuthorizationUrl, calculatePKCECodeChallenge, randomNonce, randomPKCECodeVerifier, randomState } =
      await library();
    const verifier = randomPKCECodeVerifier();
    const state = `${isLink ? LINK_STATE : ""}${randomState()}`;
    const nonce = randomNonce();
    const url = buildAuthorizationUrl(config, {
      redirect_uri: redirectUri,
      scope: [...new Set(["openid", ...provider.scopes])].join(" "),
      code_challenge: await calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      state,
      nonce,
      ...(maxAgeSeconds === undefined ? {} : { max_age: String(maxAgeSeconds), prompt: "login" }),
    });
    return { url: url.href, state, nonce, verifier };
  });
}

/** Who a provider says somebody is. */
export interface Proved {
  readonly subject: string;
  /** Of the ID token, whose signature was verified, and what UserInfo adds. */
  readonly claims: Claims;
  /** Of the ID token alone: how and when it was proved. */
  readonly signed: Claims;
  readonly sid?: string | undefined;
  readonly idToken?: string | undefined;
}

const MOST_SID = 512;
/** A longer one is not kept: the provider asks the person when a session ends there. */
const MOST_ID_TOKEN = 8192;

/** Codes of the library for a provider that could not be asked, and did not say no. */
const UNREACHED: readonly string[] = [
  "OAUTH_TIMEOUT",
  "OAUTH_ABORT",
  "OAUTH_RESPONSE_IS_NOT_CONFORM",
  "OAUTH_RESPONSE_IS_NOT_JSON",
];

function isUnreached(error: unknown): boolean {
  const { code, cause } = (error ?? {}) as { code?: string; cause?: unknown };
  return cause instanceof OutsideError || (code !== undefined && UNREACHED.includes(code));
}

/** What the provider itself said no with, where that is one of the registered words. */
function saidBy(error: unknown): string {
  const { error: word } = (error ?? {}) as { error?: unknown };
  return typeof word === "string" && /^[a-z_]{1,40}$/.test(word) ? `: ${word}` : "";
}

/**
 * Who somebody is by what a provider has sent the browser back with: state, issuer (RFC 9207), code with its verifier, and an ID token whose
 * signature, issuer, audience, nonce and times hold. Throws 401 `auth.invalid` for whatever does not hold, 503
 * `identity-provider.unavailable` for a provider that could not be asked. Nothing of what it sent is told.
 */
export function answerOf(
  ports: ProviderPorts,
  provider: IdentityProviderItem,
  secret: string,
  asked: Asked & Pick<LoginItem, "redirectUri" | "maxAgeSeconds">,
  response: string,
): Promise<Proved> {
  return withClient(ports, provider, secret, async (config, metadata) => {
    const { authorizationCodeGrant, fetchUserInfo } = await library();
    const { redirectUri, state, nonce, verifier, maxAgeSeconds } = asked;
    try {
      const answered = new URL(`${redirectUri}?${new URLSearchParams(response).toString()}`);
      const tokens = await authorizationCodeGrant(config, answered, {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
        idTokenExpected: true,
        ...(maxAgeSeconds === undefined ? {} : { maxAge: maxAgeSeconds }),
      });
      const signed = tokens.claims();
      if (signed === undefined || signed.iss !== provider.issuer) throw new TypeError("no ID token of the issuer");
      const { sid } = signed;
      const sub = subject.parse(signed.sub);
      const isMore = metadata.userinfo_endpoint !== undefined && lacksClaims(provider, signed);
      const more = isMore ? await fetchUserInfo(config, tokens.access_token, sub) : {};
      const idToken = tokens.id_token;
      return {
        subject: sub,
        claims: { ...more, ...signed },
        signed,
        ...(typeof sid === "string" && sid !== "" && sid.length <= MOST_SID ? { sid } : {}),
        ...(idToken !== undefined && idToken.length <= MOST_ID_TOKEN ? { idToken } : {}),
      };
    } catch (cause) {
      if (isUnreached(cause)) throw unavailable(provider, cause);
      throw new ProblemError(
        "auth.invalid",
        `what ${provider.name} has answered does not prove who you are${saidBy(cause)}; log in again`,
        { cause },
      );
    }
  });
}

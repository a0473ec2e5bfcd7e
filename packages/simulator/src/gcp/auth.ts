import { generateKeyPair, randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { errors, type JWTPayload, type JWTVerifyOptions, jwtVerify } from "jose";

/** The JSON key file of a service account, as `gcloud iam service-accounts keys create` writes it. */
export interface ServiceAccountKey {
  readonly type: "service_account";
  readonly project_id: string;
  readonly private_key_id: string;
  /** PKCS #8, PEM. */
  readonly private_key: string;
  readonly client_email: string;
  readonly client_id: string;
  readonly auth_uri: string;
  readonly token_uri: string;
  readonly auth_provider_x509_cert_url: string;
  readonly client_x509_cert_url: string;
  readonly universe_domain: "googleapis.com";
}

export interface TokenAnswer {
  readonly status: 200 | 400;
  readonly body: Readonly<Record<string, string | number>>;
}

export interface GcpAuth {
  readonly serviceAccountKey: ServiceAccountKey;
  /** The OAuth token endpoint's answer to a form: RFC 7523, JWT bearer grant. */
  token(form: URLSearchParams): Promise<TokenAnswer>;
  /** Undefined when the `Authorization` header lets the caller in, else why not. */
  refusal(authorization: string | undefined): Promise<string | undefined>;
}

const lifetimeSeconds = 3600;
const clockSkewSeconds = 300;
const grantType = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const googleTokenUrl = "https://oauth2.googleapis.com/token";

/**
 * One service account with a fresh RSA key. Two ways in, as at Google: an access token from `token`, or a JWT that the account
 * signed itself (https://google.aip.dev/auth/4111), whose audience is a Google API or this server.
 */
export async function createGcpAuth(options: {
  readonly url: string;
  readonly projectId: string;
  readonly now: () => Date;
}): Promise<GcpAuth> {
  const { url, now } = options;
  const { privateKey, publicKey } = await promisify(generateKeyPair)("rsa", { modulusLength: 2048 });
  const email = `cadastre@${options.projectId}.iam.gserviceaccount.com`;
  const tokenUri = `${url}/token`;
  const keyId = randomBytes(20).toString("hex");
  const expiries = new Map<string, number>();

  async function verified(jwt: string, checks: JWTVerifyOptions): Promise<JWTPayload> {
    const { payload } = await jwtVerify(jwt, publicKey, {
      algorithms: ["RS256"],
      issuer: email,
      requiredClaims: ["exp", "iat"],
      currentDate: now(),
      clockTolerance: clockSkewSeconds,
      ...checks,
    });
    const { exp = 0, iat = 0 } = payload;
    if (exp - iat > lifetimeSeconds) throw new errors.JWTInvalid("the token is valid for longer than an hour");
    return payload;
  }

  return {
    serviceAccountKey: {
      type: "service_account",
      project_id: options.projectId,
      private_key_id: keyId,
      private_key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
      client_email: email,
      client_id: String(randomBytes(6).readUIntBE(0, 6)),
      auth_uri: `${url}/auth`,
      token_uri: tokenUri,
      auth_provider_x509_cert_url: `${url}/certs`,
      client_x509_cert_url: `${url}/x509/${encodeURIComponent(email)}`,
      universe_domain: "googleapis.com",
    },
    token: async (form) => {
      if (form.get("grant_type") !== grantType)
        return refused("unsupported_grant_type", `Invalid grant_type: only ${grantType} is served`);
      try {
        const payload = await verified(form.get("assertion") ?? "", { audience: [tokenUri, googleTokenUrl] });
        if (typeof payload.scope !== "string" || payload.scope === "")
          return refused("invalid_scope", "Invalid OAuth scope or ID token audience provided.");
      } catch (error) {
        return refused("invalid_grant", `Invalid JWT: ${messageOf(error)}`);
      }
      const seconds = now().getTime() / 1000;
      for (const [token, expiry] of expiries) if (expiry < seconds) expiries.delete(token);
      const token = `ya29.${randomBytes(32).toString("base64url")}`;
      expiries.set(token, seconds + lifetimeSeconds);
      return { status: 200, body: { access_token: token, expires_in: lifetimeSeconds - 1, token_type: "Bearer" } };
    },
    refusal: async (authorization) => {
      const [scheme, token = ""] = authorization?.split(" ") ?? [];
      if (scheme?.toLowerCase() !== "bearer" || !token) return "Expected an OAuth 2 access token.";
      const expiry = expiries.get(token);
      if (expiry !== undefined) return expiry < now().getTime() / 1000 ? "The access token has expired." : undefined;
      if (token.split(".").length !== 3) return "The access token is unknown.";
      try {
        const { aud, scope, sub } = await verified(token, {});
        if (sub !== email) return "The token's subject is not its issuer.";
        const audience = typeof aud === "string" ? aud : "";
        const ours = /^https:\/\/[a-z]+\.googleapis\.com\//.test(audience) || audience.startsWith(`${url}/`);
        return ours || typeof scope === "string" ? undefined : "The token's audience is another service.";
      } catch (error) {
        return messageOf(error);
      }
    },
  };
}

function refused(error: string, description: string): TokenAnswer {
  return { status: 400, body: { error, error_description: description } };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

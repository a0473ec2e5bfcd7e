import { hash, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from "jose";

type Values = Record<string, unknown>;

/** How a provider is not as it should be; as it should be where nothing is said. */
export interface Bends {
  /** Of its document, its keys, and what it answers to a code: other members, or another text. */
  document?: Values | string;
  keys?: Values;
  tokens?: Values;
  /** Of the ID token. */
  claims?: Values;
  /** How it is signed: by whatever its header says, by a key that is published nowhere, or not at all. */
  signed?: "well" | "by another key" | "by none";
  /** Of the query that it sends the browser back with; undefined for a parameter that is not there. */
  answer?: Record<string, string | undefined>;
  /** Another clock. */
  now?: () => Date;
  /** What it never answers. */
  hangs?: "document" | "keys" | "token";
  /** A code counts any number of times. */
  takesCodesTwice?: boolean;
}

interface Code {
  readonly nonce: string;
  readonly challenge: string;
  readonly redirectUri: string;
  readonly client: string;
}

/** A provider on loopback that can lie in every answer. It has the time that it is given, and dies with the process. */
export async function aBentProvider(now: () => Date) {
  const { publicKey, privateKey } = await generateKeyPair("ES256");
  const stranger = await generateKeyPair("ES256");
  const jwk = { ...(await exportJWK(publicKey)), kid: "one", alg: "ES256", use: "sig" };
  const codes = new Map<string, Code>();
  const asked: string[] = [];
  const bent: { bends: Bends } = { bends: {} };
  const seconds = () => Math.floor((bent.bends.now ?? now)().getTime() / 1000);
  const server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function sign(claims: JWTPayload, typ: string, key?: CryptoKey): Promise<string> {
    const { signed = "well" } = bent.bends;
    if (signed === "by none") return new UnsecuredJWT(claims).encode();
    const by = key ?? (signed === "well" ? privateKey : stranger.privateKey);
    return new SignJWT(claims).setProtectedHeader({ alg: "ES256", kid: "one", typ }).sign(by);
  }

  async function tokensFor(request: IncomingMessage): Promise<[number, Values]> {
    const form = new URLSearchParams(await text(request));
    const code = codes.get(form.get("code") ?? "");
    const verifier = hash("sha256", form.get("code_verifier") ?? "", "base64url");
    const isRight = code !== undefined && code.challenge === verifier && code.redirectUri === form.get("redirect_uri");
    if (!isRight || code === undefined) return [400, { error: "invalid_grant" }];
    if (!bent.bends.takesCodesTwice) codes.delete(form.get("code") ?? "");
    const at = seconds();
    const claims = { iss: issuer, sub: "subject", aud: code.client, iat: at, exp: at + 300, nonce: code.nonce };
    const idToken = await sign({ ...claims, ...bent.bends.claims } as JWTPayload, "JWT");
    return [200, { access_token: "an access token", token_type: "Bearer", id_token: idToken, ...bent.bends.tokens }];
  }

  const documentOf = (): Values => ({
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/keys`,
    end_session_endpoint: `${issuer}/end`,
    response_types_supported: ["code"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["ES256", "none", "HS256"],
    authorization_response_iss_parameter_supported: true,
  });

  async function answerTo(path: string, request: IncomingMessage): Promise<[number, Values | string]> {
    const { document = {}, keys = {} } = bent.bends;
    if (path === "/.well-known/openid-configuration")
      return [200, typeof document === "string" ? document : { ...documentOf(), ...document }];
    if (path === "/keys") return [200, { keys: [jwk], ...keys }];
    if (path === "/token") return tokensFor(request);
    return [404, {}];
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? "/", issuer);
    asked.push(pathname);
    const hanging = { document: "/.well-known/openid-configuration", keys: "/keys", token: "/token" } as const;
    if (bent.bends.hangs !== undefined && hanging[bent.bends.hangs] === pathname) return;
    const [status, body] = await answerTo(pathname, request);
    response.writeHead(status, { "content-type": "application/json" });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  }

  return {
    issuer,
    /** The paths that it was asked at. */
    asked,
    isHanging: () => bent.bends.hangs !== undefined,
    bend(bends: Bends): void {
      bent.bends = bends;
    },
    /** The query with which it sends a browser back that came by this address. */
    answer(url: string): string {
      const { searchParams: given } = new URL(url);
      const code = randomUUID();
      codes.set(code, {
        nonce: given.get("nonce") ?? "",
        challenge: given.get("code_challenge") ?? "",
        redirectUri: given.get("redirect_uri") ?? "",
        client: given.get("client_id") ?? "",
      });
      const query = { code, state: given.get("state") ?? "", iss: issuer, ...bent.bends.answer };
      const sent = Object.entries(query).filter((one): one is [string, string] => one[1] !== undefined);
      return new URLSearchParams(sent).toString();
    },
    /** A logout token for a client. */
    async logoutToken(client: string, claims: Values = {}): Promise<string> {
      const event = "http://schemas.openid.net/event/backchannel-logout";
      const at = seconds();
      const whole = { iss: issuer, aud: client, iat: at, exp: at + 120, jti: randomUUID(), events: { [event]: {} } };
      const given = Object.entries({ ...whole, sub: "subject", ...claims }).filter(([, value]) => value !== undefined);
      return sign(Object.fromEntries(given) as JWTPayload, "logout+jwt");
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export type BentProvider = Awaited<ReturnType<typeof aBentProvider>>;

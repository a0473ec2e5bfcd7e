import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import {
  createSignature,
  isSignatureError,
  type RequestDescriptor,
  SignatureErrorCode,
  verifySignature,
} from "http-message-sig";
import { ProblemError } from "./errors.ts";
import { createKeyVerifier, KEY_ALGORITHMS, type PublicKey, type RequestSigner } from "./keys.ts";

/** RFC 9421 over these; the body is bound by its RFC 9530 digest, which verification checks against the body itself. */
export const SIGNED_COMPONENTS = ["@method", "@path", "@query", "content-digest", "content-type"] as const;
const REQUIRED_PARAMETERS = ["created", "expires", "nonce", "keyid"] as const;
const LABEL = "sig1";

/** How long a signature is good for, and how far a collector's clock may be off in either direction. */
export const SIGNATURE_LIFE_SECONDS = 300;
export const CLOCK_SKEW_SECONDS = 900;
/** After this a nonce can be forgotten: nothing older passes the freshness check. */
export const NONCE_LIFE_SECONDS = SIGNATURE_LIFE_SECONDS + 2 * CLOCK_SKEW_SECONDS;

const MOST_NONCE = 64;

/** `sha-256=:…:` over the body as it is sent (after compression). RFC 9530. */
export function contentDigest(body: Uint8Array): string {
  return `sha-256=:${createHash("sha256").update(body).digest("base64")}:`;
}

export interface UnsignedRequest {
  readonly method: string;
  /** Absolute URL; its path and query are signed, its host is not (proxies rewrite it). */
  readonly url: string;
  readonly contentType: string;
  readonly body: Uint8Array;
}

const fields = (headers: Readonly<Record<string, string>>) =>
  Object.entries(headers).map(([name, value]) => ({ name, value }));

/** The headers to send with a request: content type and digest, signature and its input. A retry must be signed anew. */
export async function signRequest(
  request: UnsignedRequest,
  signer: RequestSigner,
  now: Date,
): Promise<Record<string, string>> {
  const created = Math.floor(now.getTime() / 1000);
  const headers = { "content-type": request.contentType, "content-digest": contentDigest(request.body) };
  const descriptor: RequestDescriptor = {
    kind: "request",
    method: request.method,
    targetUri: request.url,
    fields: fields(headers),
  };
  const signed = await createSignature(descriptor, {
    label: LABEL,
    components: SIGNED_COMPONENTS,
    parameters: {
      created,
      expires: created + SIGNATURE_LIFE_SECONDS,
      nonce: randomBytes(18).toString("base64url"),
      alg: signer.algorithm,
      keyid: signer.keyId,
    },
    signer,
  });
  return { ...headers, "signature-input": signed.signatureInput, signature: signed.signature };
}

export interface SignedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  /** As received, before decompression; or what reads it, once it is known from whom it is. */
  readonly body: Uint8Array | (() => Promise<Uint8Array>);
}

export interface VerifiedRequest {
  readonly keyId: string;
  readonly nonce: string;
  readonly createdAt: Date;
}

const refuse = (
  code:
    | "signature.missing"
    | "signature.invalid"
    | "signature.digest"
    | "signature.stale"
    | "signature.future"
    | "signature.unknown_key",
  detail: string,
): never => {
  throw new ProblemError(code, detail);
};

function requireDigest({ headers }: SignedRequest, body: Uint8Array): void {
  const given = Buffer.from(String(headers.get("content-digest")));
  const right = Buffer.from(contentDigest(body));
  if (given.length !== right.length || !timingSafeEqual(given, right)) {
    refuse("signature.digest", "the body's SHA-256 is not the one in content-digest");
  }
}

function requireFresh(created: number, expires: number, now: Date): void {
  const seconds = now.getTime() / 1000;
  if (created > seconds + CLOCK_SKEW_SECONDS)
    refuse(
      "signature.future",
      `created ${Math.round(created - seconds)} s from now; at most ${CLOCK_SKEW_SECONDS} s is allowed`,
    );
  const life = Math.min(expires, created + SIGNATURE_LIFE_SECONDS);
  if (life + CLOCK_SKEW_SECONDS < seconds)
    refuse(
      "signature.stale",
      `created ${Math.round(seconds - created)} s ago; at most ${SIGNATURE_LIFE_SECONDS + CLOCK_SKEW_SECONDS} s is allowed`,
    );
}

/**
 * Verifies the signature, then freshness, then the body's digest: a body is not read for who signed nothing, or long ago. Replay
 * is the caller's next step, by the nonce.
 * `resolveKey` answers the public key of a key id, or undefined; what it throws is thrown on. Throws ProblemErrors of the
 * `signature.*` codes.
 */
export async function verifyRequest(
  request: SignedRequest,
  resolveKey: (keyId: string) => Promise<PublicKey | undefined>,
  now: Date,
): Promise<VerifiedRequest> {
  const headers = Object.fromEntries(
    ["content-digest", "content-type", "signature", "signature-input"].map((name) => [name, request.headers.get(name)]),
  );
  if (!headers.signature || !headers["signature-input"])
    refuse("signature.missing", "send signature and signature-input (RFC 9421)");
  const verified = await verifySignature(
    {
      kind: "request",
      method: request.method,
      targetUri: request.url,
      fields: fields(
        Object.fromEntries(Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== null)),
      ),
    },
    {
      label: LABEL,
      policy: {
        algorithms: KEY_ALGORITHMS,
        requiredComponents: SIGNED_COMPONENTS,
        requiredParameters: REQUIRED_PARAMETERS,
        now: Math.floor(now.getTime() / 1000),
        clockSkew: 10 ** 9,
        maxAge: 10 ** 9,
      },
      resolveVerifier: async (candidate) => {
        const key = await resolveKey(String(candidate.parameters.keyid));
        return key
          ? createKeyVerifier(key)
          : refuse("signature.unknown_key", "no collector has this key id; register its public key first");
      },
    },
  ).catch((error: unknown) => {
    if (!isSignatureError(error)) throw error;
    // Whether there is such a key says the look-up alone, also that it cannot say it now.
    if (error.code === SignatureErrorCode.ResolverFailed) throw error.cause;
    return refuse("signature.invalid", `the signature does not verify (${error.code})`);
  });
  // The policy required all of them.
  const { created, expires, nonce, keyid } = verified.parameters as Required<typeof verified.parameters>;
  if (nonce === "" || nonce.length > MOST_NONCE)
    refuse("signature.invalid", `the nonce must have 1 to ${MOST_NONCE} characters`);
  requireFresh(created, expires, now);
  requireDigest(request, typeof request.body === "function" ? await request.body() : request.body);
  return { keyId: keyid, nonce, createdAt: new Date(created * 1000) };
}

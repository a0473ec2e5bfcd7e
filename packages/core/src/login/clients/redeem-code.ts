import { hash, timingSafeEqual } from "node:crypto";
import { ProblemError } from "@cadastre/contract/errors";
import type { TokenAnswer, TokenRequest } from "@cadastre/contract/oauth";
import { remove, type Stored } from "@cadastre/store/table";
import type { Context } from "../../context.ts";
import { hashSecretText, idOfSecretText, isSecretText } from "../secret-text.ts";
import { requireClient } from "./begin-device.ts";
import { type Call, giveToken } from "./give-token.ts";
import { AuthorizationCodeItem } from "./items.ts";

/** Compared with when no such code is stored, so that an unknown one takes as long as a wrong one. */
const NO_HASH = hashSecretText("");

/** RFC 7636 §4.1. */
const VERIFIER = /^[\w.~-]{43,128}$/;

/** Whether a challenge was made of a verifier by S256 (RFC 7636 §4.6). */
function isVerifier(verifier: string, challenge: string): boolean {
  const made = Buffer.from(VERIFIER.test(verifier) ? hash("sha256", verifier, "base64url") : "");
  const kept = Buffer.from(challenge);
  return made.length === kept.length && timingSafeEqual(made, kept);
}

/** The code of a request, which fits it. Every way in which it does not is one answer. Throws 400 `grant.invalid`. */
async function readCode(
  { table }: Context,
  { code: text = "", redirect_uri: redirectUri, code_verifier: verifier = "" }: TokenRequest,
): Promise<Stored<AuthorizationCodeItem>> {
  const id = idOfSecretText(text, "clientLogin");
  const code = id === undefined ? undefined : await table.get(AuthorizationCodeItem, { id }, { consistent: true });
  const isRight = isSecretText(text, code?.secretHash ?? NO_HASH);
  const isFit = isRight && code?.redirectUri === redirectUri && isVerifier(verifier, code?.codeChallenge ?? "");
  if (!code || !isFit)
    throw new ProblemError("grant.invalid", "the code is not valid, was used, has expired, or is another client's");
  return code;
}

/**
 * Gives the command its token for a code that the browser has brought back. The code is removed in the commit that makes the token, at its
 * version: of two requests at once one is given a token. Throws 400 `grant.client`, `grant.invalid`, `grant.denied`, `grant.scope`; 403
 * `auth.address`. Writes what `createToken` writes.
 */
export async function redeemCode(context: Context, request: TokenRequest, call: Call): Promise<TokenAnswer> {
  requireClient(request.client_id);
  const { approval, clientName: name } = await readCode(context, request);
  return giveToken(context, { approval, name, call }, async () => {
    const { id, version } = await readCode(context, request);
    return [remove(AuthorizationCodeItem, { id }, version)];
  });
}

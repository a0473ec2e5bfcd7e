import { createHash, randomBytes } from "node:crypto";
import { oauth } from "@cadastre/contract/endpoints/oauth";
import { AUTHORIZATION_CODE, CLI_CLIENT } from "@cadastre/contract/oauth";
import { type FormOptions, sendForm } from "./oauth-form.ts";
import { parseBaseUrl } from "./request.ts";
import { type GivenToken, toGivenToken } from "./token-exchange.ts";

const SECRET_BYTES = 32;

/** A login that a browser on this computer is to approve: where it goes, and what proves that its answer is ours. */
export interface CodeLogin {
  readonly url: string;
  readonly state: string;
  /** Exchanges the code that the browser brings back. Throws ApiError. */
  readonly redeem: (code: string) => Promise<GivenToken>;
}

/** Begins one for what listens at `redirectUri`, with a new state and a new verifier (RFC 7636). Nothing is sent yet. */
export function beginCodeLogin({
  clientName,
  redirectUri,
  ...options
}: FormOptions & { readonly clientName: string; readonly redirectUri: string }): CodeLogin {
  const [state, verifier] = [randomBytes(SECRET_BYTES), randomBytes(SECRET_BYTES)].map((one) =>
    one.toString("base64url"),
  ) as [string, string];
  const query = new URLSearchParams({
    response_type: "code",
    client_id: CLI_CLIENT,
    client_name: clientName,
    redirect_uri: redirectUri,
    state,
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
  });
  const form = {
    grant_type: AUTHORIZATION_CODE,
    client_id: CLI_CLIENT,
    redirect_uri: redirectUri,
    code_verifier: verifier,
  };
  return {
    url: `${parseBaseUrl(options.baseUrl)}/authorize?${query.toString()}`,
    state,
    redeem: async (code) => toGivenToken(await sendForm(options, oauth.token, { ...form, code })),
  };
}

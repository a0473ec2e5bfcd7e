import { oauth } from "@cadastre/contract/endpoints/oauth";
import { TOKEN_EXCHANGE, type TokenAnswer } from "@cadastre/contract/oauth";
import { type FormOptions, sendForm } from "./oauth-form.ts";

/** What a workload has from its platform, and what it is (RFC 8693 §3). */
export interface SubjectToken {
  readonly token: string;
  readonly type: string;
}

export interface TokenExchange extends FormOptions {
  /** The id of the trust rule, `trl_…`. */
  readonly rule: string;
  readonly subject: SubjectToken;
}

export interface GivenToken {
  readonly secret: string;
  readonly seconds: number;
  readonly scope: string;
}

/** The same by our names. */
export const toGivenToken = ({ access_token: secret, expires_in: seconds, scope }: TokenAnswer): GivenToken => ({
  secret,
  seconds,
  scope,
});

/** Exchanges what a workload has from its platform for a short token of a service account. Throws ApiError, which has nothing of either in it. */
export async function exchangeToken({ rule, subject, ...options }: TokenExchange): Promise<GivenToken> {
  const form = {
    grant_type: TOKEN_EXCHANGE,
    audience: rule,
    subject_token: subject.token,
    subject_token_type: subject.type,
  };
  return toGivenToken(await sendForm(options, oauth.token, form));
}

import { oauth } from "@cadastre/contract/endpoints/oauth";
import { CLI_CLIENT, DEVICE_CODE, type DeviceAnswer } from "@cadastre/contract/oauth";
import { ApiError } from "./api-error.ts";
import { type FormOptions, sendForm } from "./oauth-form.ts";
import { type GivenToken, toGivenToken } from "./token-exchange.ts";

/** So much longer one waits that has asked too often (RFC 8628 §3.5). */
const SLOWER_SECONDS = 5;

/** Begins a login from here: with the code to show, and where a person approves it. Throws ApiError. */
export const beginDeviceLogin = ({ clientName, ...options }: FormOptions & { readonly clientName: string }) =>
  sendForm(options, oauth.device, { client_id: CLI_CLIENT, client_name: clientName });

/** How one waits between two requests. */
export interface Waiting extends FormOptions {
  readonly pause: (milliseconds: number) => Promise<unknown>;
}

/** Waits until a person has approved the login, and answers the token. Throws ApiError, also once it was refused or has expired. */
export async function awaitDeviceToken(
  { pause, ...options }: Waiting,
  { device_code: code, interval, expires_in: most }: DeviceAnswer,
): Promise<GivenToken> {
  const form = { grant_type: DEVICE_CODE, client_id: CLI_CLIENT, device_code: code };
  let waited = 0;
  for (let seconds = interval; ; ) {
    await pause(seconds * 1000);
    waited += seconds;
    try {
      return toGivenToken(await sendForm(options, oauth.token, form));
    } catch (error) {
      // Also where the API does not say that the code has expired.
      if (!(error instanceof ApiError) || waited > most) throw error;
      if (error.code === "grant.slow_down") seconds += SLOWER_SECONDS;
      else if (error.code !== "grant.pending" && !isPassing(error)) throw error;
    }
  }
}

/** What the next request may not meet. */
const isPassing = ({ code, status }: ApiError): boolean =>
  code === "request.conflict" || status === 429 || status === 502 || status === 503 || status === 504;

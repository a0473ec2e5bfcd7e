import { ApiError } from "@cadastre/client/api-error";
import { awaitDeviceToken, beginDeviceLogin } from "@cadastre/client/device-login";
import type { Cli } from "../cli.ts";
import { neutralise } from "../output/text.ts";
import { clientName, sayGiven } from "./given.ts";

/** What an API answers that knows no logins of this kind. */
const UNKNOWN: readonly string[] = ["request.not_found", "request.method", "api.unknown_answer"];

/** A token of who approves it in a browser anywhere; undefined where the API does not know that way. Throws ApiError. */
export async function tokenByDevice(cli: Cli, api: string): Promise<string | undefined> {
  const at = { baseUrl: api };
  const begun = await beginDeviceLogin({ ...at, clientName: clientName() }).catch((error: unknown) => {
    if (error instanceof ApiError && UNKNOWN.includes(error.code)) return undefined;
    throw error;
  });
  if (begun === undefined) return undefined;
  const { verification_uri_complete: uri, user_code: code } = begun;
  await cli.stderr.write(`open ${neutralise(uri)}\nand approve the code ${neutralise(code)}\n`);
  return sayGiven(cli, await awaitDeviceToken({ ...at, pause: cli.pause }, begun));
}

import { ProblemError } from "@cadastre/contract/errors";
import type { TokenAnswer, TokenRequest } from "@cadastre/contract/oauth";
import { ConflictError } from "@cadastre/store/errors";
import { remove, replace, type Stored } from "@cadastre/store/table";
import type { Context } from "../../context.ts";
import { hashSecretText, idOfSecretText, isSecretText } from "../secret-text.ts";
import { requireClient } from "./begin-device.ts";
import { type Call, giveToken } from "./give-token.ts";
import { type Approval, DeviceLoginItem } from "./items.ts";

/** So much longer a device has to wait each time that it does not (RFC 8628 §3.5). */
const SLOWER_SECONDS = 5;

/** Compared with when no such code is stored, so that an unknown one takes as long as a wrong one. */
const NO_HASH = hashSecretText("");

const invalid = () => new ProblemError("grant.invalid", "the device code is not valid, or was used");

/** The login of a device's code. Throws 400 `grant.invalid`, `grant.expired`. */
async function readLogin({ table, now }: Context, text: string): Promise<Stored<DeviceLoginItem>> {
  const id = idOfSecretText(text, "clientLogin");
  if (id === undefined) throw invalid();
  const login = await table.get(DeviceLoginItem, { id }, { consistent: true });
  const isRight = isSecretText(text, login?.secretHash ?? NO_HASH);
  if (!login || !isRight) throw invalid();
  if (login.endsAt <= now().toISOString()) throw new ProblemError("grant.expired", "begin again");
  return login;
}

/** Notes that a device has asked while nobody has decided. Throws 400 `grant.pending`, `grant.slow_down`. */
async function refusePending({ table, now }: Context, { version, ...login }: Stored<DeviceLoginItem>): Promise<never> {
  const at = now();
  const isEarly = login.polledAt !== undefined && at.getTime() - Date.parse(login.polledAt) < login.interval * 1000;
  const interval = isEarly ? login.interval + SLOWER_SECONDS : login.interval;
  try {
    await table.commit([replace(DeviceLoginItem, { ...login, polledAt: at.toISOString(), interval }, version)]);
  } catch (error) {
    // Decided, or asked for, in this moment: the next poll sees it.
    if (!(error instanceof ConflictError)) throw error;
  }
  throw isEarly
    ? new ProblemError("grant.slow_down", `ask every ${interval} seconds`)
    : new ProblemError("grant.pending", "nobody has approved it yet");
}

/** Who has approved. Throws 400 `grant.denied` for a login that was refused. */
function approvalOf({ denied, approval }: DeviceLoginItem): Approval | undefined {
  if (denied) throw new ProblemError("grant.denied", "the person has refused it");
  return approval;
}

/**
 * Gives a device its token, once it is approved. The login is removed in the commit that makes the token, at its version: of two requests at once
 * one is given a token. Throws 400 `grant.client`, `grant.invalid`, `grant.pending`, `grant.slow_down`, `grant.denied`, `grant.expired`,
 * `grant.scope`; 403 `auth.address`. Writes what `createToken` writes.
 */
export async function redeemDevice(
  context: Context,
  { client_id: client, device_code: text = "" }: TokenRequest,
  call: Call,
): Promise<TokenAnswer> {
  requireClient(client);
  const login = await readLogin(context, text);
  const approval = approvalOf(login);
  if (approval === undefined) return refusePending(context, login);
  return giveToken(context, { approval, name: login.clientName, call }, async () => {
    const { id, version } = await readLogin(context, text);
    return [remove(DeviceLoginItem, { id }, version)];
  });
}

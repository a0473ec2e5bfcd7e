import { ProblemError } from "@cadastre/contract/errors";
import { newId } from "@cadastre/contract/ids";
import { CLI_CLIENT, type DeviceAnswer, type DeviceRequest } from "@cadastre/contract/oauth";
import { create } from "@cadastre/store/table";
import { recordAs } from "../../audit/commit-recorded.ts";
import type { Context } from "../../context.ts";
import { retryOnConflict } from "../../retry-on-conflict.ts";
import { unknownBy } from "../record-failure.ts";
import { hashSecretText, newSecretText } from "../secret-text.ts";
import type { LoginFrom } from "../sessions.ts";
import { DeviceLoginItem, NAMELESS, UserCodeItem } from "./items.ts";
import { hashUserCode, newUserCode } from "./user-code.ts";

const DEVICE_SECONDS = 600;
const INTERVAL_SECONDS = 5;
/** For so long it is known that a code has expired. */
const REMEMBERED_SECONDS = 600;
const MOST_AGENT = 256;

/** Throws 400 `grant.client` for any client but the command. */
export function requireClient(id: string | undefined): void {
  if (id !== CLI_CLIENT) throw new ProblemError("grant.client", `client_id must be ${CLI_CLIENT}`);
}

/**
 * Begins a login from a device: a code for it, and one for the person who approves it under `origin`. Of nobody yet: its record
 * is in the log of the context's organization, as those of names are that nobody has. Throws 400 `grant.client`. Writes both codes' hashes, for
 * ten minutes, and one audit record.
 */
export async function beginDevice(
  context: Context,
  { origin }: { readonly origin: string },
  { client_id: client, client_name: name = "" }: DeviceRequest,
  call: LoginFrom & { readonly requestId: string },
): Promise<DeviceAnswer> {
  requireClient(client);
  const { table, now } = context;
  const { address, userAgent } = call;
  const at = now();
  const id = newId("clientLogin", at);
  const text = newSecretText(id);
  const endsAt = new Date(at.getTime() + DEVICE_SECONDS * 1000);
  const expiresAt = Math.ceil(endsAt.getTime() / 1000);
  const login: DeviceLoginItem = {
    id,
    secretHash: hashSecretText(text),
    clientName: name.trim() || NAMELESS,
    ...(address === undefined ? {} : { address }),
    ...(userAgent === undefined ? {} : { userAgent: userAgent.slice(0, MOST_AGENT).toWellFormed() }),
    createdAt: at.toISOString(),
    endsAt: endsAt.toISOString(),
    interval: INTERVAL_SECONDS,
    expiresAt: expiresAt + REMEMBERED_SECONDS,
  };
  // A person's code that another login has already is refused, and the next one taken.
  const code = await retryOnConflict(async () => {
    const userCode = newUserCode();
    const codeHash = hashUserCode(userCode) ?? "";
    const writes = [create(DeviceLoginItem, login), create(UserCodeItem, { codeHash, login: id, expiresAt })];
    const detail = { client: login.clientName };
    const record = await recordAs(context, unknownBy(call), { action: "client-login.begin", target: id, detail });
    await table.commit([...writes, ...record]);
    return userCode;
  });
  return {
    device_code: text,
    user_code: code,
    verification_uri: `${origin}/device`,
    verification_uri_complete: `${origin}/device?code=${code}`,
    expires_in: DEVICE_SECONDS,
    interval: INTERVAL_SECONDS,
  };
}

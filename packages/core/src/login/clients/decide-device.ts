import type { ClientLogin } from "@cadastre/contract/client-login";
import { ProblemError } from "@cadastre/contract/errors";
import { remove, replace, type Stored } from "@cadastre/store/table";
import { commitRecorded } from "../../audit/commit-recorded.ts";
import type { Actor, Context } from "../../context.ts";
import { retryOnConflict } from "../../retry-on-conflict.ts";
import type { SessionItem } from "../../sessions/items.ts";
import { tokenEndOf } from "./give-token.ts";
import { DeviceLoginItem, UserCodeItem } from "./items.ts";
import { hashUserCode } from "./user-code.ts";

interface Waiting {
  readonly login: Stored<DeviceLoginItem>;
  readonly code: Stored<{ readonly codeHash: string }>;
}

/** The login that waits under a person's code. Throws 404 `client-login.not_found`, also once it was decided or has expired. */
async function readWaiting({ table }: Context, typed: string): Promise<Waiting> {
  const codeHash = hashUserCode(typed);
  const code = codeHash === undefined ? undefined : await table.get(UserCodeItem, { codeHash }, { consistent: true });
  const login = code && (await table.get(DeviceLoginItem, { id: code.login }, { consistent: true }));
  if (!login) throw new ProblemError("client-login.not_found");
  return { login, code };
}

/** What a person is shown before it decides. Throws 404 `client-login.not_found`. */
export async function readDeviceLogin(context: Context, session: SessionItem, code: string): Promise<ClientLogin> {
  const { clientName, address, userAgent, createdAt, endsAt } = (await readWaiting(context, code)).login;
  return {
    clientName,
    ...(address === undefined ? {} : { address }),
    ...(userAgent === undefined ? {} : { userAgent }),
    createdAt,
    expiresAt: endsAt,
    tokenExpiresAt: tokenEndOf(session, context.now()).toISOString(),
  };
}

/**
 * Approves or denies the login under a code, by a session. Of two decisions at once one is taken, since both remove the code at its version.
 * Throws 404 `client-login.not_found`. Writes the login, removes the person's code, and writes one audit record.
 */
export async function decideDevice(
  context: Context,
  { actor, session }: { readonly actor: Actor; readonly session: SessionItem },
  typed: string,
  decision: "approve" | "deny",
): Promise<void> {
  await retryOnConflict(async () => {
    const { login, code } = await readWaiting(context, typed);
    const { version, ...item } = login;
    const { organization, user, id } = session;
    const decided =
      decision === "approve" ? { approval: { organization, user, session: id } } : { denied: true as const };
    const writes = [
      replace(DeviceLoginItem, { ...item, ...decided }, version),
      remove(UserCodeItem, { codeHash: code.codeHash }, code.version),
    ];
    await commitRecorded(context, actor, writes, {
      action: `client-login.${decision}`,
      target: item.id,
      detail: { client: item.clientName, ...(item.address === undefined ? {} : { address: item.address }) },
    });
  });
}

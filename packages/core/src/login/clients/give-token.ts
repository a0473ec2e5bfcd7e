import { ProblemError } from "@cadastre/contract/errors";
import type { TokenAnswer } from "@cadastre/contract/oauth";
import type { Write } from "@cadastre/store/table";
import { createToken } from "../../access/tokens.ts";
import { type Context, inOrganization } from "../../context.ts";
import { listOwnActions } from "../../policies/what-can.ts";
import type { SessionItem } from "../../sessions/items.ts";
import { readSession } from "../authenticate-session.ts";
import type { LoginFrom } from "../sessions.ts";
import type { Approval } from "./items.ts";

/** A working day. */
const TOKEN_SECONDS = 12 * 3600;
const MOST_NAME = 128;

/** In which request a token is asked for, and from where. */
export interface Call extends LoginFrom {
  readonly requestId: string;
}

/** When a token ends that a session's person is given now: after half a day, or with the session. */
export function tokenEndOf({ endsAt }: Pick<SessionItem, "endsAt">, now: Date): Date {
  return new Date(Math.min(now.getTime() + TOKEN_SECONDS * 1000, Date.parse(endsAt)));
}

/** The person who has approved, by a session that is good but for being idle. Throws 400 `grant.denied`, 403 `auth.address`. */
async function readApprover(own: Context, { session }: Approval, { address }: Call) {
  const { now } = own;
  try {
    const found = await readSession(own, session, address);
    if (found.session.isPending || found.session.endsAt <= now().toISOString()) throw new ProblemError("auth.revoked");
    return found;
  } catch (cause) {
    if (!(cause instanceof ProblemError) || cause.code === "auth.address") throw cause;
    throw new ProblemError("grant.denied", "the session that has approved it was ended", { cause });
  }
}

/**
 * Gives a client a token of the person who has approved it: with all that this one may do but revealing secrets, for half a day, and no
 * longer than the session, which it ends with. `used` answers the writes by which the approval is used up in the same commit. Throws 400
 * `grant.denied`, `grant.scope`, 403 `auth.address`. Writes what `createToken` writes.
 */
export async function giveToken(
  context: Context,
  { approval, name, call }: { readonly approval: Approval; readonly name: string; readonly call: Call },
  used: () => Promise<readonly Write[]>,
): Promise<TokenAnswer> {
  const own = inOrganization(context, approval.organization);
  const { principal, session } = await readApprover(own, approval, call);
  const actor = { principal, ...call };
  const scopes = (await listOwnActions(own, actor)).filter((action) => action !== "credentials:reveal");
  if (scopes.length === 0) throw new ProblemError("grant.scope", "who has approved it may do nothing yet");
  const now = own.now();
  const seconds = Math.ceil((tokenEndOf(session, now).getTime() - now.getTime()) / 1000);
  const { secret } = await createToken(
    own,
    actor,
    { name: `login: ${name}`.slice(0, MOST_NAME).toWellFormed(), scopes, expiresInSeconds: seconds },
    { guard: used, endsWith: session },
  );
  return { access_token: secret, token_type: "Bearer", expires_in: seconds, scope: scopes.join(" ") };
}

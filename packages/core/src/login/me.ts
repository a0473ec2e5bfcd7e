import { ProblemError } from "@cadastre/contract/errors";
import type { Me } from "@cadastre/contract/login";
import type { Actor, Context } from "../context.ts";
import { listOwnActions } from "../policies/what-can.ts";
import type { SessionItem } from "../sessions/items.ts";
import { methodsOf, readFactors } from "./factors.ts";
import { readUser } from "./login-epoch.ts";

/**
 * Who a caller is and what it may do. Throws 403 `auth.session` for who is neither a user nor a service account. Of a session whose second
 * factor is due it says by what that can be proved, for one more read.
 */
export async function describeMe(
  context: Context,
  actor: Actor,
  session: SessionItem | undefined,
): Promise<Omit<Me, "csrf">> {
  const { type, id, name, organization, groups, roles, token } = actor.principal;
  if (type !== "user" && type !== "service-account") throw new ProblemError("auth.session");
  const isPending = session?.isPending ?? false;
  return {
    principal: { type, id, name },
    organization,
    groups: [...groups],
    roles: roles.map((one) => ({ ...one })),
    actions: isPending ? [] : await listOwnActions(context, actor),
    ...(token === undefined
      ? {}
      : {
          token: {
            id: token.id,
            scopes: [...token.scopes],
            ...(token.accounts === undefined ? {} : { accounts: [...token.accounts] }),
          },
        }),
    ...(session === undefined
      ? {}
      : {
          session: {
            id: session.id,
            strength: session.strength,
            authenticatedAt: session.authenticatedAt,
            ...(isPending ? { stepUpNeeded: true as const, methods: methodsOf(await readFactors(context, id)) } : {}),
          },
        }),
  };
}

/** The user that a caller is, with what its sessions go by. Throws 403 `auth.session` for a service account, which has none. */
export async function requireOwnUser(
  context: Context,
  { principal }: Actor,
): Promise<{ readonly user: string; readonly epoch: number; readonly loginEpoch: number | undefined }> {
  if (principal.type !== "user") throw new ProblemError("auth.session", "a service account has no sessions");
  const { id, epoch, loginEpoch } = await readUser(context, principal.id);
  return { user: id, epoch, loginEpoch };
}

import { newId } from "@cadastre/contract/ids";
import { create } from "@cadastre/store/table";
import { commitRecorded } from "../audit/commit-recorded.ts";
import { type Actor, actorName, type Context } from "../context.ts";
import { ADMIN_GRANT, newRecoveryAccount } from "./admin-grant.ts";
import { TokenItem, TokenListItem } from "./items.ts";
import { newTokenText } from "./token-text.ts";
import { toTokenItem } from "./tokens.ts";

export interface Recovered {
  readonly tokenId: string;
  /** The token's text: shown now or never. */
  readonly secret: string;
  readonly expiresAt: string;
}

/**
 * Makes an admin token like the first one, for whoever has lost all of them, with a service account of its own; every call makes one. Who
 * may call is for the runtime to say. Writes both, their places and one audit record, `token.recover`, with the reason. No error of its own.
 */
export async function recoverAdminToken(
  context: Context,
  actor: Actor,
  { reason }: { readonly reason: string },
): Promise<Recovered> {
  const now = context.now();
  const id = newId("token", now);
  const secret = newTokenText(id);
  const { writes, principal, epoch } = newRecoveryAccount(context, actorName(actor));
  const item = toTokenItem(
    id,
    secret,
    { name: "recovered admin", ...ADMIN_GRANT },
    { now, createdBy: actorName(actor), organization: context.organization, principal, epoch },
  );
  const { name, scopes, expiresAt } = item;
  await commitRecorded(context, actor, [create(TokenItem, item), create(TokenListItem, { id }), ...writes], {
    action: "token.recover",
    target: id,
    detail: { name, principal: principal.id, scopes, expiresAt, reason },
  });
  return { tokenId: id, secret, expiresAt };
}

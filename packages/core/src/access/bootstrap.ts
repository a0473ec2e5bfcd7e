import { newId } from "@cadastre/contract/ids";
import type { NewToken } from "@cadastre/contract/token";
import { create } from "@cadastre/store/table";
import { commitRecorded } from "../audit/commit-recorded.ts";
import { actorName, type Context, systemActor } from "../context.ts";
import { isTaken, retryOnConflict } from "../retry-on-conflict.ts";
import { BootstrapItem, TokenItem, TokenListItem } from "./items.ts";
import { hashTokenText, idOfTokenText, newTokenText } from "./token-text.ts";
import { toTokenItem } from "./tokens.ts";

/** Given texts are visible ASCII, as a header takes it, and long enough not to be guessed. */
const GIVEN = /^[\x21-\x7e]{16,512}$/;
const ACTOR = systemActor("bootstrap");
const FIRST: NewToken & { readonly expiresInSeconds: number } = {
  name: "first admin",
  scopes: ["admin", "credentials:reveal"],
  expiresInSeconds: 366 * 86_400,
};

export interface Bootstrapped {
  readonly tokenId: string;
  /** The token's text, only when this call made the token: show it now or never. */
  readonly secret?: string;
}

/**
 * Makes the first admin token, once: a repeat, also at the same time, answers the id of the one that was made, also when it
 * was revoked. With `secret` (16 to 512 visible ASCII characters; throws RangeError otherwise) the token has that text, and
 * each different text makes a token of its own. Writes the token, its place in the list, the marker and one audit record.
 */
export async function bootstrapAdminToken(
  context: Context,
  { secret }: { secret?: string } = {},
): Promise<Bootstrapped> {
  if (secret !== undefined && !GIVEN.test(secret)) {
    throw new RangeError("a given admin token must have 16 to 512 visible ASCII characters without spaces");
  }
  const source = secret === undefined ? "first" : `given#${hashTokenText(secret)}`;
  return retryOnConflict(async () => {
    const made = await context.table.get(BootstrapItem, { source }, { consistent: true });
    if (made) return { tokenId: made.token };
    const now = context.now();
    const id = (secret === undefined ? undefined : idOfTokenText(secret)) ?? newId("token", now);
    const text = secret ?? newTokenText(id);
    const item = toTokenItem(id, text, FIRST, { now, createdBy: actorName(ACTOR) });
    try {
      await commitRecorded(
        context,
        ACTOR,
        [create(TokenItem, item), create(TokenListItem, { id }), create(BootstrapItem, { source, token: id })],
        { action: "token.create", target: id, detail: { name: item.name, scopes: item.scopes } },
      );
    } catch (error) {
      // The given text has our form and its token is stored: it was printed by an earlier run, or made by the API.
      if (isTaken(error, 0) && !isTaken(error, 2)) return { tokenId: id };
      throw error;
    }
    return { tokenId: id, secret: text };
  });
}

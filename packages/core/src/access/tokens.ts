import { ProblemError } from "@cadastre/contract/errors";
import { newId } from "@cadastre/contract/ids";
import { type CreatedToken, type NewToken, type Token, type TokenScope, token } from "@cadastre/contract/token";
import { create, replace, type Stored } from "@cadastre/store/table";
import { commitRecorded } from "../audit/commit-recorded.ts";
import { type Actor, actorName, type Context } from "../context.ts";
import { type Listed, type ListOptions, queryPage, toListed } from "../lists.ts";
import { retryOnConflict } from "../retry-on-conflict.ts";
import { TOKENS_PARTITION, TokenItem, TokenListItem } from "./items.ts";
import { hasScope } from "./scopes.ts";
import { hashTokenText, newTokenText } from "./token-text.ts";

/** What the API shows: never the hash. */
function toView(stored: Stored<TokenItem>): Token {
  return token.parse(stored);
}

/** The stored form of a new token that ends `expiresInSeconds` from now. */
export function toTokenItem(
  id: string,
  text: string,
  input: NewToken,
  { now, createdBy }: { now: Date; createdBy: string },
): TokenItem {
  return {
    id,
    name: input.name,
    scopes: [...new Set(input.scopes)],
    createdAt: now.toISOString(),
    createdBy,
    expiresAt: new Date(now.getTime() + input.expiresInSeconds * 1000).toISOString(),
    secretHash: hashTokenText(text),
  };
}

async function read(context: Context, id: string): Promise<Stored<TokenItem>> {
  const stored = await context.table.get(TokenItem, { id }, { consistent: true });
  if (!stored) throw new ProblemError("token.not_found");
  return stored;
}

/**
 * Makes a token. Its text is in this answer and nowhere else ever again. Throws 403 `token.scope` for a scope that the
 * granter does not have. Writes the token, its place in the list, and one audit record.
 */
export async function createToken(
  context: Context,
  actor: Actor,
  input: NewToken,
  granterScopes: readonly TokenScope[],
): Promise<CreatedToken> {
  const missing = input.scopes.filter((scope) => !hasScope(granterScopes, scope));
  if (missing.length > 0) throw new ProblemError("token.scope", `your token does not have ${missing.join(", ")}`);
  const now = context.now();
  const id = newId("token", now);
  const text = newTokenText(id);
  const item = toTokenItem(id, text, input, { now, createdBy: actorName(actor) });
  const { name, scopes, expiresAt } = item;
  await retryOnConflict(() =>
    commitRecorded(context, actor, [create(TokenItem, item), create(TokenListItem, { id })], {
      action: "token.create",
      target: id,
      detail: { name, scopes, expiresAt },
    }),
  );
  return { ...toView(await read(context, id)), secret: text };
}

/** Revokes a token at once and for good; one that is revoked stays as it is. Throws 404 `token.not_found`. */
export async function revokeToken(context: Context, actor: Actor, id: string): Promise<Token> {
  await retryOnConflict(async () => {
    const stored = await read(context, id);
    if (stored.revokedAt !== undefined) return;
    const revoked = { revokedAt: context.now().toISOString(), revokedBy: actorName(actor) };
    await commitRecorded(context, actor, [replace(TokenItem, { ...stored, ...revoked }, stored.version)], {
      action: "token.revoke",
      target: id,
      detail: { name: stored.name },
    });
  });
  return toView(await read(context, id));
}

/** All tokens, oldest first, also expired and revoked ones. Throws 422 `cursor.invalid`. */
export async function listTokens(context: Context, options: ListOptions): Promise<Listed<Token>> {
  const { table } = context;
  const page = await queryPage(table, TokenListItem, { partition: TOKENS_PARTITION, consistent: true, ...options });
  const found = await table.getMany(TokenItem, page.items, { consistent: true });
  return toListed({ ...page, items: found.filter((stored) => stored !== undefined) }, toView);
}

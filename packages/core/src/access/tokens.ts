import { ProblemError } from "@cadastre/contract/errors";
import { newId } from "@cadastre/contract/ids";
import { type CreatedToken, type NewToken, type Token, token } from "@cadastre/contract/token";
import { create, replace, type Stored } from "@cadastre/store/table";
import { commitRecorded } from "../audit/commit-recorded.ts";
import { type Actor, actorName, type Context, type Principal } from "../context.ts";
import { type Listed, type ListOptions, selectPage } from "../lists.ts";
import { retryOnConflict } from "../retry-on-conflict.ts";
import { may } from "./authorize.ts";
import { TOKENS_PARTITION, TokenItem, TokenListItem } from "./items.ts";
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
    ...(input.accounts === undefined ? {} : { accounts: [...new Set(input.accounts)] }),
    createdAt: now.toISOString(),
    createdBy,
    expiresAt: new Date(now.getTime() + input.expiresInSeconds * 1000).toISOString(),
    secretHash: hashTokenText(text),
  };
}

/** Of the tokens, who is limited to some accounts sees those that are limited to no others. */
function isVisibleToken({ restriction }: Context, { accounts }: TokenItem): boolean {
  return restriction === undefined || (accounts?.every((account) => restriction.accounts.includes(account)) ?? false);
}

async function read(context: Context, id: string): Promise<Stored<TokenItem>> {
  const stored = await context.table.get(TokenItem, { id }, { consistent: true });
  if (!stored || !isVisibleToken(context, stored)) throw new ProblemError("token.not_found");
  return stored;
}

/** What of a new token its granter does not have: nothing can be given but what one has. */
function notGiven(granter: Principal, { scopes, accounts = [] }: NewToken): string[] {
  const { scopes: own = [], accounts: within } = granter.attributes;
  const has = (scope: NewToken["scopes"][number]) =>
    scope === "admin" ? granter.type === "system" || own.includes("admin") : may(granter, scope, { type: "token" });
  return [
    ...scopes.filter((scope) => !has(scope)),
    ...(within === undefined ? [] : accounts.filter((account) => !within.includes(account))),
  ];
}

/**
 * Makes a token. Its text is in this answer and nowhere else ever again. Throws 403 `token.scope` for a scope or an account
 * that the granter does not have; a granter that is limited to accounts gives its limits on. Writes the token, its place in the list, and one
 * audit record.
 */
export async function createToken(context: Context, actor: Actor, input: NewToken): Promise<CreatedToken> {
  const { principal } = actor;
  const missing = notGiven(principal, input);
  if (missing.length > 0) throw new ProblemError("token.scope", `your token does not have ${missing.join(", ")}`);
  const now = context.now();
  const id = newId("token", now);
  const text = newTokenText(id);
  const within = input.accounts ?? principal.attributes.accounts;
  const given = { ...input, ...(within === undefined ? {} : { accounts: [...within] }) };
  const item = toTokenItem(id, text, given, { now, createdBy: actorName(actor) });
  const { name, scopes, accounts, expiresAt } = item;
  await retryOnConflict(() =>
    commitRecorded(context, actor, [create(TokenItem, item), create(TokenListItem, { id })], {
      action: "token.create",
      target: id,
      detail: { name, scopes, ...(accounts === undefined ? {} : { accounts }), expiresAt },
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

/** All tokens that the caller may see, oldest first, also expired and revoked ones. Throws 422 `cursor.invalid`. */
export function listTokens(context: Context, options: ListOptions): Promise<Listed<Token>> {
  const { table } = context;
  return selectPage(
    table,
    {
      list: "tokens",
      entity: TokenListItem,
      partition: TOKENS_PARTITION,
      async select(items) {
        const found = await table.getMany(TokenItem, items, { consistent: true });
        return found.map((stored) => (stored && isVisibleToken(context, stored) ? toView(stored) : undefined));
      },
    },
    options,
  );
}

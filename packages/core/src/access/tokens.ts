import { ProblemError } from "@cadastre/contract/errors";
import { newId } from "@cadastre/contract/ids";
import type { PrincipalRef } from "@cadastre/contract/principal";
import {
  type CreatedToken,
  type NewToken,
  type RevokedToken,
  TOKEN_SECONDS,
  type Token,
  token,
} from "@cadastre/contract/token";
import { check, create, replace, type Stored, type Write } from "@cadastre/store/table";
import { commitRecorded } from "../audit/commit-recorded.ts";
import { type Actor, actorName, type Context, type Principal } from "../context.ts";
import { ServiceAccountItem, UserItem } from "../directory/items.ts";
import { readPrincipal, requirePrincipal } from "../directory/principals.ts";
import { inParallel } from "../in-parallel.ts";
import { toAddressList } from "../limits/address-list.ts";
import { type Listed, type ListOptions, selectPage } from "../lists.ts";
import { requireNoMore } from "../policies/grants.ts";
import { isUnscoped, mayByScope } from "../policies/scopes.ts";
import { retryOnConflict } from "../retry-on-conflict.ts";
import { newSealKey } from "../sealed-text.ts";
import { TOKENS_PARTITION, TokenChildItem, TokenItem, TokenListItem } from "./items.ts";
import { guardSystemAdmins } from "./system-admins.ts";
import { hashTokenText, newTokenText } from "./token-text.ts";

/** Descendants that are revoked at the same time. */
const AT_ONCE = 16;

/** What the API shows: never the hash. */
function toView(stored: Stored<TokenItem>): Token {
  return token.parse(stored);
}

/** Whose a new token is, and by whom and when it is made. */
interface TokenOwner {
  readonly now: Date;
  readonly createdBy: string;
  readonly organization: string;
  readonly principal: PrincipalRef;
  /** Of the principal, at which the token was made. */
  readonly epoch: number;
  /** The token that it was made with. */
  readonly parent?: string | undefined;
}

/** The stored form of a new token that ends `expiresInSeconds` from now. */
export function toTokenItem(
  id: string,
  text: string,
  { expiresInSeconds, ...input }: Omit<NewToken, "principal"> & { readonly expiresInSeconds: number },
  { now, createdBy, organization, principal, epoch, parent }: TokenOwner,
): TokenItem {
  return {
    id,
    name: input.name,
    organization,
    principal,
    epoch,
    scopes: [...new Set(input.scopes)],
    ...(input.addresses === undefined ? {} : { addresses: [...input.addresses] }),
    ...(input.accounts === undefined ? {} : { accounts: [...new Set(input.accounts)] }),
    cursorKey: newSealKey(),
    createdAt: now.toISOString(),
    createdBy,
    expiresAt: new Date(now.getTime() + expiresInSeconds * 1000).toISOString(),
    secretHash: hashTokenText(text),
    ...(parent === undefined ? {} : { parent }),
  };
}

/** Of the tokens, who is limited to some accounts sees those that are limited to no others. */
function isVisibleToken({ restriction }: Context, { accounts }: TokenItem): boolean {
  return restriction === undefined || (accounts?.every((account) => restriction.accounts.includes(account)) ?? false);
}

async function read(context: Context, id: string): Promise<Stored<TokenItem>> {
  const stored = await context.table.get(TokenItem, { id }, { consistent: true });
  if (stored?.organization !== context.organization || !isVisibleToken(context, stored))
    throw new ProblemError("token.not_found");
  return stored;
}

/** What of a new token its granter does not have: nothing can be given but what one has. */
function notGiven(
  { restriction }: Context,
  granter: Principal,
  { scopes, accounts = [] }: Pick<NewToken, "scopes" | "accounts">,
): string[] {
  const within = restriction?.accounts ?? granter.token?.accounts;
  const has = (scope: NewToken["scopes"][number]) =>
    // Of a source's next token nobody needs to be a source: it serves that one's service account alone.
    scope === "admin" || scope === "scim:provision" ? isUnscoped(granter) : mayByScope(granter, scope);
  return [
    ...scopes.filter((scope) => !has(scope)),
    ...(within === undefined ? [] : accounts.filter((account) => !within.includes(account))),
  ];
}

interface Granted {
  readonly seconds: number;
  readonly parent?: string;
  /** Holds while the granter is as it was read: it cannot be revoked without taking this one along. */
  readonly guard: readonly Write[];
}

/** How long the new token lives, and what its being made rests on: no longer than its granter, while that is not revoked. */
async function readGranted({ table, now }: Context, { token }: Principal, wanted?: number): Promise<Granted> {
  if (token === undefined) return { seconds: wanted ?? TOKEN_SECONDS, guard: [] };
  const { id } = token;
  const granter = await table.get(TokenItem, { id }, { consistent: true });
  if (!granter || granter.revokedAt !== undefined) throw new ProblemError("auth.revoked");
  const left = Math.floor((Date.parse(granter.expiresAt) - now().getTime()) / 1000);
  if ((wanted ?? 0) > left) {
    const message = `your own token ends in ${left} seconds, and what it makes no later`;
    throw new ProblemError("request.invalid", `expiresInSeconds: ${message}`, {
      errors: [{ path: "expiresInSeconds", message }],
    });
  }
  const guard = [check(TokenItem, { id }, granter.version)];
  return { seconds: wanted ?? Math.min(TOKEN_SECONDS, left), parent: id, guard };
}

/**
 * Whose the new token is, as it stands, and that it stays so. A token of another is of a service account alone, since nobody acts in another
 * person's name, and of one that may do no more than who makes it; the service itself may make any. Throws 403 `token.principal`,
 * `access.exceeds`, 404 `service-account.not_found`.
 */
async function readOwner(
  context: Context,
  actor: Actor,
  wanted: PrincipalRef | undefined,
): Promise<{ readonly principal: PrincipalRef; readonly epoch: number; readonly guard: Write }> {
  const { type, id } = actor.principal;
  const own = type === "user" || type === "service-account" ? { type, id } : undefined;
  const principal = wanted ?? own;
  if (principal === undefined) throw new ProblemError("token.principal", "say whose token it is");
  if (principal.id !== id && type !== "system") {
    if (principal.type !== "service-account")
      throw new ProblemError("token.principal", "a token of another can only be a service account's");
    if (!isUnscoped(actor.principal))
      throw new ProblemError("token.principal", "a token of a service account needs the scope admin");
  }
  const stored = await requirePrincipal(context, principal);
  // Whoever has another's token can do what that one may.
  if (principal.id !== id) {
    await guardSystemAdmins(context, actor)(stored);
    await requireNoMore(context, actor, { ...stored, ...principal });
  }
  const { epoch, version, disabled } = stored;
  if (disabled) throw new ProblemError("token.principal", `${principal.id} is disabled`);
  const entity = principal.type === "user" ? UserItem : ServiceAccountItem;
  return { principal, epoch, guard: check(entity, { id: principal.id }, version) };
}

/**
 * Makes a token. Its text is in this answer and nowhere else ever again. Throws 403 `token.scope` for a scope or an account
 * that the granter does not have, 403 `token.principal` and 404 `service-account.not_found` for whose it may not be, 422 `request.invalid` for a life that is longer than the granter's; a granter that is limited to
 * accounts gives its limits on. What `guard` answers is used up in its commit. Writes the token, its place in the list and among those of its granter, and one audit record.
 */
export async function createToken(
  context: Context,
  actor: Actor,
  input: NewToken,
  guard: () => Promise<readonly Write[]> = async () => [],
): Promise<CreatedToken> {
  const { principal } = actor;
  const missing = notGiven(context, principal, input);
  if (missing.length > 0) throw new ProblemError("token.scope", `your token does not have ${missing.join(", ")}`);
  const now = context.now();
  const id = newId("token", now);
  const text = newTokenText(id);
  const within = input.accounts ?? context.restriction?.accounts ?? principal.token?.accounts;
  const addresses = input.addresses === undefined ? {} : { addresses: toAddressList(input.addresses, "addresses") };
  await retryOnConflict(async () => {
    const { seconds, parent, guard: relied } = await readGranted(context, principal, input.expiresInSeconds);
    const guards = await guard();
    const { guard: standing, ...owner } = await readOwner(context, actor, input.principal);
    const given = {
      ...input,
      ...addresses,
      expiresInSeconds: seconds,
      ...(within === undefined ? {} : { accounts: [...within] }),
    };
    const { organization } = context;
    const item = toTokenItem(id, text, given, { now, createdBy: actorName(actor), organization, ...owner, parent });
    const { name, scopes, accounts, expiresAt } = item;
    const place = parent === undefined ? [] : [create(TokenChildItem, { parent, id })];
    const writes = [create(TokenItem, item), create(TokenListItem, { id }), ...place, ...relied, standing, ...guards];
    await commitRecorded(context, actor, writes, {
      action: "token.create",
      target: id,
      detail: {
        name,
        principal: owner.principal.id,
        scopes,
        ...(accounts === undefined ? {} : { accounts }),
        expiresAt,
      },
    });
  });
  return { ...toView(await read(context, id)), secret: text };
}

/** Who could not give a token cannot take it away, but for admins; and one may always revoke oneself. */
function requireMayRevoke(context: Context, { principal }: Actor, stored: TokenItem): void {
  if (isUnscoped(principal) || principal.token?.id === stored.id) return;
  const missing = notGiven(context, principal, stored);
  if (missing.length > 0) throw new ProblemError("token.scope", `your token does not have ${missing.join(", ")}`);
}

/** What somebody who administers the system acts by is ended by itself, and by others who do. Throws 403 `access.exceeds`. */
async function requireMayEnd(
  context: Context,
  actor: Actor,
  { principal }: Pick<TokenItem, "principal">,
): Promise<void> {
  if (principal.id === actor.principal.id) return;
  const owner = await readPrincipal(context, principal);
  if (owner) await guardSystemAdmins(context, actor)(owner);
}

/** Revokes what is not revoked yet. Answers whether it was this call that did it. */
async function revokeOne(context: Context, actor: Actor, id: string, root: string): Promise<boolean> {
  return retryOnConflict(async () => {
    const stored = await context.table.get(TokenItem, { id }, { consistent: true });
    if (!stored || stored.revokedAt !== undefined) return false;
    const { version, ...item } = stored;
    const revoked = { ...item, revokedAt: context.now().toISOString(), revokedBy: actorName(actor) };
    await commitRecorded(context, actor, [replace(TokenItem, revoked, version)], {
      action: "token.revoke",
      target: id,
      detail: { name: stored.name, ...(id === root ? {} : { with: root }) },
    });
    return true;
  });
}

/** The tokens that were made with one; complete once that one is revoked, since it makes no more then. */
async function childrenOf({ table }: Context, parent: string): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const query = { partition: `token#${parent}`, sort: { beginsWith: "child#" }, cursor, consistent: true };
    const page = await table.query(TokenChildItem, query);
    ids.push(...page.items.map(({ id }) => id));
    cursor = page.cursor;
  } while (cursor !== undefined);
  return ids;
}

/**
 * Revokes a token at once and for good, and then, unless `descendants` is false, those that were made with it, and with those:
 * each in a commit of its own with its record. Interrupted and done again, it goes on; one that is revoked stays as it is. Throws
 * 404 `token.not_found`, 403 `token.scope` for a token that the caller could not have given.
 */
export async function revokeToken(
  context: Context,
  actor: Actor,
  id: string,
  { descendants = true }: { readonly descendants?: boolean | undefined } = {},
): Promise<RevokedToken> {
  const stored = await read(context, id);
  requireMayRevoke(context, actor, stored);
  await requireMayEnd(context, actor, stored);
  await revokeOne(context, actor, id, id);
  const revoked: string[] = [];
  for (let parents = descendants ? [id] : []; parents.length > 0; ) {
    const children = (await inParallel(parents, AT_ONCE, (parent) => childrenOf(context, parent))).flat();
    const ended = await inParallel(children, AT_ONCE, (child) => revokeOne(context, actor, child, id));
    revoked.push(...children.filter((_, at) => ended[at]));
    parents = children;
  }
  return { ...toView(await read(context, id)), descendants: revoked };
}

/** All tokens that the caller may see, oldest first, also expired and revoked ones. Throws 422 `cursor.invalid`. */
export function listTokens(context: Context, options: ListOptions): Promise<Listed<Token>> {
  const { table } = context;
  return selectPage(
    context,
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

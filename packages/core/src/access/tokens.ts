import { ProblemError } from "@cadastre/contract/errors";
import { newId } from "@cadastre/contract/ids";
import type { PrincipalRef } from "@cadastre/contract/principal";
import { type CreatedToken, type NewToken, type RevokedToken, type Token, token } from "@cadastre/contract/token";
import { create, replace, type Stored, type Write } from "@cadastre/store/table";
import { commitRecorded } from "../audit/commit-recorded.ts";
import { type Actor, actorName, type Context } from "../context.ts";
import { readPrincipal } from "../directory/principals.ts";
import { inParallel } from "../in-parallel.ts";
import { toAddressList } from "../limits/address-list.ts";
import { type Listed, type ListOptions, selectPage } from "../lists.ts";
import { isUnscoped } from "../policies/scopes.ts";
import { retryOnConflict } from "../retry-on-conflict.ts";
import { newSealKey } from "../sealed-text.ts";
import type { SessionItem } from "../sessions/items.ts";
import { addressesOf, readGranted, readOwner, requireGiven, secondsOf } from "./grant-token.ts";
import { TOKENS_PARTITION, TokenChildItem, TokenItem, TokenListItem, TokenUseItem } from "./items.ts";
import { guardSystemAdmins } from "./system-admins.ts";
import { hashTokenText, newTokenText } from "./token-text.ts";

/** Descendants that are revoked at the same time. */
const AT_ONCE = 16;

/** What the API shows: never the hash. */
function toView(stored: Stored<TokenItem>, use: TokenUseItem | undefined): Token {
  return token.parse({ ...stored, ...(use === undefined ? {} : { lastUsedAt: use.usedAt }) });
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
  /** The token in whose place it is. */
  readonly rotatedFrom?: string | undefined;
  /** The login session that it ends with. */
  readonly session?: TokenItem["session"] | undefined;
}

/** The stored form of a new token that ends `expiresInSeconds` from now. */
export function toTokenItem(
  id: string,
  text: string,
  { expiresInSeconds, ...input }: Omit<NewToken, "principal"> & { readonly expiresInSeconds: number },
  { now, createdBy, organization, principal, epoch, parent, rotatedFrom, session }: TokenOwner,
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
    ...(rotatedFrom === undefined ? {} : { rotatedFrom }),
    ...(session === undefined ? {} : { session }),
  };
}

/** Of the tokens, who is limited to some accounts sees those that are limited to no others. */
function isVisibleToken({ restriction }: Context, { accounts }: TokenItem): boolean {
  return restriction === undefined || (accounts?.every((account) => restriction.accounts.includes(account)) ?? false);
}

/** A token as it stands now. Throws 404 `token.not_found`, also for one that the caller may not see. */
export async function readToken(context: Context, id: string): Promise<Stored<TokenItem>> {
  const stored = await context.table.get(TokenItem, { id }, { consistent: true });
  if (stored?.organization !== context.organization || !isVisibleToken(context, stored))
    throw new ProblemError("token.not_found");
  return stored;
}

/** What else a new token rests on. */
interface TokenRest {
  /** Answers what is used up in its commit. */
  readonly guard?: () => Promise<readonly Write[]>;
  /** The login session that it ends with. */
  readonly endsWith?: SessionItem;
}

/** What is kept of the session that a token ends with. */
const boundTo = ({ id, organization, user, loginEpoch }: SessionItem): TokenItem["session"] => ({
  id,
  organization,
  user,
  loginEpoch,
});

/**
 * Makes a token. Its text is in this answer and nowhere else ever again. Throws 403 `token.scope` for a scope, an account or an address
 * that the granter does not have, 403 `token.principal` and 404 `service-account.not_found` for whose it may not be, 422 `request.invalid` for a life that is longer than the granter's; a granter that is limited to
 * accounts or addresses gives its limits on, and one that ends with a session gives that on. What `guard` answers is used up in its commit. Writes the token, its place in the list and among those of its granter, and one audit record.
 */
export async function createToken(
  context: Context,
  actor: Actor,
  input: NewToken,
  { guard = async () => [], endsWith }: TokenRest = {},
): Promise<CreatedToken> {
  const { principal } = actor;
  requireGiven(context, principal, input);
  const now = context.now();
  const id = newId("token", now);
  const text = newTokenText(id);
  const within = input.accounts ?? context.restriction?.accounts ?? principal.token?.accounts;
  const wanted = input.addresses === undefined ? undefined : toAddressList(input.addresses, "addresses");
  await retryOnConflict(async () => {
    const granted = await readGranted(context, principal);
    const { parent, guard: relied } = granted;
    const guards = await guard();
    const addresses = addressesOf(granted, wanted);
    const { guard: standing, ...owner } = await readOwner(context, actor, input.principal);
    const given = {
      ...input,
      ...(addresses === undefined ? {} : { addresses: [...addresses] }),
      expiresInSeconds: secondsOf(granted, input.expiresInSeconds),
      ...(within === undefined ? {} : { accounts: [...within] }),
    };
    const { organization } = context;
    const session = endsWith === undefined ? granted.session : boundTo(endsWith);
    const made = { now, createdBy: actorName(actor), organization, ...owner, parent, session };
    const item = toTokenItem(id, text, given, made);
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
  return showSecret(context, id, text);
}

/** A token that was just made, with its text: shown now, and never again. */
export async function showSecret(context: Context, id: string, secret: string): Promise<CreatedToken> {
  return { ...toView(await readToken(context, id), undefined), secret };
}

/** Who could not give a token cannot take it away, but for admins; and one may always revoke oneself. */
function requireMayRevoke(context: Context, { principal }: Actor, stored: TokenItem): void {
  if (isUnscoped(principal) || principal.token?.id === stored.id) return;
  requireGiven(context, principal, stored);
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
  const stored = await readToken(context, id);
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
  const use = await context.table.get(TokenUseItem, { id }, { consistent: true });
  return { ...toView(await readToken(context, id), use), descendants: revoked };
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
        const [found, uses] = await Promise.all([
          table.getMany(TokenItem, items, { consistent: true }),
          table.getMany(TokenUseItem, items),
        ]);
        return found.map((stored, at) =>
          stored && isVisibleToken(context, stored) ? toView(stored, uses[at]) : undefined,
        );
      },
    },
    options,
  );
}

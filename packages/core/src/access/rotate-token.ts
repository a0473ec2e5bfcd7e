import { ProblemError } from "@cadastre/contract/errors";
import { newId } from "@cadastre/contract/ids";
import type { CreatedToken } from "@cadastre/contract/token";
import { create, replace, type Stored, type Write } from "@cadastre/store/table";
import { commitRecorded } from "../audit/commit-recorded.ts";
import { type Actor, actorName, type Context } from "../context.ts";
import { retryOnConflict } from "../retry-on-conflict.ts";
import { readGranted, readOwner, requireAddressesGiven, requireGiven } from "./grant-token.ts";
import { TokenChildItem, TokenItem, TokenListItem } from "./items.ts";
import { newTokenText } from "./token-text.ts";
import { readToken, showSecret, toTokenItem } from "./tokens.ts";

/** Tokens that are good at the same time and take the new one along: more than anybody needs, and few enough for one commit. */
const MOST_ANCESTORS = 16;

const stateError = (message: string) => new ProblemError("token.state", message);

/** A token that can be rotated. Throws 409 `token.state`. */
function requireRotatable({ now }: Context, { id, revokedAt, expiresAt, rotatedTo, session }: TokenItem): void {
  if (revokedAt !== undefined) throw stateError(`${id} was revoked`);
  if (rotatedTo !== undefined) throw stateError(`${id} was rotated; its successor is ${rotatedTo}`);
  if (session !== undefined) throw stateError(`${id} ends with a login session: log in again instead`);
  if (Date.parse(expiresAt) <= now().getTime()) throw stateError(`${id} has expired`);
}

/**
 * The tokens beside its maker that take the successor along when they are revoked: the old one, and those that would have taken the old one
 * along, as long as they are good themselves. They are named one by one, since the old one is forgotten before them.
 */
async function ancestorsOf(
  { table, now }: Context,
  { id, parent, ancestors = [] }: TokenItem,
  maker: string | undefined,
): Promise<TokenItem[]> {
  const ids = [...new Set([id, ...(parent === undefined ? [] : [parent]), ...ancestors])].filter(
    (one) => one !== maker,
  );
  const keys = ids.map((one) => ({ id: one }));
  const found = await table.getMany(TokenItem, keys, { consistent: true });
  const at = now().toISOString();
  const isGood = (one: TokenItem) => one.id === id || (one.revokedAt === undefined && one.expiresAt > at);
  const good = found.flatMap((one) => (one && isGood(one) ? [one] : []));
  if (good.length > MOST_ANCESTORS)
    throw stateError(`${MOST_ANCESTORS} tokens before it are still good; rotate it once they have ended`);
  return good;
}

/** When a token is forgotten, in epoch seconds, with a day to spare: until then it can be revoked. */
const forgottenAt = ({ retentionDays }: Context, { expiresAt }: Pick<TokenItem, "expiresAt">): number =>
  Math.ceil(Date.parse(expiresAt) / 1000) + (retentionDays + 1) * 86_400;

/** The old token as it ends: after the overlap, and no later than it would have. */
function ended(
  { version, ...old }: Stored<TokenItem>,
  { to, at, overlapSeconds }: { readonly to: string; readonly at: Date; readonly overlapSeconds: number },
): { readonly item: TokenItem; readonly write: Write } {
  const end = new Date(at.getTime() + overlapSeconds * 1000).toISOString();
  const item = { ...old, rotatedTo: to, expiresAt: end < old.expiresAt ? end : old.expiresAt };
  return { item, write: replace(TokenItem, item, version) };
}

/**
 * Makes a token in the place of another: with its name, principal, scopes, accounts, addresses and lifetime, but no longer than the
 * token that asks, so that no token lengthens its own life. The old one ends after the overlap. Whoever could not make such a token cannot
 * rotate it. Of two at once one is done, since both write the old token at its version. Throws 404 `token.not_found`, 409 `token.state`, 403 `token.scope`,
 * `token.principal`, `access.exceeds`. What `guard` answers is used up in its commit. Writes both tokens, the new one's places and one
 * audit record.
 */
export async function rotateToken(
  context: Context,
  actor: Actor,
  id: string,
  { overlapSeconds }: { readonly overlapSeconds: number },
  guard: (old: TokenItem) => Promise<readonly Write[]> = async () => [],
): Promise<CreatedToken> {
  const { principal } = actor;
  const at = context.now();
  const to = newId("token", at);
  const text = newTokenText(to);
  await retryOnConflict(async () => {
    const old = await readToken(context, id);
    requireRotatable(context, old);
    requireGiven(context, principal, old);
    const wanted = Math.ceil((Date.parse(old.expiresAt) - Date.parse(old.createdAt)) / 1000);
    const granted = await readGranted(context, principal);
    const { longest, parent, session, guard: relied } = granted;
    requireAddressesGiven(granted, old.addresses);
    const { guard: standing, ...owner } = await readOwner(context, actor, old.principal);
    // What was given before its principal was disabled is of no use any more, and makes nothing that is.
    if (owner.epoch !== old.epoch) throw stateError(`whose ${id} is was disabled or removed`);
    const guards = await guard(old);
    const ancestors = await ancestorsOf(context, old, parent);
    const item: TokenItem = {
      ...toTokenItem(
        to,
        text,
        { ...old, expiresInSeconds: Math.min(wanted, longest) },
        {
          ...owner,
          now: at,
          createdBy: actorName(actor),
          organization: context.organization,
          parent,
          rotatedFrom: id,
          session,
        },
      ),
      ...(ancestors.length === 0 ? {} : { ancestors: ancestors.map((one) => one.id) }),
    };
    const before = ended(old, { to, at, overlapSeconds });
    const places = [
      ...(parent === undefined ? [] : [create(TokenChildItem, { parent, id: to })]),
      ...ancestors.map((one) =>
        create(TokenChildItem, { parent: one.id, id: to, expiresAt: forgottenAt(context, one) }),
      ),
    ];
    const writes = [
      create(TokenItem, item),
      create(TokenListItem, { id: to }),
      ...places,
      before.write,
      // A token that rotates itself is written, which relies on the same.
      ...(parent === id ? [] : relied),
      standing,
      ...guards,
    ];
    await commitRecorded(context, actor, writes, {
      action: "token.rotate",
      target: id,
      changes: [{ path: "expiresAt", before: old.expiresAt, after: before.item.expiresAt }],
      detail: { name: item.name, principal: item.principal.id, scopes: item.scopes, to, expiresAt: item.expiresAt },
    });
  });
  return showSecret(context, to, text);
}

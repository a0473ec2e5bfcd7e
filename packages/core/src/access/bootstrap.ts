import { newId } from "@cadastre/contract/ids";
import { create, replace, type Stored, type Write } from "@cadastre/store/table";
import { commitRecorded } from "../audit/commit-recorded.ts";
import { actorName, type Context, systemActor } from "../context.ts";
import { UserItem } from "../directory/items.ts";
import { placeWrites } from "../directory/names.ts";
import { readPrincipal } from "../directory/principals.ts";
import { toUserItem } from "../directory/users.ts";
import { isTaken, retryOnConflict } from "../retry-on-conflict.ts";
import { ADMIN_GRANT, adminRoles, bindingWrites, type NewPrincipal, newRecoveryAccount } from "./admin-grant.ts";
import { BootstrapItem, TokenItem, TokenListItem } from "./items.ts";
import { hashTokenText, idOfTokenText, newTokenText } from "./token-text.ts";
import { toTokenItem } from "./tokens.ts";

/** Given texts are visible ASCII, as a header takes it, and long enough not to be guessed. */
const GIVEN = /^[\x21-\x7e]{16,512}$/;
const ACTOR = systemActor("bootstrap");
const FIRST_SOURCE = "first";
const ADMIN_SOURCE = "admin";
const ADMIN_NAME = "admin";
const FIRST = { name: "first admin", ...ADMIN_GRANT };

export interface Bootstrapped {
  readonly tokenId: string;
  /** The token's text, only when this call made the token: show it now or never. */
  readonly secret?: string;
}

export interface BootstrapOptions {
  /** The token's text; ours is random. */
  readonly secret?: string;
  /** A first token whose text nobody is known to have been shown is revoked, and another one made in its place. */
  readonly untilShown?: boolean;
}

/** The token that was made and, as far as anybody knows, is nobody's. */
async function lostToken({ table }: Context, made: Stored<BootstrapItem>) {
  if (made.shown || made.token === undefined) return undefined;
  const lost = await table.get(TokenItem, { id: made.token }, { consistent: true });
  return lost?.revokedAt === undefined ? lost : undefined;
}

/**
 * Whose an admin token is: the first user's, who is made with the first token, and has no password until it is set up. Where that one is
 * disabled or gone, a service account's of its own.
 */
async function readAdmin(context: Context): Promise<NewPrincipal> {
  const made = await context.table.get(BootstrapItem, { source: ADMIN_SOURCE }, { consistent: true });
  const now = context.now();
  if (made?.user !== undefined) {
    const principal = { type: "user", id: made.user } as const;
    const stored = await readPrincipal(context, principal);
    if (stored && !stored.disabled) return { principal, epoch: stored.epoch, writes: [] };
    return newRecoveryAccount(context, actorName(ACTOR));
  }
  const id = newId("user", now);
  const item = toUserItem(id, { userName: ADMIN_NAME }, { now, createdBy: actorName(ACTOR) });
  const principal = { type: "user", id } as const;
  const place = placeWrites({ ...principal, organization: context.organization }, ADMIN_NAME);
  const roles = adminRoles(now);
  const writes = [
    ...place,
    create(UserItem, { ...item, roles }),
    ...bindingWrites(principal, roles, { at: now, createdBy: actorName(ACTOR) }),
    create(BootstrapItem, { source: ADMIN_SOURCE, user: id }),
  ];
  return { principal, epoch: item.epoch, writes };
}

/**
 * Makes the first admin token, once: a repeat, also at the same time, answers the id of the one that was made, also when it
 * was revoked. With `secret` (16 to 512 visible ASCII characters; throws RangeError otherwise) the token has that text, and
 * each different text makes a token of its own. Writes the token, its place in the list, the marker and one audit record; the first time the
 * user whose it is, too, and with `untilShown` the end of the one that was lost.
 */
export async function bootstrapAdminToken(
  context: Context,
  { secret, untilShown = false }: BootstrapOptions = {},
): Promise<Bootstrapped> {
  if (secret !== undefined && !GIVEN.test(secret)) {
    throw new RangeError("a given admin token must have 16 to 512 visible ASCII characters without spaces");
  }
  const source = secret === undefined ? FIRST_SOURCE : `given#${hashTokenText(secret)}`;
  return retryOnConflict(async () => {
    const made = await context.table.get(BootstrapItem, { source }, { consistent: true });
    const lost = made && untilShown ? await lostToken(context, made) : undefined;
    if (made?.token !== undefined && !lost) return { tokenId: made.token };
    const { principal, epoch, writes } = await readAdmin(context);
    const now = context.now();
    const id = (secret === undefined ? undefined : idOfTokenText(secret)) ?? newId("token", now);
    const text = secret ?? newTokenText(id);
    const { organization } = context;
    const item = toTokenItem(id, text, FIRST, { now, createdBy: actorName(ACTOR), organization, principal, epoch });
    const marker = { source, token: id };
    try {
      await commitRecorded(
        context,
        ACTOR,
        [
          create(TokenItem, item),
          create(TokenListItem, { id }),
          made ? replace(BootstrapItem, marker, made.version) : create(BootstrapItem, marker),
          ...(lost ? [endOf(lost, now)] : []),
          ...writes,
        ],
        {
          action: "token.create",
          target: id,
          detail: {
            name: item.name,
            principal: principal.id,
            scopes: item.scopes,
            ...(lost ? { insteadOf: lost.id } : {}),
          },
        },
      );
    } catch (error) {
      // The given text has our form and its token is stored: it was printed by an earlier run, or made by the API.
      if (isTaken(error, 0) && !isTaken(error, 2)) return { tokenId: id };
      throw error;
    }
    return { tokenId: id, secret: text };
  });
}

function endOf({ version, ...item }: Stored<TokenItem>, now: Date): Write {
  return replace(TokenItem, { ...item, revokedAt: now.toISOString(), revokedBy: actorName(ACTOR) }, version);
}

/** Notes that the text of the first token was shown: it is never made again. Repeated it changes nothing. */
export async function markFirstTokenShown(context: Context): Promise<void> {
  await retryOnConflict(async () => {
    const made = await context.table.get(BootstrapItem, { source: FIRST_SOURCE }, { consistent: true });
    if (!made || made.shown) return;
    const { version, ...item } = made;
    await context.table.commit([replace(BootstrapItem, { ...item, shown: true }, version)]);
  });
}

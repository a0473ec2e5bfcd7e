import { ProblemError } from "@cadastre/contract/errors";
import { type Identity, identity, type NewIdentity } from "@cadastre/contract/identity-provider";
import { newId } from "@cadastre/contract/ids";
import { check, create, remove, type Stored, type Write } from "@cadastre/store/table";
import { guardSystemAdmins } from "../../access/system-admins.ts";
import { commitRecorded } from "../../audit/commit-recorded.ts";
import { type Actor, actorName, type Context } from "../../context.ts";
import { UserItem } from "../../directory/items.ts";
import { retryOnConflict } from "../../retry-on-conflict.ts";
import { readUser } from "../login-epoch.ts";
import { requireStandsFor } from "../stands-for.ts";
import { IdentityItem, identitiesPartition, type Subject, UserIdentityItem } from "./items.ts";
import { requireProvider } from "./providers.ts";

/** All of a user are removed in one commit. */
const MOST_IDENTITIES = 5;

/** A user's identities, oldest first. One strongly consistent query. */
async function readIdentities(
  { table }: Pick<Context, "table">,
  user: string,
): Promise<readonly Stored<UserIdentityItem>[]> {
  const query = { partition: identitiesPartition(user), limit: MOST_IDENTITIES + 2, consistent: true };
  return (await table.query(UserIdentityItem, query)).items;
}

/** As whom providers know a user. Throws 404 `user.not_found`. */
export async function listIdentities(context: Context, user: string): Promise<{ readonly items: Identity[] }> {
  await readUser(context, user);
  return { items: (await readIdentities(context, user)).map((one) => identity.parse(one)) };
}

/** The writes that give a user an identity; the first is refused as "exists" where somebody has it. */
export function identityWrites(
  { now }: Pick<Context, "now">,
  {
    user,
    id,
    issuer,
    subject,
    createdBy,
  }: Subject & { readonly user: string; readonly id: string; readonly createdBy: string },
): [Write, Write] {
  return [
    create(IdentityItem, { issuer, subject, user, id }),
    create(UserIdentityItem, { user, id, issuer, subject, groups: [], createdAt: now().toISOString(), createdBy }),
  ];
}

export interface Link extends Subject {
  readonly user: string;
  /** What belongs into the same commit. */
  readonly also?: readonly Write[];
  /** The user in each attempt; who may not give it an identity is refused there. */
  readonly readFor?: (user: string) => Promise<Stored<UserItem>>;
}

/**
 * Gives a user an identity; one that it has stays as it is. Throws 404 `user.not_found`, 409 `identity.taken` when another user has it, and
 * `identity.too_many`. Writes it twice, by what it is and in the user's list, and one audit record.
 */
export async function addIdentity(
  context: Context,
  actor: Actor,
  { user, issuer, subject, also = [], readFor = (one) => readUser(context, one) }: Link,
): Promise<Identity> {
  const { table } = context;
  const id = newId("identity", context.now());
  return retryOnConflict(async () => {
    const { version } = await readFor(user);
    const [held, all] = await Promise.all([
      table.get(IdentityItem, { issuer, subject }, { consistent: true }),
      readIdentities(context, user),
    ]);
    if (held !== undefined && held.user !== user)
      throw new ProblemError("identity.taken", "another user logs in by this identity: take it from that one first");
    const has = all.find((one) => one.id === held?.id);
    if (!has && all.length >= MOST_IDENTITIES) throw new ProblemError("identity.too_many");
    const writes = has ? [] : identityWrites(context, { user, id, issuer, subject, createdBy: actorName(actor) });
    if (writes.length + also.length > 0) {
      const detail = { identity: has?.id ?? id, issuer, subject };
      // At the user's version: one that is removed meanwhile leaves no identity behind.
      const guarded = [...writes, check(UserItem, { id: user }, version), ...also];
      await commitRecorded(context, actor, guarded, { action: "identity.link", target: user, detail });
    }
    const after = await readIdentities(context, user);
    return identity.parse(after.find((one) => one.id === (has?.id ?? id)));
  });
}

/**
 * Says that a user is known as a subject at a provider of the organization: an admin's word. Whose identity it is logs in as the user, so it
 * is for who may do all that the user may: 403 `access.exceeds`. Throws 404 `identity-provider.not_found`, and what `addIdentity` throws.
 */
export async function linkIdentity(
  context: Context,
  actor: Actor,
  user: string,
  { provider, subject }: NewIdentity,
): Promise<Identity> {
  const readFor = (one: string) => requireStandsFor(context, actor, one);
  // Who may not is told so before it is told of providers.
  await readFor(user);
  const { issuer } = await requireProvider(context, provider);
  return addIdentity(context, actor, { user, issuer, subject, readFor });
}

/**
 * Takes an identity from a user, who may have no other way in. Throws 404 `user.not_found`, `identity.not_found`, 403 `access.exceeds`. Writes its
 * two ends and one audit record.
 */
export async function unlinkIdentity(
  context: Context,
  actor: Actor,
  { user, identity: id }: { readonly user: string; readonly identity: string },
): Promise<void> {
  await retryOnConflict(async () => {
    const { groups, roles, version: standing } = await readUser(context, user);
    await guardSystemAdmins(context, actor)({ groups, roles });
    const found = await context.table.get(UserIdentityItem, { user, id }, { consistent: true });
    if (!found) throw new ProblemError("identity.not_found");
    const { issuer, subject, version } = found;
    const ends = [remove(UserIdentityItem, found, version), remove(IdentityItem, found)];
    const writes = [...ends, check(UserItem, { id: user }, standing)];
    const detail = { identity: id, issuer, subject };
    await commitRecorded(context, actor, writes, { action: "identity.unlink", target: user, detail });
  });
}

/** The writes that take all identities from a user, for the commit that removes the user. */
export async function forgetIdentityWrites(context: Pick<Context, "table">, user: string): Promise<Write[]> {
  const all = await readIdentities(context, user);
  return all.flatMap((one) => [remove(UserIdentityItem, one), remove(IdentityItem, one)]);
}

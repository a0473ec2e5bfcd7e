import { newId } from "@cadastre/contract/ids";
import { type NewUser, type User, type UserPatch, user } from "@cadastre/contract/user";
import { create, type Stored, type Write } from "@cadastre/store/table";
import { changesBetween } from "../changes.ts";
import { type Actor, actorName, type Context } from "../context.ts";
import type { Listed, ListOptions } from "../lists.ts";
import { retryOnConflict } from "../retry-on-conflict.ts";
import { UserItem } from "./items.ts";
import { commitNamed, listNamed } from "./named.ts";
import { placeWrites } from "./names.ts";
import { type Changing, patchPrincipal, requirePrincipal, standingChange } from "./principals.ts";

const viewIn =
  ({ organization }: Context) =>
  (stored: Stored<UserItem>): User =>
    user.parse({ ...stored, organization });

/** The stored form of a new user, who has no role. */
export function toUserItem(
  id: string,
  input: Pick<NewUser, "userName" | "displayName" | "email">,
  { now, createdBy }: { readonly now: Date; readonly createdBy: string },
): UserItem {
  const at = now.toISOString();
  return { ...input, id, disabled: false, epoch: 0, groups: [], roles: [], createdAt: at, createdBy, updatedAt: at };
}

/**
 * Makes a user of the context's organization, who may do nothing until a role is bound to it. Throws 409 `user.name_taken`; case and form
 * of letters make no other name. `also` is what belongs into the same commit, such as a password, `detail` what its record has beside. Writes it, its name, its place in the list, and one audit record.
 */
export async function createUser(
  context: Context,
  actor: Actor,
  { organization: _, password: __, ...input }: NewUser,
  {
    also = async () => [],
    detail,
  }: {
    readonly also?: (id: string) => Promise<readonly Write[]>;
    readonly detail?: Readonly<Record<string, unknown>>;
  } = {},
): Promise<User> {
  const now = context.now();
  const id = newId("user", now);
  const item = toUserItem(id, input, { now, createdBy: actorName(actor) });
  const place = { type: "user", id, organization: context.organization } as const;
  const more = await also(id);
  await retryOnConflict(async () => {
    const writes = [...placeWrites(place, input.userName), create(UserItem, item), ...more];
    const changes = changesBetween(undefined, input);
    const entry = { action: "user.create", target: id, changes, ...(detail === undefined ? {} : { detail }) } as const;
    await commitNamed(context, actor, { type: "user", name: input.userName }, writes, entry);
  });
  return getUser(context, id);
}

/** One user. Throws 404 `user.not_found`. */
export async function getUser(context: Context, id: string): Promise<User> {
  return user.parse({ ...(await requirePrincipal(context, { type: "user", id })), organization: context.organization });
}

/** Users, oldest first, or the one that has a name. Throws 422 `cursor.invalid`. */
export function listUsers(
  context: Context,
  { userName, ...options }: ListOptions & { readonly userName?: string | undefined },
): Promise<Listed<User>> {
  const of = { type: "user", entity: UserItem, toView: viewIn(context) } as const;
  return listNamed(context, of, { ...options, name: userName });
}

/** What a patch makes of a user: null takes a member away. */
function patched(stored: UserItem, { displayName, email, userName, disabled }: UserPatch): UserItem {
  const { displayName: oldName, email: oldEmail, ...rest } = stored;
  const name = displayName === undefined ? oldName : (displayName ?? undefined);
  const address = email === undefined ? oldEmail : (email ?? undefined);
  return {
    ...rest,
    ...(userName === undefined ? {} : { userName }),
    ...(name === undefined ? {} : { displayName: name }),
    ...(address === undefined ? {} : { email: address }),
    ...standingChange(stored, disabled),
  };
}

/**
 * Changes a user; what changes nothing writes nothing. Disabling ends all that was given to it, tokens and sessions alike, in this
 * commit, and for good. Throws 404 `user.not_found`, 409 `user.name_taken`, 412 `request.precondition_failed` when it does not have
 * the version that was seen. Writes it, its name where that changes, and one audit record.
 */
export async function patchUser(
  context: Context,
  actor: Actor,
  id: string,
  patch: UserPatch,
  seen: Changing,
): Promise<User> {
  await patchPrincipal<UserItem>(context, actor, { type: "user", id }, (stored) => patched(stored, patch), seen);
  return getUser(context, id);
}

import { ProblemError } from "@cadastre/contract/errors";
import { newId } from "@cadastre/contract/ids";
import { create, type Stored, type Write } from "@cadastre/store/table";
import { guardSystemAdmins } from "../access/system-admins.ts";
import { contentChanges } from "../changes.ts";
import { actorName } from "../context.ts";
import { UserItem } from "../directory/items.ts";
import { commitNamed } from "../directory/named.ts";
import { placeWrites, renameWrites } from "../directory/names.ts";
import { deletePrincipal, principalWrite, standingChange } from "../directory/principals.ts";
import { toUserItem } from "../directory/users.ts";
import { forgetLoginWrites } from "../login/factors.ts";
import { retryOnConflict } from "../retry-on-conflict.ts";
import type { Values } from "./attribute.ts";
import { type Expected, etagOf, requireMatch } from "./etag.ts";
import { ScimResourceItem } from "./items.ts";
import { passwordWrites } from "./passwords.ts";
import { applyPatch, readOperations } from "./patch.ts";
import { readResource } from "./read-resource.ts";
import { changeResource, openPiece, placeResource, unplaceResource } from "./resource-writes.ts";
import { USERS } from "./schemas.ts";
import type { Service } from "./service.ts";
import { toKept, toKnown, toSaid } from "./user-values.ts";

const TYPE = "User" as const;

/** A user of the source: what it says of it, and the directory's item. */
export interface ScimUser {
  readonly item: Stored<ScimResourceItem>;
  readonly user: Stored<UserItem>;
}

/** One user. What another source or nobody has is not there. Throws 404 `scim.not_found`. */
async function requireUser({ context: { table }, source }: Service, id: string): Promise<ScimUser> {
  const [item, user] = await Promise.all([
    table.get(ScimResourceItem, { id }, { consistent: true }),
    table.get(UserItem, { id }, { consistent: true }),
  ]);
  if (item?.source !== source || item.type !== TYPE || !user)
    throw new ProblemError("scim.not_found", `there is no user ${JSON.stringify(id.slice(0, 60))}`);
  return { item, user };
}

/** What is taken is told in SCIM's words. */
async function named(userName: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof ProblemError) || error.code !== "user.name_taken") throw error;
    throw new ProblemError("scim.uniqueness", `userName: another user has ${JSON.stringify(userName)}`, {
      cause: error,
    });
  }
}

/**
 * Makes a user, whom no role is bound to, with the password that `passwordWrites` keeps. Throws `scim.uniqueness` when any user of the
 * organization has the name, whatever its case, and what `readResource` throws. Writes the directory's items, the source's, and one audit record.
 */
export async function createUser(service: Service, body: unknown, id = newUserId(service)): Promise<string> {
  const { context, actor, source } = service;
  const values = { active: true, ...readResource(USERS, body) };
  const known = toKnown(values);
  const now = context.now();
  const at = now.toISOString();
  const user: UserItem = {
    ...toUserItem(id, known, { now, createdBy: actorName(actor) }),
    disabled: values.active === false,
  };
  const kept = toKept(values);
  const changes = contentChanges({}, toSaid({ values: kept }, user));
  const { organization } = context;
  const password = await passwordWrites(service, user, (values as Values).password);
  const detail = { source, ...(password.length === 0 ? {} : { passwordSet: true }) };
  const entry = { action: "user.create", target: id, changes, detail } as const;
  await named(known.userName, () =>
    retryOnConflict(async () => {
      const piece = await openPiece(context, { source, type: TYPE });
      const writes = [
        ...placeWrites({ type: "user", id, organization }, known.userName),
        create(UserItem, user),
        ...password,
        ...placeResource({ id, source, type: TYPE, piece, values: kept, createdAt: at, updatedAt: at }),
      ];
      await commitNamed(context, actor, { type: "user", name: known.userName }, writes, entry);
    }),
  );
  return id;
}

export const newUserId = ({ context }: Service): string => newId("user", context.now());

/** The directory's item with what a source says: nothing that it does not say any more. */
function toUser({ version: _, displayName: __, email: ___, ...user }: Stored<UserItem>, values: Values): UserItem {
  const isActive = values.active !== false;
  return { ...user, ...toKnown(values), ...standingChange(user, !isActive) };
}

/** Changes a user into what `next` makes of what is said of it now; what changes nothing writes nothing. */
async function changeUser(
  service: Service,
  id: string,
  { ifMatch }: Expected,
  next: (said: Values) => Values,
): Promise<void> {
  const { context, actor } = service;
  await retryOnConflict(async () => {
    const { item, user } = await requireUser(service, id);
    requireMatch({ ifMatch }, etagOf(item.version, user.version));
    const before = toSaid(item, user);
    const values = next(before);
    await guardSystemAdmins(context, actor)(user);
    const said = toUser(user, values);
    const password = await passwordWrites(service, said, values.password);
    // Another password ends what was begun with the one before.
    const after = password.length === 0 ? said : { ...said, loginEpoch: (said.loginEpoch ?? 0) + 1 };
    const kept = toKept(values);
    const changes = contentChanges(before, toSaid({ values: kept }, after));
    if (changes.length === 0 && password.length === 0) return;
    const at = context.now().toISOString();
    const { organization } = context;
    const writes: Write[] = [
      ...renameWrites({ type: "user", id, organization }, user.userName, after.userName),
      principalWrite({ ...after, version: user.version }, { updatedAt: at }),
      ...changeResource(item, kept, at),
      ...password,
    ];
    await named(after.userName, () =>
      commitNamed(context, actor, { type: "user", name: after.userName }, writes, {
        action: "user.patch",
        target: id,
        changes,
        detail: { source: item.source, ...(password.length === 0 ? {} : { passwordSet: true }) },
      }),
    );
  });
}

/**
 * Puts all that a source says of a user in the place of what it said (PUT); whether it is active stays when nothing is said of it.
 * Disabling ends its sessions and tokens in this commit, and for good. Throws as `createUser`, 404 `scim.not_found`, 412
 * `scim.precondition_failed`. Writes the directory's item, the source's, and one audit record.
 */
export async function replaceUser(service: Service, id: string, body: unknown, expected: Expected): Promise<void> {
  const values = readResource(USERS, body);
  await changeUser(service, id, expected, ({ active }) => ({ ...(active === undefined ? {} : { active }), ...values }));
}

/** Changes a user by the operations of a PATCH, all or none. Throws as `applyPatch` and `replaceUser`, and writes as that. */
export async function patchUser(service: Service, id: string, body: unknown, expected: Expected): Promise<void> {
  const operations = readOperations(body);
  await changeUser(service, id, expected, (said) => applyPatch(USERS, said, operations));
}

/** Removes a user with all that it had. Throws 404 `scim.not_found`, 412 `scim.precondition_failed`. Writes the ends, and one audit record. */
export async function deleteUser(service: Service, id: string, expected: Expected): Promise<void> {
  const { context, actor } = service;
  const { item, user } = await requireUser(service, id);
  requireMatch(expected, etagOf(item.version, user.version));
  await deletePrincipal(
    context,
    actor,
    { type: "user", id },
    {
      mayChange: guardSystemAdmins(context, actor),
      also: async () => [
        ...(await forgetLoginWrites(context, id)),
        ...unplaceResource((await requireUser(service, id)).item),
      ],
    },
  );
}

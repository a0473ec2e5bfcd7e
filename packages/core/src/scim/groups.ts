import { ProblemError } from "@cadastre/contract/errors";
import { newGroup } from "@cadastre/contract/group";
import { newId } from "@cadastre/contract/ids";
import { check, create, replace, type Stored, type Write } from "@cadastre/store/table";
import { guardSystemAdmins } from "../access/system-admins.ts";
import { commitRecorded } from "../audit/commit-recorded.ts";
import { changesBetween } from "../changes.ts";
import { actorName } from "../context.ts";
import { deleteGroup as deleteDirectoryGroup } from "../directory/groups.ts";
import { GroupItem } from "../directory/items.ts";
import { commitNamed } from "../directory/named.ts";
import { placeWrites, renameWrites } from "../directory/names.ts";
import { retryOnConflict } from "../retry-on-conflict.ts";
import type { Values } from "./attribute.ts";
import { type Expected, etagOf, requireMatch } from "./etag.ts";
import {
  countOf,
  idsOf,
  inParts,
  type MemberChanges,
  memberChanges,
  memberIds,
  membersConcerned,
  memberWrites,
  ownUsers,
  requireOwn,
} from "./group-members.ts";
import { ScimResourceItem } from "./items.ts";
import { applyPatch, readOperations } from "./patch.ts";
import { readResource } from "./read-resource.ts";
import { invalidValue } from "./read-value.ts";
import { changeResource, openPiece, placeResource, unplaceResource } from "./resource-writes.ts";
import { GROUP_SCHEMA, GROUPS } from "./schemas.ts";
import type { Service } from "./service.ts";

const TYPE = "Group" as const;

/** A group of the source: what it says of it, and the directory's item. */
export interface ScimGroup {
  readonly item: Stored<ScimResourceItem>;
  readonly group: Stored<GroupItem>;
}

/** One group. What another source or nobody has is not there. Throws 404 `scim.not_found`. */
async function requireGroup({ context: { table }, source }: Service, id: string): Promise<ScimGroup> {
  const [item, group] = await Promise.all([
    table.get(ScimResourceItem, { id }, { consistent: true }),
    table.get(GroupItem, { id }, { consistent: true }),
  ]);
  if (item?.source !== source || item.type !== TYPE || !group) {
    throw new ProblemError("scim.not_found", `there is no group ${JSON.stringify(id.slice(0, 60))}`);
  }
  return { item, group };
}

/** A member as it is shown, by the name that people know it by. */
export interface Member {
  readonly id: string;
  readonly display?: string | undefined;
}

/** A group as SCIM shows it, with its members when they are given. */
export function toGroupResource(base: string, { item, group }: ScimGroup, members?: readonly Member[]): Values {
  return {
    ...(item.values as Values),
    schemas: [GROUP_SCHEMA],
    id: item.id,
    displayName: group.name,
    ...(members === undefined || members.length === 0
      ? {}
      : {
          members: members.map(({ id, display }) => ({
            value: id,
            $ref: `${base}/Users/${id}`,
            ...(display === undefined ? {} : { display }),
            type: "User",
          })),
        }),
    meta: {
      resourceType: TYPE,
      created: item.createdAt,
      lastModified: item.updatedAt > group.updatedAt ? item.updatedAt : group.updatedAt,
      location: `${base}/Groups/${item.id}`,
      version: etagOf(item.version, group.version),
    },
  };
}

/** What is taken is told in SCIM's words. */
async function named(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof ProblemError) || error.code !== "group.name_taken") throw error;
    throw new ProblemError("scim.uniqueness", "displayName: another group has it", { cause: error });
  }
}

function nameOf({ displayName }: Values): string {
  const read = newGroup.shape.name.safeParse(displayName);
  if (read.success) return read.data;
  throw invalidValue("displayName", read.error.issues[0]?.message ?? "is no name");
}

/** What is kept beside the directory's item. */
const toKept = ({ displayName: _, members: __, ...values }: Values): Values => values;

/** Puts members in and takes others out, each part in a commit with its record; done again, it goes on where it stopped. */
async function changeInParts(service: Service, id: string, parts: readonly MemberChanges[]): Promise<void> {
  const { context, actor, source } = service;
  for (const part of parts) {
    await retryOnConflict(async () => {
      const { group } = await requireGroup(service, id);
      await guardSystemAdmins(context, actor)(group);
      const writes = await memberWrites(service, id, part);
      if (writes.length === 0) return;
      const guard = check(GroupItem, { id }, group.version);
      await commitRecorded(context, actor, [guard, ...writes], {
        action: "group.patch",
        target: id,
        detail: { source, ...part },
      });
    });
  }
}

export const newGroupId = ({ context }: Service): string => newId("group", context.now());

/**
 * Makes a group, to which no role is bound. Throws `scim.uniqueness` when any group of the organization has the name,
 * `scim.invalid_value` for a member that the source does not have, and what `readResource` throws. Writes the directory's items, the
 * source's, up to 35 members and one audit record; further members in further commits of 40, each with its record.
 */
export async function createGroup(service: Service, body: unknown, id = newGroupId(service)): Promise<string> {
  const { context, actor, source } = service;
  const values = readResource(GROUPS, body);
  const name = nameOf(values);
  const members = idsOf(values.members);
  await requireOwn(service, members);
  const [first = { added: [], removed: [] }, ...rest] = inParts({ added: members, removed: [] });
  const now = context.now();
  const at = now.toISOString();
  const kept = toKept(values);
  const group: GroupItem = { id, name, roles: [], createdAt: at, createdBy: actorName(actor), updatedAt: at };
  const entry = {
    action: "group.create",
    target: id,
    changes: changesBetween({}, { name, ...kept }),
    detail: { source, added: first.added },
  } as const;
  await named(() =>
    retryOnConflict(async () => {
      const piece = await openPiece(context, { source, type: TYPE });
      const writes = [
        ...placeWrites({ type: "group", id, organization: context.organization }, name),
        create(GroupItem, group),
        ...placeResource({ id, source, type: TYPE, piece, values: kept, createdAt: at, updatedAt: at }),
        ...(await memberWrites(service, id, first)),
      ];
      await commitNamed(context, actor, { type: "group", name }, writes, entry);
    }),
  );
  await changeInParts(service, id, rest);
  return id;
}

/** Of the members that matter those that are in the group now. */
async function presentMembers(
  service: Service,
  id: string,
  concerned: readonly string[] | undefined,
): Promise<readonly string[]> {
  if (concerned === undefined) return memberIds(service, id);
  const own = await ownUsers(service, concerned);
  return concerned.filter((one) => own.get(one)?.groups.includes(id));
}

interface GroupChange {
  /** Members that must be known; undefined for all of them. */
  readonly concerned: readonly string[] | undefined;
  readonly next: (said: Values) => Values;
}

/** Changes a group into what `next` makes of what is said of it now; what changes nothing writes nothing. */
async function changeGroup(
  service: Service,
  id: string,
  { ifMatch }: Expected,
  { concerned, next }: GroupChange,
): Promise<void> {
  const { context, actor, source } = service;
  let isFirst = true;
  await retryOnConflict(async () => {
    const { item, group } = await requireGroup(service, id);
    await guardSystemAdmins(context, actor)(group);
    // What was done in parts before is no change by others.
    if (isFirst) requireMatch({ ifMatch }, etagOf(item.version, group.version));
    const present = await presentMembers(service, id, concerned);
    const members = present.length === 0 ? {} : { members: present.map((value) => ({ value })) };
    const values = next({ ...(item.values as Values), displayName: group.name, ...members });
    const [name, kept] = [nameOf(values), toKept(values)];
    const changed = memberChanges(present, idsOf(values.members));
    await requireOwn(service, changed.added);
    const changes = changesBetween({ name: group.name, ...item.values }, { name, ...kept });
    if (changes.length === 0 && countOf(changed) === 0) return;
    const parts = inParts(changed);
    await changeInParts(service, id, parts.slice(0, -1));
    isFirst = parts.length === 1;
    const at = context.now().toISOString();
    const isRenamed = name !== group.name;
    const { version, ...before } = group;
    const writes: Write[] = [
      ...renameWrites({ type: "group", id, organization: context.organization }, group.name, name),
      isRenamed ? replace(GroupItem, { ...before, name, updatedAt: at }, version) : check(GroupItem, { id }, version),
      ...changeResource(item, kept, at),
      ...(await memberWrites(service, id, parts.at(-1) ?? changed)),
    ];
    await named(() =>
      commitNamed(context, actor, { type: "group", name }, writes, {
        action: "group.patch",
        target: id,
        changes,
        detail: { source, ...(parts.at(-1) ?? changed) },
      }),
    );
  });
}

/**
 * Puts all that a source says of a group in the place of what it said (PUT), members as well. Throws as `createGroup`, 404
 * `scim.not_found`, 412 `scim.precondition_failed`. Writes the directory's item, the source's, up to 40 members and one audit record; of more
 * members the first in commits before, of 40 each with its record.
 */
export async function replaceGroup(service: Service, id: string, body: unknown, expected: Expected): Promise<void> {
  const values = readResource(GROUPS, body);
  await changeGroup(service, id, expected, { concerned: undefined, next: () => values });
}

/** Changes a group by the operations of a PATCH. Throws as `applyPatch` and `replaceGroup`, and writes as that. */
export async function patchGroup(service: Service, id: string, body: unknown, expected: Expected): Promise<void> {
  const operations = readOperations(body);
  const concerned = membersConcerned(operations);
  await changeGroup(service, id, expected, { concerned, next: (said) => applyPatch(GROUPS, said, operations) });
}

/** Removes a group; its members stay. Throws 404 `scim.not_found`, 412 `scim.precondition_failed`. Writes the ends, a job's run that clears the memberships away, and one audit record. */
export async function deleteGroup(service: Service, id: string, expected: Expected): Promise<void> {
  const { item, group } = await requireGroup(service, id);
  requireMatch(expected, etagOf(item.version, group.version));
  const mayChange = guardSystemAdmins(service.context, service.actor);
  await deleteDirectoryGroup(service.context, service.actor, id, { mayChange }, async () =>
    unplaceResource((await requireGroup(service, id)).item),
  );
}

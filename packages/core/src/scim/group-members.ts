import { ProblemError } from "@cadastre/contract/errors";
import { create, remove, type Stored, type Write } from "@cadastre/store/table";
import { guardSystemAdmins } from "../access/system-admins.ts";
import { MOST_GROUPS } from "../directory/group-members.ts";
import { GroupMemberItem, UserItem } from "../directory/items.ts";
import { principalWrite } from "../directory/principals.ts";
import { fold, type Value, type Values } from "./attribute.ts";
import type { Filter } from "./filter/filter.ts";
import { parsePatchPath } from "./filter/parse.ts";
import { ScimResourceItem } from "./items.ts";
import type { Operation } from "./patch.ts";
import { placeOf } from "./place.ts";
import { invalidValue, isUnassigned, readValue } from "./read-value.ts";
import { GROUPS } from "./schemas.ts";
import type { Service } from "./service.ts";

/** Members that one commit puts in or takes out: two writes each. */
const MOST_MEMBERS_AT_ONCE = 40;
const READ_AT_ONCE = 500;

/** Of some users those that the source has, with their items. */
export async function ownUsers(
  { context: { table }, source }: Service,
  ids: readonly string[],
): Promise<Map<string, Stored<UserItem>>> {
  const keys = ids.map((id) => ({ id }));
  const [items, users] = await Promise.all([
    table.getMany(ScimResourceItem, keys, { consistent: true }),
    table.getMany(UserItem, keys, { consistent: true }),
  ]);
  const own = users.filter((user, at) => user && items[at]?.source === source);
  return new Map(own.flatMap((user) => (user ? [[user.id, user] as const] : [])));
}

/** The members of a group that the source has; who else is in it is not its concern. */
export async function memberIds(service: Service, group: string): Promise<readonly string[]> {
  const { table } = service.context;
  const found: string[] = [];
  let cursor: string | undefined;
  do {
    const query = { partition: `group#${group}`, sort: { beginsWith: "member#" }, cursor, consistent: true };
    const page = await table.query(GroupMemberItem, { ...query, limit: READ_AT_ONCE });
    const ids = page.items.filter(({ principal }) => principal.type === "user").map(({ principal }) => principal.id);
    const own = await table.getMany(
      ScimResourceItem,
      ids.map((id) => ({ id })),
      { consistent: true },
    );
    found.push(...ids.filter((_, at) => own[at]?.source === service.source));
    cursor = page.cursor;
  } while (cursor !== undefined);
  return found;
}

/** Of a larger group the members are not answered unless they are asked for. */
const MANY = 200;

/** Whether a group is too large to be answered with all of its members unasked. */
export async function hasManyMembers({ context: { table } }: Service, group: string): Promise<boolean> {
  const query = { partition: `group#${group}`, sort: { beginsWith: "member#" }, limit: MANY + 1, consistent: true };
  return (await table.query(GroupMemberItem, query)).items.length > MANY;
}

/** The ids of members as a value has them. Throws `scim.invalid_value` for a member without an id, and for a group. */
export function idsOf(members: Value | undefined): readonly string[] {
  return ((members ?? []) as readonly Values[]).map(({ value, type }, at) => {
    const isNamedGroup = typeof value === "string" && value.startsWith("grp_");
    const isGroup = typeof type === "string" && fold(type) === "group";
    if (isGroup || isNamedGroup)
      throw invalidValue(`members[${at}]`, "is a group, and groups are not nested: name its members");
    if (typeof value !== "string") throw invalidValue(`members[${at}].value`, "is required");
    return value;
  });
}

/** The member that a filter names by its id alone. */
function namedBy(filter: Filter): string | undefined {
  const isId = filter.kind === "compare" && filter.operator === "eq" && fold(filter.path.name) === "value";
  return isId && typeof filter.value === "string" ? filter.value : undefined;
}

/** Whom an operation at a path can concern; undefined for all members. */
function concerned({ op, value }: Operation, text: string): readonly string[] | undefined {
  const { path, filter, sub } = parsePatchPath(text);
  const { attribute } = placeOf(GROUPS, path) ?? {};
  if (attribute?.name !== "members") return [];
  if (path.sub !== undefined || sub !== undefined || op === "replace") return undefined;
  if (filter) {
    const id = namedBy(filter);
    return id === undefined ? undefined : [id];
  }
  return op === "remove" && isUnassigned(value) ? undefined : idsOf(readValue(attribute, value, text));
}

/** The members that must be known to do operations; undefined for all of them. A group of any size takes one more without reading the others. */
export function membersConcerned(operations: readonly Operation[]): readonly string[] | undefined {
  const all = operations.flatMap((operation) => {
    const { op, path, value } = operation;
    if (path !== undefined) return [concerned(operation, path)];
    const named = Object.entries((value ?? {}) as object);
    return named.map(([text, member]) => (fold(text) === "schemas" ? [] : concerned({ op, value: member }, text)));
  });
  return all.includes(undefined) ? undefined : [...new Set(all.flatMap((ids) => ids ?? []))];
}

/** Who comes into a group, and who leaves it. */
export interface MemberChanges {
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

export function memberChanges(before: readonly string[], after: readonly string[]): MemberChanges {
  const [was, is] = [new Set(before), new Set(after)];
  return { added: [...is].filter((id) => !was.has(id)), removed: [...was].filter((id) => !is.has(id)) };
}

export const countOf = ({ added, removed }: MemberChanges): number => added.length + removed.length;

/** Changes in parts that each fit in a commit. */
export function inParts({ added, removed }: MemberChanges): readonly MemberChanges[] {
  const all = [...added.map((id) => ({ id, isAdded: true })), ...removed.map((id) => ({ id, isAdded: false }))];
  const parts = Math.max(1, Math.ceil(all.length / MOST_MEMBERS_AT_ONCE));
  return Array.from({ length: parts }, (_, at) => {
    const some = all.slice(at * MOST_MEMBERS_AT_ONCE, (at + 1) * MOST_MEMBERS_AT_ONCE);
    return {
      added: some.filter(({ isAdded }) => isAdded).map(({ id }) => id),
      removed: some.filter(({ isAdded }) => !isAdded).map(({ id }) => id),
    };
  });
}

/** Throws `scim.invalid_value` when the source does not have one of these users. */
export async function requireOwn(service: Service, ids: readonly string[]): Promise<void> {
  const own = await ownUsers(service, ids);
  const at = ids.findIndex((id) => !own.has(id));
  if (at >= 0) throw invalidValue("members", `there is no user ${JSON.stringify(ids[at]?.slice(0, 60))}`);
}

/** What puts members in and takes others out; nothing for who is there, or gone, already. Throws 409 `group.too_many`. */
export async function memberWrites(
  service: Service,
  group: string,
  { added, removed }: MemberChanges,
): Promise<Write[]> {
  const own = await ownUsers(service, [...added, ...removed]);
  await guardSystemAdmins(service.context, service.actor)(...own.values());
  const addedAt = service.context.now().toISOString();
  const joining = added.flatMap((id) => {
    const user = own.get(id);
    if (!user || user.groups.includes(group)) return [];
    if (user.groups.length >= MOST_GROUPS) {
      throw new ProblemError("group.too_many", `${id} is in ${user.groups.length} groups; allowed: ${MOST_GROUPS}`);
    }
    const member = { group, principal: { type: "user", id }, addedAt } as const;
    return [create(GroupMemberItem, member), principalWrite(user, { groups: [...user.groups, group] })];
  });
  const leaving = removed.flatMap((id) => {
    const user = own.get(id);
    if (!user?.groups.includes(group)) return [];
    const groups = user.groups.filter((one) => one !== group);
    return [remove(GroupMemberItem, { group, principal: { id } }), principalWrite(user, { groups })];
  });
  return [...joining, ...leaving];
}

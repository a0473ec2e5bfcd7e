import type { Stored } from "@cadastre/store/table";
import { GroupItem, UserItem } from "../directory/items.ts";
import { inParallel } from "../in-parallel.ts";
import { fold, type ResourceType, type Values } from "./attribute.ts";
import type { Filter } from "./filter/filter.ts";
import { memberIds } from "./group-members.ts";
import { type Member, toGroupResource } from "./groups.ts";
import { ScimResourceItem } from "./items.ts";
import { USERS } from "./schemas.ts";
import { isSelected, type Selection } from "./select.ts";
import type { Service } from "./service.ts";
import { type OfGroup, toUserResource } from "./user-values.ts";

const GROUPS_AT_ONCE = 8;

/** A resource as it is shown when nothing is left out. */
export interface Found {
  readonly type: ResourceType;
  readonly id: string;
  readonly resource: Values;
}

/** Whether a filter speaks of an attribute of the core schema. */
function mentions(filter: Filter | undefined, name: string): boolean {
  if (filter === undefined) return false;
  switch (filter.kind) {
    case "and":
    case "or":
      return filter.filters.some((one) => mentions(one, name));
    case "not":
      return mentions(filter.filter, name);
    default:
      return fold(filter.path.name) === fold(name);
  }
}

/** What of resources is needed: memberships are items of their own, and are read when they are asked for. */
export interface Needs {
  readonly memberships: boolean;
}

/** What an answer, a filter and a sorting need of a type. */
export function needsOf(
  type: ResourceType,
  {
    filter,
    sorting,
    ...selection
  }: Selection & { readonly filter?: Filter; readonly sorting?: { readonly by: string } },
  isShown = true,
): Needs {
  const name = type.id === "User" ? "groups" : "members";
  const isSorted = sorting !== undefined && fold(sorting.by).includes(name);
  return { memberships: isSorted || mentions(filter, name) || (isShown && isSelected(type, selection, name)) };
}

/** The resources of some ids in their order, without those that the source does not have. Strongly consistent. */
export async function load(
  service: Service,
  type: ResourceType,
  ids: readonly string[],
  needs: Needs,
): Promise<readonly Found[]> {
  const { table } = service.context;
  const keys = [...new Set(ids)].map((id) => ({ id }));
  const stored = await table.getMany(ScimResourceItem, keys, { consistent: true });
  const items = stored.flatMap((item) => (item?.source === service.source && item.type === type.id ? [item] : []));
  const found = type === USERS ? await loadUsers(service, items, needs) : await loadGroups(service, items, needs);
  return found.map((resource) => ({ type, id: resource.id as string, resource }));
}

async function loadUsers(
  service: Service,
  items: readonly Stored<ScimResourceItem>[],
  { memberships }: Needs,
): Promise<Values[]> {
  const { table } = service.context;
  const users = await table.getMany(UserItem, items, { consistent: true });
  const groups = memberships ? await groupsOf(service, users) : new Map<string, OfGroup>();
  return items.flatMap((item, at) => {
    const user = users[at];
    if (!user) return [];
    return [
      toUserResource(
        service.base,
        item,
        user,
        user.groups.flatMap((id) => groups.get(id) ?? []),
      ),
    ];
  });
}

/** The groups of some users that the source has. */
async function groupsOf(
  { context: { table }, source }: Service,
  users: readonly (Stored<UserItem> | undefined)[],
): Promise<ReadonlyMap<string, OfGroup>> {
  const ids = [...new Set(users.flatMap((user) => user?.groups ?? []))].map((id) => ({ id }));
  const [items, groups] = await Promise.all([
    table.getMany(ScimResourceItem, ids, { consistent: true }),
    table.getMany(GroupItem, ids, { consistent: true }),
  ]);
  const own = groups.filter((_, at) => items[at]?.source === source);
  return new Map(own.flatMap((group) => (group ? [[group.id, { id: group.id, name: group.name }] as const] : [])));
}

async function loadGroups(
  service: Service,
  items: readonly Stored<ScimResourceItem>[],
  { memberships }: Needs,
): Promise<Values[]> {
  const groups = await service.context.table.getMany(GroupItem, items, { consistent: true });
  const all = items.flatMap((item, at) => {
    const group = groups[at];
    return group ? [{ item, group }] : [];
  });
  return inParallel(all, GROUPS_AT_ONCE, async (one) =>
    toGroupResource(service.base, one, memberships ? await membersOf(service, one.item.id) : undefined),
  );
}

/** The members of a group that the source has, with their names, which may be those of a moment ago. */
async function membersOf(service: Service, group: string): Promise<readonly Member[]> {
  const ids = await memberIds(service, group);
  const users = await service.context.table.getMany(
    UserItem,
    ids.map((id) => ({ id })),
  );
  return ids.map((id, at) => ({ id, display: users[at]?.displayName ?? users[at]?.userName }));
}

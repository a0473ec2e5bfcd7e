import { ProblemError } from "@cadastre/contract/errors";
import { create, remove, type Write } from "@cadastre/store/table";
import { type Context, FIRST_ORGANIZATION, systemActor } from "../../context.ts";
import { GroupItem, GroupMemberItem, type UserItem } from "../../directory/items.ts";
import { requireAdminBeside } from "../../policies/lockout.ts";
import { type Claims, mappedGroups } from "./claims.ts";
import { decideGroups, type GroupChanges } from "./group-changes.ts";
import type { IdentityProviderItem } from "./items.ts";

/** Which groups are others' to fill. */
export interface GroupPorts {
  readonly isManaged: (context: Pick<Context, "table">, group: string) => Promise<boolean>;
}

export interface Mapping {
  readonly user: UserItem;
  /** What the identity gave before. */
  readonly gave: readonly string[];
  readonly provider: IdentityProviderItem;
  readonly claims: Claims;
  readonly requestId: string;
}

/** Whether a group makes whoever is in it administer the system. */
const isOfAdmins = (group: GroupItem | undefined): boolean =>
  group?.roles.some(({ role }) => role === "SystemAdmin") === true;

/**
 * What the commit has to have that takes the user out of a group. Undefined where nobody would be left who administers the system: then no claim
 * does it.
 */
async function restsWithout(
  context: Context,
  { user, requestId }: Mapping,
  group: string,
): Promise<Write[] | undefined> {
  if (context.organization !== FIRST_ORGANIZATION) return [];
  if (!isOfAdmins(await context.table.get(GroupItem, { id: group }, { consistent: true }))) return [];
  try {
    return await requireAdminBeside(context, systemActor(requestId), user.id);
  } catch (error) {
    if (error instanceof ProblemError && error.code === "access.last_admin") return undefined;
    throw error;
  }
}

/**
 * What a login changes of a user's groups, and the writes beside the user's own item. The last one who administers the system stays in the group by
 * which it does, and can be taken out once there is another one. Reads only groups that one would come into or leave:
 * where nothing changes, nothing. A group that is removed in the same moment leaves one more place of it behind, which means nothing.
 */
export async function groupWrites(
  context: Context,
  { isManaged }: GroupPorts,
  mapping: Mapping,
): Promise<GroupChanges & { readonly writes: readonly Write[] }> {
  const { user, gave, provider, claims } = mapping;
  const has = user.groups;
  const wanted = mappedGroups(provider, claims);
  const [is, may] = [new Set(has), new Set(wanted)];
  const joining = wanted.filter((group) => !is.has(group));
  const leaving = gave.filter((group) => is.has(group) && !may.has(group));
  const isUntouchable = async (group: string, isNew: boolean): Promise<boolean> => {
    const there = isNew ? await context.table.get(GroupItem, { id: group }, { consistent: true }) : true;
    return there === undefined || (await isManaged(context, group));
  };
  const looked = await Promise.all([
    ...joining.map(async (group) => ((await isUntouchable(group, true)) ? [group] : [])),
    ...leaving.map(async (group) => ((await isUntouchable(group, false)) ? [group] : [])),
  ]);
  const rests = await Promise.all(leaving.map((group) => restsWithout(context, mapping, group)));
  const unready = leaving.filter((_, at) => rests[at] === undefined);
  const decided = decideGroups({ has, gave, wanted, untouchable: looked.flat(), unready });
  const addedAt = context.now().toISOString();
  const principal = { type: "user", id: user.id } as const;
  return {
    ...decided,
    writes: [
      ...decided.added.map((group) => create(GroupMemberItem, { group, principal, addedAt })),
      ...decided.removed.map((group) => remove(GroupMemberItem, { group, principal })),
      // One turn, however many such groups are left.
      ...(rests.find((writes) => writes !== undefined && writes.length > 0) ?? []),
    ],
  };
}

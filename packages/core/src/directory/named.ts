import { type ErrorCode, ProblemError } from "@cadastre/contract/errors";
import type { AnyEntity, ItemOf, KeyOf } from "@cadastre/store/entity";
import type { Stored, Write } from "@cadastre/store/table";
import { type AuditEntry, commitRecorded } from "../audit/commit-recorded.ts";
import type { Actor, Context } from "../context.ts";
import { type Listed, type ListOptions, selectPage } from "../lists.ts";
import { isTaken } from "../retry-on-conflict.ts";
import { canonicalName } from "./canonical-name.ts";
import { DirectoryListItem, DirectoryNameItem, type DirectoryType, directoryPartition } from "./items.ts";

const NAME_TAKEN: Readonly<Record<DirectoryType, ErrorCode>> = {
  user: "user.name_taken",
  "service-account": "service-account.name_taken",
  group: "group.name_taken",
};

/** Commits writes whose first one holds a name, with their record. Throws the code of the type's taken names. */
export async function commitNamed(
  context: Context,
  actor: Actor,
  { type, name }: { readonly type: DirectoryType; readonly name: string },
  writes: readonly Write[],
  entry: AuditEntry,
): Promise<void> {
  try {
    await commitRecorded(context, actor, writes, entry);
  } catch (error) {
    if (isTaken(error, 0)) throw new ProblemError(NAME_TAKEN[type], `another ${type} has the name ${name}`);
    throw error;
  }
}

/** Of users, service accounts or groups, oldest first: all of them, or the one that has a name. Throws 422 `cursor.invalid`. */
export async function listNamed<E extends AnyEntity, View>(
  context: Context,
  {
    type,
    entity,
    toView,
  }: { readonly type: DirectoryType; readonly entity: E; readonly toView: (stored: Stored<ItemOf<E>>) => View },
  { name, ...options }: ListOptions & { readonly name?: string | undefined },
): Promise<Listed<View>> {
  const { table } = context;
  const views = async (keys: readonly { readonly id: string }[]) => {
    const found = await table.getMany(entity, keys as readonly KeyOf<E>[], { consistent: true });
    return found.map((stored) => stored && toView(stored));
  };
  if (name !== undefined) {
    const holder = await table.get(DirectoryNameItem, { type, name: canonicalName(name) }, { consistent: true });
    const found = holder ? await views([holder]) : [];
    return { items: found.filter((view) => view !== undefined) };
  }
  const partition = directoryPartition(type);
  return selectPage(
    context,
    { list: `directory#${type}`, entity: DirectoryListItem, partition, select: views },
    options,
  );
}

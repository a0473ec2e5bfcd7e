import { type ErrorCode, ProblemError } from "@cadastre/contract/errors";
import type { PrincipalRef } from "@cadastre/contract/principal";
import { remove, replace, type Stored, type Write } from "@cadastre/store/table";
import { commitRecorded } from "../audit/commit-recorded.ts";
import { changesBetween } from "../changes.ts";
import type { Actor, Context } from "../context.ts";
import { retryOnConflict } from "../retry-on-conflict.ts";
import { GroupMemberItem, RoleBindingItem, ServiceAccountItem, UserItem } from "./items.ts";
import { commitNamed } from "./named.ts";
import { renameWrites, unplaceWrites } from "./names.ts";

/** What users and service accounts have in common. */
export type PrincipalItem = UserItem | ServiceAccountItem;
export type StandingPrincipal = Stored<PrincipalItem>;

const NOT_FOUND: Readonly<Record<PrincipalRef["type"], ErrorCode>> = {
  user: "user.not_found",
  "service-account": "service-account.not_found",
};

/** The name of a user or service account. */
export const nameOfPrincipal = (item: PrincipalItem): string => ("userName" in item ? item.userName : item.name);

/** A user or service account of the context's organization, strongly consistent; undefined where there is none. One read unit. */
export function readPrincipal(
  { table }: Pick<Context, "table">,
  { type, id }: PrincipalRef,
): Promise<StandingPrincipal | undefined> {
  return table.get(type === "user" ? UserItem : ServiceAccountItem, { id }, { consistent: true });
}

/** The same, which must be there. Throws 404 `user.not_found`, `service-account.not_found`. */
export async function requirePrincipal(context: Pick<Context, "table">, ref: PrincipalRef): Promise<StandingPrincipal> {
  const stored = await readPrincipal(context, ref);
  if (!stored) throw new ProblemError(NOT_FOUND[ref.type]);
  return stored;
}

/** The write of a user or service account, changed, in place of what was read. */
export function principalWrite({ version, ...before }: StandingPrincipal, change: Partial<PrincipalItem>): Write {
  return "userName" in before
    ? replace(UserItem, { ...before, ...change }, version)
    : replace(ServiceAccountItem, { ...before, ...change }, version);
}

/** What disabling or enabling changes: what was given before is of no use once it was disabled. */
export function standingChange(stored: PrincipalItem, disabled: boolean | undefined): Partial<PrincipalItem> {
  if (disabled === undefined || disabled === stored.disabled) return {};
  return { disabled, ...(disabled ? { epoch: stored.epoch + 1 } : {}) };
}

/** At which version the caller saw it (If-Match); whatever is there when absent. */
export interface Seen {
  readonly version?: number | undefined;
}

/** Throws when the actor may not change who holds these roles and is in these groups; asked of what a commit rests on. */
export type MayChange = (holder: Pick<PrincipalItem, "groups" | "roles">) => Promise<void>;

/** How somebody is changed. */
export interface Changing extends Seen {
  readonly mayChange?: MayChange;
  /** What else the commit has to have, asked in each attempt. Throws when it must not be. */
  readonly rests?: () => Promise<readonly Write[]>;
}

function requireSeen({ version }: Seen, stored: StandingPrincipal): void {
  if (version !== undefined && version !== stored.version) throw new ProblemError("request.precondition_failed");
}

/**
 * Changes a user or service account into what `patched` makes of it; what changes nothing writes nothing. Throws 404 when it is not there,
 * 409 when its new name is another's, 412 `request.precondition_failed`. Writes it, its name where that changes, and one audit record.
 */
export async function patchPrincipal<Item extends PrincipalItem>(
  context: Context,
  actor: Actor,
  ref: PrincipalRef,
  patched: (stored: Item) => Item,
  seen: Changing,
): Promise<void> {
  await retryOnConflict(async () => {
    const found = await requirePrincipal(context, ref);
    await seen.mayChange?.(found);
    requireSeen(seen, found);
    const { version, ...stored } = found;
    // The entity that is read follows from the reference's type, which the caller's item is of.
    const next = patched(stored as Item);
    const changes = changesBetween(stored, next);
    if (changes.length === 0) return;
    const [before, name] = [nameOfPrincipal(stored), nameOfPrincipal(next)];
    const { organization } = context;
    const renaming = renameWrites({ ...ref, organization }, before, name);
    const write = principalWrite({ ...next, version }, { updatedAt: context.now().toISOString() });
    const entry = { action: `${ref.type}.patch`, target: ref.id, changes } as const;
    const rests = (await seen.rests?.()) ?? [];
    await commitNamed(context, actor, { type: ref.type, name }, [...renaming, write, ...rests], entry);
  });
}

/** The end of what somebody, or a group, held, in the list of role bindings. */
export const unbindWrites = ({ roles }: Pick<PrincipalItem, "roles">): Write[] =>
  roles.map(({ id }) => remove(RoleBindingItem, { id }));

/** Groups that one commit takes a principal out of. */
const MOST_AT_ONCE = 40;

/**
 * Removes a user or service account, with its name, its roles and its places in groups; all that was given to it ends. One that is in many
 * groups is taken out of the first of them before, 40 in a commit with its record: interrupted and done again, it goes on. Throws 404 when
 * it is not there, 412 `request.precondition_failed`. `also` is what goes in the last commit, such as a password.
 */
export async function deletePrincipal(
  context: Context,
  actor: Actor,
  ref: PrincipalRef,
  { also = async () => [], ...seen }: Changing & { readonly also?: () => Promise<readonly Write[]> },
): Promise<void> {
  const found = await requirePrincipal(context, ref);
  await seen.mayChange?.(found);
  requireSeen(seen, found);
  const { organization } = context;
  for (let isDone = false; !isDone; ) {
    isDone = await retryOnConflict(async () => {
      const stored = await requirePrincipal(context, ref);
      await seen.mayChange?.(stored);
      const left = stored.groups.slice(MOST_AT_ONCE);
      const leaving = stored.groups
        .slice(0, MOST_AT_ONCE)
        .map((group) => remove(GroupMemberItem, { group, principal: ref }));
      const rests = (await seen.rests?.()) ?? [];
      if (left.length > 0) {
        await commitRecorded(context, actor, [principalWrite(stored, { groups: left }), ...leaving, ...rests], {
          action: "group.remove",
          target: ref.id,
          changes: changesBetween({ groups: stored.groups }, { groups: left }),
        });
        return false;
      }
      const name = nameOfPrincipal(stored);
      const entity = ref.type === "user" ? UserItem : ServiceAccountItem;
      const ended = [
        ...(await also()),
        remove(entity, ref, stored.version),
        ...unplaceWrites({ ...ref, organization }, name),
        ...unbindWrites(stored),
      ];
      const entry = { action: `${ref.type}.delete`, target: ref.id, detail: { name } } as const;
      await commitRecorded(context, actor, [...ended, ...leaving, ...rests], entry);
      return true;
    });
  }
}

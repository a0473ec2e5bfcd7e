import { MOST_GROUPS } from "../../directory/group-members.ts";

export interface GroupsBefore {
  /** All groups that the user is in. */
  readonly has: readonly string[];
  /** Those of them that the identity gave at logins before. */
  readonly gave: readonly string[];
  /** Those that its claims are mapped to now. */
  readonly wanted: readonly string[];
  /** Of those, what nobody but a SCIM source puts anybody into, and what is not there. */
  readonly untouchable: readonly string[];
  /** What the user is not taken out of now, and is at a later login. */
  readonly unready?: readonly string[];
}

export interface GroupChanges {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** All that the user is in from now on. */
  readonly groups: readonly string[];
  /** What of it this identity takes away again. */
  readonly gives: readonly string[];
}

/**
 * What becomes of a user's groups at a login. Only what the identity gave is taken away again: who was put into a group by hand, or by
 * SCIM, stays in it, whatever the claims say. One can be in 200 groups; what is beyond is not given.
 */
export function decideGroups({ has, gave, wanted, untouchable, unready = [] }: GroupsBefore): GroupChanges {
  const [is, gives, may] = [new Set(has), new Set(gave), new Set(wanted)];
  const leaving = gave.filter((group) => is.has(group) && !may.has(group) && !untouchable.includes(group));
  const removed = leaving.filter((group) => !unready.includes(group));
  const kept = has.filter((group) => !removed.includes(group));
  const added = wanted
    .filter((group) => !is.has(group) && !untouchable.includes(group))
    .slice(0, Math.max(0, MOST_GROUPS - kept.length));
  const stay = wanted.filter((group) => is.has(group) && gives.has(group));
  const late = leaving.filter((group) => unready.includes(group));
  return { added, removed, groups: [...kept, ...added], gives: [...stay, ...late, ...added] };
}

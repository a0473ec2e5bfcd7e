import { type Subject, subjectPartition } from "../subject.ts";

/**
 * Changes in groups of at most `most` that may be told together: none has two of one subject, so that the order within each
 * subject is the order of the groups. Pure.
 */
export function toGroups<Change extends { readonly subject: Subject }>(
  changes: readonly Change[],
  most: number,
): Change[][] {
  const groups: Change[][] = [];
  const subjects = new Set<string>();
  for (const change of changes) {
    const subject = subjectPartition(change.subject);
    const last = groups.at(-1);
    if (last && last.length < most && !subjects.has(subject)) last.push(change);
    else {
      groups.push([change]);
      subjects.clear();
    }
    subjects.add(subject);
  }
  return groups;
}

import { ProblemError } from "@cadastre/contract/errors";
import type { Context } from "../../context.ts";
import { namesBelow, requireTagsBelow } from "../tags/below.ts";
import type { TagDefinitions } from "../tags/definitions.ts";
import type { Tagged } from "../tags/resolve-tags.ts";
import { type RowProblem, rowProblem } from "../transfer/row.ts";
import { hasInside } from "../tree/tags-inside.ts";

/** A prefix that gets other tags of its own than those before. */
export interface Tagging {
  readonly space: string;
  readonly row: number;
  readonly self: Tagged;
  readonly before: Readonly<Record<string, string>>;
  /** Of what is planned already. */
  readonly id: string | undefined;
}

/**
 * Whether tags of what is inside a prefix could be made wrong, so that nobody else may give tags there until it has been committed. Of one that
 * is made, whoever puts something inside it in the same moment meets its windows. Reads nothing unless a tag that changes implies others.
 */
export async function saysOfInside(context: Context, definitions: TagDefinitions, of: Tagging): Promise<boolean> {
  if (namesBelow(definitions, of.before, of.self.tags).size === 0) return false;
  return of.id !== undefined || hasInside(context, of.space, of.self.prefix);
}

/** What would be wrong inside a prefix that has these tags. `containing` is what contains it. */
export async function insideProblems(
  context: Context,
  definitions: TagDefinitions,
  { space, row, self, before, id }: Tagging,
  containing: readonly Tagged[],
): Promise<RowProblem[]> {
  // Only told apart by their ids, which what is not planned yet does not have.
  const named = ({ prefix, tags }: Tagged) => ({ id: prefix, prefix, tags });
  try {
    const names = namesBelow(definitions, before, self.tags);
    await requireTagsBelow(
      context,
      definitions,
      names,
      { space, ...named(self), id: id ?? self.prefix },
      containing.map(named),
    );
    return [];
  } catch (error) {
    if (!(error instanceof ProblemError) || error.status >= 500) throw error;
    return [rowProblem(row, "tags", "", error.message)];
  }
}

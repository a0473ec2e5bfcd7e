import { ProblemError } from "@cadastre/contract/errors";
import type { Context } from "../../context.ts";
import { checkTags } from "../tags/check-tags.ts";
import { readTagDefinitions, type TagDefinitions } from "../tags/definitions.ts";
import { resolveTags, type Tagged } from "../tags/resolve-tags.ts";

const NONE: TagDefinitions = new Map();

const hasTags = ({ tags }: Tagged): boolean => Object.keys(tags).length > 0;

/** The tags that may be in a space, read when something has tags. */
export async function definitionsFor(
  context: Context,
  space: string,
  chain: readonly Tagged[],
): Promise<TagDefinitions> {
  return chain.some(hasTags) ? readTagDefinitions(context, space) : NONE;
}

/**
 * That a prefix may have its own tags where it is. `chain` is the prefix itself and what contains it, nearest first. Throws 422
 * `request.invalid` for a tag that the space does not have, a value that is not among the known ones, and one that is implied otherwise.
 */
export function requireTags(definitions: TagDefinitions, chain: readonly Tagged[]): void {
  const own = checkTags(definitions, chain[0]?.tags ?? {});
  const errors = own.length > 0 ? own : resolveTags(definitions, chain).errors;
  const [first] = errors;
  if (first) throw new ProblemError("request.invalid", `${first.path}: ${first.message}`, { errors });
}

import { ProblemError } from "@cadastre/contract/errors";
import type { Context } from "../context.ts";
import type { Listed } from "../lists.ts";
import { isOpen, matchesPattern, type Pattern } from "../subjects/pattern.ts";
import { mustHold } from "../subjects/prepare.ts";
import type { Query } from "../subjects/query.ts";
import { requireKnownPattern, requireKnownPlace } from "./known.ts";

const written = ({ pieces }: Pattern): string => pieces.join("*");

/** Throws when none of the ways to read one value is known. */
async function requireOne(context: Context, path: "account" | "region", patterns: readonly Pattern[]): Promise<void> {
  const refusals: ProblemError[] = [];
  for (const pattern of patterns) {
    try {
      const text = written(pattern);
      if (isOpen(pattern)) await requireKnownPattern(context, path, text, (known) => matchesPattern(pattern, known));
      else await requireKnownPlace(context, { [path]: text });
      return;
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      refusals.push(error);
    }
  }
  const [first] = refusals;
  if (first) throw first;
}

/**
 * The answer of a search, unless it is empty because nothing is known of an account or a region that it asks for: then throws 422
 * `query.invalid`, with what may have been meant.
 */
export async function understoodSearch<L extends Pick<Listed<unknown>, "items" | "cursor">>(
  context: Context,
  query: Query,
  cursor: string | undefined,
  listed: L,
): Promise<L> {
  if (listed.items.length > 0 || listed.cursor !== undefined || cursor !== undefined) return listed;
  for (const term of mustHold(query)) {
    if (term.field !== "account" && term.field !== "region") continue;
    const values = Map.groupBy(term.any, (pattern) => written(pattern).toLowerCase());
    for (const patterns of values.values()) await requireOne(context, term.field, patterns);
  }
  return listed;
}

import { ProblemError } from "@cadastre/contract/errors";
import { kindOfId } from "@cadastre/contract/resource";
import type { Context } from "../context.ts";
import { toExactPattern } from "../subjects/pattern.ts";
import { allOf, type Term } from "../subjects/query.ts";
import { findResources } from "./search.ts";

/** Networks of one short id that are told at once: names of GCP repeat from project to project. */
const MOST_NAMESAKES = 50;
/** Pages that are gone through: in the index tags of this value, whatever has them, stand before the networks. */
const MOST_PAGES = 3;

const refused = (message: string) =>
  new ProblemError("query.invalid", `network: ${message}`, { errors: [{ path: "network", message }] });

/**
 * The natural id of the network that a text names: a natural id as it is, else the one that ends so or has this short id, active or
 * retired. Throws 404 `resource.not_found` when there is none, 422 `query.invalid` when there are several, with their ids, or when so much
 * else is called so that this cannot be told.
 */
export async function networkOf(context: Context, text: string): Promise<string> {
  if (kindOfId(text)?.kind === "network") return text;
  const tree = allOf(
    { type: "term", field: "kind", any: ["network"] },
    { type: "term", field: "status", any: ["active", "retired"] },
    { type: "term", field: "id", any: [toExactPattern(text)] } satisfies Term,
  );
  const ids: string[] = [];
  let cursor: string | undefined;
  for (let pages = 0; ids.length < 2 && pages < MOST_PAGES; pages += 1) {
    const page = await findResources(context, { text, tree }, { limit: MOST_NAMESAKES, cursor });
    ids.push(...page.items.map(({ id }) => id));
    cursor = page.cursor;
    if (cursor === undefined) break;
  }
  const [first, ...others] = ids;
  if (others.length > 0)
    throw refused(`several networks are called so; give the natural id: ${ids.slice(0, 5).join(", ")}`);
  if (cursor !== undefined) throw refused("too much else is called so; give the natural id");
  if (first !== undefined) return first;
  throw new ProblemError(
    "resource.not_found",
    `no network has the id ${text.slice(0, 200)}; a natural id is taken as it is`,
  );
}

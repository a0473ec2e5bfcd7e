import { ProblemError } from "@cadastre/contract/errors";
import { shortId } from "@cadastre/contract/kinds/kind";
import { kindOfId } from "@cadastre/contract/resource";
import type { Context } from "../context.ts";
import { toExactPattern } from "../subjects/pattern.ts";
import { allOf, type Term } from "../subjects/query.ts";
import { findResources } from "./search.ts";

/** Networks of one short id that are looked at: names of GCP repeat from project to project. */
const MOST_NAMESAKES = 50;

/**
 * The natural id of the network that a text names: a natural id as it is, else the one that ends so, active or retired. Throws
 * 404 `resource.not_found` when there is none, 422 `query.invalid` when there are several, with their ids.
 */
export async function networkOf(context: Context, text: string): Promise<string> {
  if (kindOfId(text)?.kind === "network") return text;
  const tree = allOf(
    { type: "term", field: "kind", any: ["network"] },
    { type: "term", field: "status", any: ["active", "retired"] },
    { type: "term", field: "id", any: [toExactPattern(text)] } satisfies Term,
  );
  const { items } = await findResources(context, { text, tree }, { limit: MOST_NAMESAKES });
  const ids = items.map(({ id }) => id).filter((id) => id === text || shortId(id) === text);
  const [first, ...others] = ids;
  if (first === undefined)
    throw new ProblemError(
      "resource.not_found",
      `no network has the id ${text.slice(0, 200)}; a natural id is taken as it is`,
    );
  if (others.length === 0) return first;
  const message = `several networks are called so; give the natural id: ${ids.slice(0, 5).join(", ")}`;
  throw new ProblemError("query.invalid", `network: ${message}`, { errors: [{ path: "network", message }] });
}

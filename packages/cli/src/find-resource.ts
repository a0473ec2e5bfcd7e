import type { Client } from "@cadastre/client/client";
import { shortId } from "@cadastre/contract/kinds/kind";
import { kindOfId } from "@cadastre/contract/resource";
import type { Resource } from "@cadastre/contract/view";
import { NotFoundError, UsageError } from "./exit-codes.ts";
import { handleOf } from "./output/ids.ts";
import { neutralise } from "./output/text.ts";

/** How many of those that could be meant are looked at. */
const MOST_CANDIDATES = 100;
const MOST_SHOWN = 10;

/** A whole id: natural, or `res_…`. */
const isWholeId = (text: string) => /^res_[0-9a-f]{32}$/.test(text) || kindOfId(text) !== undefined;

const lineOf = (one: Resource) =>
  neutralise(
    [one.kind, one.account, one.region, one.name, one.status === "active" ? "" : one.status, handleOf(one), one.id]
      .filter((word) => word !== "")
      .join("  "),
  );

/** Active ones stand before those that are gone, and the cloud's own id before a name. */
function narrowed(found: readonly Resource[], text: string): readonly Resource[] {
  const steps = [
    (one: Resource) => one.status === "active" && shortId(one.id) === text,
    (one: Resource) => shortId(one.id) === text,
    (one: Resource) => one.status === "active" && one.name === text,
    (one: Resource) => one.name === text,
  ];
  for (const step of steps) {
    const fitting = found.filter(step);
    if (fitting.length > 0) return fitting;
  }
  return [];
}

/**
 * The natural or short id of the resource that is meant: a whole id as it is, else what has this cloud id (`i-0abc…`, `vpc-…`) or
 * name. Throws UsageError that lists the candidates when several could be meant, NotFoundError when there is none.
 */
export async function findResourceId(client: Client, text: string): Promise<string> {
  if (isWholeId(text)) return text;
  // The server says what is wrong about what is no id at all.
  if (text.trim() === "" || /["\s]/.test(text)) return text;
  const found: Resource[] = [];
  for await (const one of client.resources.list.all({ q: `"${text}"`, status: "any", limit: MOST_CANDIDATES })) {
    found.push(one);
    if (found.length === MOST_CANDIDATES) break;
  }
  const candidates = narrowed(found, text);
  const [first, second] = candidates;
  if (first && !second) return first.key;
  if (!first && found.length === MOST_CANDIDATES) {
    throw new UsageError(
      `${JSON.stringify(text)} is a part of more than ${MOST_CANDIDATES} resources`,
      `\`cadastre search ${text}\` lists them with their ids`,
    );
  }
  if (!first) {
    throw new NotFoundError(
      `nothing that this token may read has the id or name ${JSON.stringify(text)}`,
      `\`cadastre search ${text}\` finds what has a part of it`,
    );
  }
  const shown = candidates.slice(0, MOST_SHOWN).map((one) => `  ${lineOf(one)}`);
  const more = candidates.length > MOST_SHOWN ? [`  and ${candidates.length - MOST_SHOWN} more`] : [];
  throw new UsageError(
    [`${JSON.stringify(text)} could be ${candidates.length} resources:`, ...shown, ...more].join("\n"),
    "give the id at the end of the line, or the one before it",
  );
}

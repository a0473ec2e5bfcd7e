import { ProblemError } from "@cadastre/contract/errors";
import { fold } from "./attribute.ts";
import type { Filter } from "./filter/filter.ts";
import { parseFilter } from "./filter/parse.ts";
import { requireObject, requireSchema } from "./read-resource.ts";
import { membersOf } from "./read-value.ts";
import { type Selection, toNames } from "./select.ts";
import type { Sorting } from "./sort.ts";

const SEARCH_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
/** Resources of a page. */
export const PAGE_SIZES = { usual: 100, most: 200 } as const;
/** For how long a cursor is good. */
export const CURSOR_SECONDS = 3600;

/** What of resources is asked for (RFC 7644 §3.4.2, RFC 9865). */
export interface ListRequest extends Selection {
  readonly filter?: Filter;
  /** As it was sent: what a cursor belongs to. */
  readonly filterText?: string;
  readonly sorting?: Sorting;
  readonly count: number;
  /** From 1; not with a cursor. */
  readonly startIndex: number;
  /** Of the page before; empty for the first page. Without it pages are by index. */
  readonly cursor?: string;
}

const PARAMETERS = [
  "attributes",
  "excludedAttributes",
  "filter",
  "sortBy",
  "sortOrder",
  "startIndex",
  "count",
  "cursor",
] as const;
type Parameters = Partial<Record<(typeof PARAMETERS)[number], unknown>>;

const invalid = (path: string, message: string) =>
  new ProblemError("scim.invalid_value", `${path}: ${message}`, { errors: [{ path, message }] });

function textOf(given: Parameters, name: keyof Parameters): string | undefined {
  const value = given[name];
  if (value === undefined || value === null || typeof value === "string") return value ?? undefined;
  throw invalid(name, "must be a text, given once");
}

/** A whole number, of text or not. */
function wholeOf(value: unknown): number | undefined {
  const number = typeof value === "string" && /^[+-]?\d{1,15}$/.test(value) ? Number(value) : value;
  return Number.isSafeInteger(number) ? (number as number) : undefined;
}

/** RFC 7644 §3.4.2.4: what is below 0 is 0, what is above the most is the most. */
function countOf(given: Parameters): number {
  if (given.count === undefined || given.count === null) return PAGE_SIZES.usual;
  const count = wholeOf(given.count);
  if (count === undefined) throw new ProblemError("scim.invalid_count", "count: must be a whole number");
  return Math.min(Math.max(count, 0), PAGE_SIZES.most);
}

/** What is below 1 is 1. */
function startOf(given: Parameters): number {
  if (given.startIndex === undefined || given.startIndex === null) return 1;
  const start = wholeOf(given.startIndex);
  if (start === undefined) throw invalid("startIndex", "must be a whole number");
  return Math.max(start, 1);
}

function sortingOf(given: Parameters): { readonly sorting?: Sorting } {
  const by = textOf(given, "sortBy");
  const order = fold(textOf(given, "sortOrder") ?? "ascending");
  if (order !== "ascending" && order !== "descending") throw invalid("sortOrder", "must be ascending or descending");
  return by === undefined || by === "" ? {} : { sorting: { by, order } };
}

function namesOf(given: Parameters, name: "attributes" | "excludedAttributes"): readonly string[] | undefined {
  const value = given[name];
  if (!Array.isArray(value)) return toNames(textOf(given, name));
  if (value.every((one) => typeof one === "string")) return toNames(value.join(","));
  throw invalid(name, "must be a list of texts");
}

/** Which attributes are asked for. Throws `scim.invalid_value` when some are asked for and others are excluded at once. */
function readSelection(given: Parameters): Selection {
  const attributes = namesOf(given, "attributes");
  const excludedAttributes = namesOf(given, "excludedAttributes");
  if (attributes && excludedAttributes) throw invalid("attributes", "cannot be given together with excludedAttributes");
  return {
    ...(attributes === undefined ? {} : { attributes }),
    ...(excludedAttributes === undefined ? {} : { excludedAttributes }),
  };
}

function readParameters(given: Parameters): ListRequest {
  const filterText = textOf(given, "filter")?.trim();
  const cursor = textOf(given, "cursor");
  if (cursor !== undefined && given.startIndex !== undefined) {
    throw invalid("cursor", "cannot be given together with startIndex");
  }
  const count = countOf(given);
  if (cursor !== undefined && count === 0) {
    throw new ProblemError("scim.invalid_count", "count: a page by cursor has at least one resource");
  }
  return {
    ...readSelection(given),
    ...(filterText === undefined || filterText === "" ? {} : { filter: parseFilter(filterText), filterText }),
    ...sortingOf(given),
    count,
    startIndex: startOf(given),
    ...(cursor === undefined ? {} : { cursor }),
  };
}

/** Parameters by their names, whatever their case; others are left out. */
function named(given: { readonly [name: string]: unknown }): Parameters {
  const find = (name: string) => PARAMETERS.find((one) => fold(one) === fold(name));
  return Object.fromEntries(membersOf(given, "", find).map(([name, value]) => [name, value]));
}

/** A query's parameters. Throws `scim.invalid_filter`, `scim.invalid_value`, `scim.invalid_count`, `scim.invalid_syntax`. */
export function readQuery(query: { readonly [name: string]: unknown }): ListRequest {
  return readParameters(named(query));
}

/** The same of a resource that is answered alone. */
export function readQuerySelection(query: { readonly [name: string]: unknown }): Selection {
  return readSelection(named(query));
}

/** The body of a POST to `.search` (RFC 7644 §3.4.3). Throws as `readQuery`. */
export function readSearch(body: unknown): ListRequest {
  const given = requireObject(body);
  requireSchema(given, SEARCH_SCHEMA);
  return readParameters(named(given));
}

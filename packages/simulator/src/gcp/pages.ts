import { type GcpProblem, problems } from "./problems.ts";

/** A warning of a whole list or of one scope in it. Source: compute v1, schema `Warning`. */
export interface Warning {
  readonly code: string;
  readonly message: string;
  readonly data?: readonly { readonly key: string; readonly value: string }[];
}

/** One scope of an aggregated list, whose resources are asked for one by one. */
export interface ScopeSource {
  /** zones/Z, regions/R or global */
  readonly scope: string;
  readonly places: number;
  at(place: number): object | undefined;
}

/** What a fault makes of a scope on the page that reaches it. */
export interface ScopeFault {
  readonly warning?: Warning;
  /** Nothing of the scope is answered. */
  readonly hidden: boolean;
}

export interface AggregatedPage {
  /** By scope: the resources under `field`, a warning, or both. */
  readonly items: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly unreachables: readonly string[];
  readonly nextPageToken?: string;
}

/** Where a page starts: in which scope, and at which place in it. */
export interface Position {
  readonly scope: number;
  readonly place: number;
}

const maxPageSize = 500;

/** `maxResults` of a list: 1 to 500, and 500 without it (or with 0). */
export function pageSizeOf(query: URLSearchParams): number | GcpProblem {
  const text = query.get("maxResults");
  if (text === null || text === "0") return maxPageSize;
  const size = Number(text);
  return Number.isInteger(size) && size > 0 && size <= maxPageSize
    ? size
    : problems.invalid("maxResults", text, `Acceptable values are 0 to ${maxPageSize}, inclusive.`);
}

/** Page tokens are opaque to callers; one belongs to the list that gave it (`of`). */
export function writePageToken(of: string, position: Position): string {
  return Buffer.from(JSON.stringify([of, position.scope, position.place])).toString("base64url");
}

export function readPageToken(of: string, query: URLSearchParams): Position | GcpProblem {
  const token = query.get("pageToken");
  if (token === null) return { scope: 0, place: 0 };
  const refused = problems.invalid("pageToken", token, "The token was not given by this list.");
  try {
    const parsed: unknown = JSON.parse(Buffer.from(token, "base64url").toString());
    if (!Array.isArray(parsed) || parsed[0] !== of) return refused;
    const [, scope, place]: unknown[] = parsed;
    return typeof scope === "number" && typeof place === "number" ? { scope, place } : refused;
  } catch {
    return refused;
  }
}

/**
 * One page over all scopes, in order, with at most `pageSize` resources. As in Compute Engine every scope is named on every page; one
 * without resources there has a NO_RESULTS_ON_PAGE warning. `faultOf` is asked once for each scope that the page reaches.
 */
export function aggregate(options: {
  readonly of: string;
  readonly field: string;
  readonly sources: readonly ScopeSource[];
  readonly start: Position;
  readonly pageSize: number;
  readonly faultOf: (scope: string) => ScopeFault | undefined;
}): AggregatedPage {
  const items: Record<string, Record<string, unknown>> = {};
  const unreachables: string[] = [];
  let left = options.pageSize;
  let next: Position | undefined;
  for (const [index, source] of options.sources.entries()) {
    const { scope } = source;
    const none = { warning: noResults(scope) };
    if (index < options.start.scope || next) {
      items[scope] = none;
      continue;
    }
    if (left === 0) {
      next = { scope: index, place: 0 };
      items[scope] = none;
      continue;
    }
    const fault = options.faultOf(scope);
    if (fault?.hidden) {
      if (fault.warning) unreachables.push(scope);
      items[scope] = { warning: fault.warning ?? noResults(scope) };
      continue;
    }
    const resources: object[] = [];
    let place = index === options.start.scope ? options.start.place : 0;
    for (; place < source.places && left > 0; place += 1) {
      const resource = source.at(place);
      if (!resource) continue;
      resources.push(resource);
      left -= 1;
    }
    if (place < source.places) next = { scope: index, place };
    items[scope] = {
      ...(resources.length ? { [options.field]: resources } : none),
      ...(fault?.warning ? { warning: fault.warning } : {}),
    };
  }
  return { items, unreachables, ...(next ? { nextPageToken: writePageToken(options.of, next) } : {}) };
}

function noResults(scope: string): Warning {
  return {
    code: "NO_RESULTS_ON_PAGE",
    message: `There are no results for scope '${scope}' on this page.`,
    data: [{ key: "scope", value: scope }],
  };
}

/** One page of a plain list. */
export function slicePage<T>(options: {
  readonly of: string;
  readonly all: readonly T[];
  readonly start: Position;
  readonly pageSize: number;
}): { readonly page: readonly T[]; readonly nextPageToken?: string } {
  const { all, start, pageSize } = options;
  const end = start.place + pageSize;
  return {
    page: all.slice(start.place, end),
    ...(end < all.length ? { nextPageToken: writePageToken(options.of, { scope: 0, place: end }) } : {}),
  };
}

import { ProblemError } from "@cadastre/contract/errors";
import * as z from "zod";
import { createCursors } from "../cursor.ts";
import type { ResourceType } from "./attribute.ts";
import { toMatcher } from "./filter/match.ts";
import { CURSOR_SECONDS, type ListRequest } from "./list-request.ts";
import { type Found, load, needsOf } from "./load.ts";
import { idsBy, type Lookup, lookupsOf } from "./lookups.ts";
import { listResponse, type PageHead } from "./messages.ts";
import { type Piece, type Place, readEntries, readFromIndex, readPieces, sumOf } from "./pieces.ts";
import { select } from "./select.ts";
import type { Service } from "./service.ts";
import { sorted, sortPlace } from "./sort.ts";

/** Resources that are looked at for one answer. Whose list is longer is searched by what it is indexed by, or by cursor, page by page. */
const MOST_LOOKED_AT = 2000;
/** Of a list that is read on by cursor fewer for each page, which may then be short: it goes on from there. */
const MOST_IN_PAGE = 250;
const READ_AT_ONCE = 125;

type Test = (resource: unknown) => boolean;

/** A list that is asked for: of one type, or of all of them one after the other. */
interface Asked {
  readonly service: Service;
  readonly request: ListRequest;
  readonly parts: readonly Part[];
}

/** What is asked of one type. */
interface Part {
  readonly type: ResourceType;
  readonly test: Test | undefined;
  readonly lookups: readonly Lookup[] | undefined;
  readonly pieces: readonly Piece[];
}

/** Of several types an attribute need only be one of some of them. */
function testsOf(types: readonly ResourceType[], { filter }: ListRequest): ReadonlyMap<string, Test> {
  if (!filter) return new Map();
  const refusals: unknown[] = [];
  for (const type of types) {
    try {
      toMatcher(filter, type);
    } catch (error) {
      refusals.push(error);
    }
  }
  if (refusals.length === types.length) throw refusals[0];
  return new Map(types.map((type) => [type.id, toMatcher(filter, type, "absent")]));
}

const position = z.object({
  /** When it was given. */
  at: z.int(),
  /** Of a list that is known as a whole: how much of it was shown. */
  shown: z.int().optional(),
  /** Of one that is read on: behind what. */
  type: z.string().optional(),
  piece: z.string().optional(),
  after: z.string().optional(),
});
type Position = z.output<typeof position>;

function cursorsOf({ service, request, parts }: Asked) {
  const { filterText, sorting } = request;
  const types = parts.map(({ type }) => type.id);
  const cursors = createCursors("scim", { source: service.source, types, filterText, sorting }, position);
  const now = service.context.now().getTime();
  return {
    encode: (of: Omit<Position, "at">) => cursors.encode({ at: now, ...of }),
    decode(cursor: string): Omit<Position, "at"> {
      const { at, ...of } = decoded(cursor);
      if (now - at <= CURSOR_SECONDS * 1000) return of;
      throw new ProblemError("scim.expired_cursor", `the cursor is older than ${CURSOR_SECONDS} seconds: begin anew`);
    },
  };
  function decoded(cursor: string): Position {
    try {
      return cursors.decode(cursor);
    } catch (cause) {
      throw new ProblemError("scim.invalid_cursor", "the cursor is not of this query; begin without one", { cause });
    }
  }
}

const tooMany = (detail: string) => new ProblemError("scim.too_many", detail);

/** All that a lookup finds. Throws `scim.too_many`. */
async function findAll({ service, request }: Asked, { type, test, lookups = [] }: Part): Promise<readonly Found[]> {
  const ids = new Set<string>();
  for (const lookup of lookups) {
    for (const id of await idsBy(service, type, lookup, MOST_LOOKED_AT + 1)) ids.add(id);
    if (ids.size > MOST_LOOKED_AT)
      throw tooMany(`the filter finds more than ${MOST_LOOKED_AT} resources by ${lookup.by}`);
  }
  const found = await load(service, type, [...ids].sort(), needsOf(type, request));
  return test ? found.filter(({ resource }) => test(resource)) : found;
}

/** All of a list that match. */
async function lookAtAll({ service, request }: Asked, { type, test, pieces }: Part): Promise<readonly Found[]> {
  const entries = await readEntries(service, type, pieces, { most: Number.MAX_SAFE_INTEGER });
  const found = await load(
    service,
    type,
    entries.map(({ id }) => id),
    needsOf(type, request),
  );
  return test ? found.filter(({ resource }) => test(resource)) : found;
}

const isShort = ({ pieces, lookups }: Part): boolean => lookups !== undefined || sumOf(pieces) <= MOST_LOOKED_AT;

/** A page of what is known as a whole: sorted, counted, cut. */
async function pageOfAll(asked: Asked): Promise<Page> {
  const { request, parts } = asked;
  const { sorting, count, startIndex, cursor } = request;
  const place =
    sorting &&
    sortPlace(
      parts.map(({ type }) => type),
      sorting.by,
    );
  const all: Found[] = [];
  for (const part of parts) all.push(...(await (part.lookups ? findAll(asked, part) : lookAtAll(asked, part))));
  const inOrder = place && sorting ? sorted(all, place, sorting.order) : all;
  const totalResults = all.length;
  if (cursor === undefined) {
    return { found: inOrder.slice(startIndex - 1, startIndex - 1 + count), head: { totalResults, startIndex } };
  }
  const cursors = cursorsOf(asked);
  const { shown } = cursor === "" ? { shown: 0 } : cursors.decode(cursor);
  if (shown === undefined) throw new ProblemError("scim.expired_cursor", "the list has become shorter: begin anew");
  const found = inOrder.slice(shown, shown + count);
  const end = shown + found.length;
  return {
    found,
    head: { totalResults, ...(end < totalResults ? { nextCursor: cursors.encode({ shown: end }) } : {}) },
  };
}

interface Page {
  readonly found: readonly Found[];
  readonly head: PageHead;
}

/** A page by index of a list without filter: what is before it is only counted. */
async function pageByIndex({ service, request, parts }: Asked): Promise<Page> {
  const { count, startIndex } = request;
  const found: Found[] = [];
  let skip = startIndex - 1;
  for (const { type, pieces } of parts) {
    const sum = sumOf(pieces);
    if (skip < sum && found.length < count) {
      const entries = await readFromIndex(service, type, pieces, { skip, most: count - found.length });
      found.push(
        ...(await load(
          service,
          type,
          entries.map(({ id }) => id),
          needsOf(type, request),
        )),
      );
    }
    skip = Math.max(0, skip - sum);
  }
  const totalResults = parts.reduce((sum, { pieces }) => sum + sumOf(pieces), 0);
  return { found, head: { totalResults, startIndex } };
}

/** A page of a list that is read on from where the page before ended; with a filter it may be short, even empty, and still go on. */
async function pageByCursor(asked: Asked): Promise<Page> {
  const { service, request, parts } = asked;
  const { count, cursor } = request;
  const cursors = cursorsOf(asked);
  const from = cursor === undefined || cursor === "" ? undefined : cursors.decode(cursor);
  if (from?.shown !== undefined)
    throw new ProblemError("scim.expired_cursor", "the list has become longer: begin anew");
  const found: Found[] = [];
  let lookedAt = 0;
  const first = from === undefined ? 0 : parts.findIndex(({ type }) => type.id === from.type);
  for (const part of parts.slice(Math.max(0, first))) {
    const { type, test, pieces } = part;
    let place: Place | undefined =
      from?.type === type.id && from.piece !== undefined && from.after !== undefined
        ? { piece: from.piece, after: from.after }
        : undefined;
    for (;;) {
      const most = test ? READ_AT_ONCE : count - found.length;
      const entries = await readEntries(service, type, pieces, { from: place, most });
      const loaded = await load(
        service,
        type,
        entries.map(({ id }) => id),
        needsOf(type, request),
      );
      const byId = new Map(loaded.map((one) => [one.id, one]));
      for (const entry of entries) {
        place = { piece: entry.piece, after: entry.id };
        lookedAt += 1;
        const one = byId.get(entry.id);
        if (one && (test?.(one.resource) ?? true)) found.push(one);
        if (found.length < count && lookedAt < MOST_IN_PAGE) continue;
        const isMore = await isAnyBehind(service, parts, type, place);
        return { found, head: headOf(parts, isMore ? cursors.encode({ type: type.id, ...place }) : undefined) };
      }
      if (entries.length < most) break;
    }
  }
  return { found, head: headOf(parts, undefined) };
}

/** Whether a list goes on behind a place: a last page says so. */
async function isAnyBehind(
  service: Service,
  parts: readonly Part[],
  type: ResourceType,
  place: Place,
): Promise<boolean> {
  const at = parts.findIndex((part) => part.type.id === type.id);
  if (parts.slice(at + 1).some(({ pieces }) => pieces.length > 0)) return true;
  const entries = await readEntries(service, type, parts[at]?.pieces ?? [], { from: place, most: 1 });
  return entries.length > 0;
}

/** How many match is not known before all were looked at, and then not said (RFC 9865 §2). */
function headOf(parts: readonly Part[], nextCursor: string | undefined): PageHead {
  const isKnown = parts.every(({ test }) => test === undefined);
  const totalResults = isKnown ? parts.reduce((sum, { pieces }) => sum + sumOf(pieces), 0) : undefined;
  return { totalResults, nextCursor };
}

function pageOf(asked: Asked): Promise<Page> {
  const { request, parts } = asked;
  const { filter, sorting, cursor } = request;
  if (parts.every(isShort) && (filter || sorting)) return pageOfAll(asked);
  if (sorting) {
    throw tooMany(
      `lists of more than ${MOST_LOOKED_AT} resources are not sorted: filter by what is indexed, or leave sortBy out`,
    );
  }
  if (cursor !== undefined) return pageByCursor(asked);
  if (!filter) return pageByIndex(asked);
  throw tooMany(
    `the source has more than ${MOST_LOOKED_AT} resources to look at: compare id, externalId, userName, displayName of a group, members or emails by eq, or ask page by page with cursor=`,
  );
}

/**
 * The resources of some types that a request asks for, with what is selected of them; strongly consistent. `totalResults` is always
 * right: a list of more than 2,000 is not looked through for it but refused, with `scim.too_many`; by cursor such a list is read in pages
 * without a total. Throws `scim.invalid_filter`, `scim.invalid_path` (sortBy), `scim.invalid_cursor`, `scim.expired_cursor`, `scim.too_many`.
 */
export async function listResources(
  service: Service,
  types: readonly ResourceType[],
  request: ListRequest,
): Promise<Readonly<Record<string, unknown>>> {
  const tests = testsOf(types, request);
  const { filter, sorting } = request;
  if (sorting) sortPlace(types, sorting.by);
  const lookups = types.map((type) => filter && lookupsOf(type, filter));
  const isFound = lookups.every((one) => one !== undefined);
  const parts = await Promise.all(
    types.map(async (type, at): Promise<Part> => {
      const pieces = isFound ? [] : await readPieces(service, type);
      return { type, test: tests.get(type.id), lookups: lookups[at], pieces };
    }),
  );
  const { found, head } = await pageOf({ service, request, parts });
  return listResponse(
    found.map(({ type, resource }) => select(type, resource, request)),
    head,
  );
}

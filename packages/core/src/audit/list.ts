import { type AuditRecord, auditRecord } from "@cadastre/contract/audit/record";
import { ProblemError } from "@cadastre/contract/errors";
import * as z from "zod";
import type { Context } from "../context.ts";
import { createCursors } from "../cursor.ts";
import { inOrder } from "../in-order.ts";
import type { Listed, ListOptions } from "../lists.ts";
import { type Merged, mergedQuery } from "../merged-query.ts";
import { AuditEntryItem, fromStored, listPartition } from "./items.ts";
import { listFor } from "./lists.ts";
import { type LogWalk, type Placed, readRecords, walkLog } from "./log.ts";
import { type AuditMatch, matcherOf } from "./match.ts";
import { createOpenRecord, type OpenRecord } from "./personal.ts";

/** Bounds of one page's work; a page that reaches it ends early, with a cursor to go on from. */
const MOST_RECORDS = 4800;
/** Of a list, whose records are read one by one. */
const MOST_LISTED = 2000;
const READ_AT_ONCE = 100;

export interface AuditFilter extends AuditMatch {
  /** ISO times; both inclusive. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  /** Newest first unless it says otherwise. */
  readonly order?: "newest" | "oldest" | undefined;
}

/** A page ended at this sort key. */
const position = z.string().min(1).max(200);

/** A normal form, so that texts compare as times do. */
function toIso(time: string, path: string): string {
  const parsed = new Date(time);
  if (!Number.isNaN(parsed.getTime())) return parsed.toISOString();
  throw new ProblemError("request.invalid", `${path}: must be an ISO time`, {
    errors: [{ path, message: "must be an ISO time" }],
  });
}

/** After every sort key of the time: ids begin with letters. */
const afterAll = (at: string): string => `${at}#~`;

/** Those of a list, read by their entries, some at a time. */
async function* ofList(
  { table }: Pick<Context, "table">,
  list: string,
  { most: _, ...walk }: LogWalk,
): AsyncGenerator<Placed> {
  const entries = mergedQuery(table, AuditEntryItem, { partitions: [listPartition(list)], ...walk, consistent: true });
  const size = Math.min(READ_AT_ONCE, walk.expected);
  let group: Merged<{ readonly at: string; readonly id: string }>[] = [];
  async function* read() {
    const found = await readRecords(
      table,
      group.map(({ item: { at, id } }) => ({ at, id })),
    );
    for (const [place, item] of found.entries()) {
      // Retention takes entries and records in several commits.
      if (item) yield { sk: (group[place] as (typeof group)[number]).sk, item };
    }
    group = [];
  }
  for await (const entry of entries) {
    group.push(entry);
    if (group.length === size) yield* read();
  }
  yield* read();
}

interface Found extends Placed {
  readonly open: OpenRecord;
}

/** The records of one organization, with what opens them. */
async function* recordsIn(
  { table }: Pick<Context, "table">,
  list: string | undefined,
  walk: LogWalk,
): AsyncGenerator<Found> {
  const open = createOpenRecord(table);
  const records = list === undefined ? walkLog(table, walk) : ofList({ table }, list, walk);
  for await (const record of records) yield { ...record, open };
}

/**
 * The audit log, newest first unless the oldest are asked for. By entity, actor, action or outcome it is read by a list of those where there
 * is one. A page looks at 4,800 records at the most, of a list at 2,000; with a filter that few records match it may hold
 * fewer than `limit`, even none, and still have a cursor. Throws 422 `cursor.invalid`, `request.invalid`.
 */
export function listAudit(context: Context, options: ListOptions & AuditFilter): Promise<Listed<AuditRecord>> {
  return listAuditOf([context], "audit", options);
}

/**
 * The logs of several organizations as one, in the order of their times: what a page reads of each it reads of all, and it looks at as many records as one of a
 * single log does. `name` binds cursors to the list. Throws the same.
 */
export async function listAuditOf(
  contexts: readonly Pick<Context, "table">[],
  name: string,
  options: ListOptions & AuditFilter,
): Promise<Listed<AuditRecord>> {
  const { limit, cursor, since, until, order = "newest", ...match } = options;
  const cursors = createCursors(name, { ...match, since, until, order }, position);
  const reverse = order === "newest";
  const at = cursor === undefined ? undefined : cursors.decode(cursor);
  const first = since === undefined ? undefined : toIso(since, "since");
  const last = until === undefined ? undefined : afterAll(toIso(until, "until"));
  const matcher = matcherOf(match);
  const list = listFor(matcher.listedBy);
  const most = list === undefined ? MOST_RECORDS : MOST_LISTED;
  const isFiltering = matcher.isFiltering(list !== undefined);
  const walk = {
    after: reverse ? first : (at ?? first),
    before: reverse ? (at ?? last) : last,
    reverse,
    expected: Math.ceil((isFiltering ? MOST_RECORDS : limit) / contexts.length),
    most: isFiltering ? most : Math.min(limit, most),
  };
  const records = inOrder(
    contexts.map((context) => recordsIn(context, list, walk)),
    (one, other) => (reverse ? one.sk > other.sk : one.sk < other.sk),
  );
  const items: AuditRecord[] = [];
  let seen = 0;
  for await (const { sk, item, open } of records) {
    seen++;
    const record = fromStored(item);
    if (matcher.matches(record)) {
      const shown = await open(auditRecord.parse(record));
      if (matcher.says(shown)) items.push(shown);
    }
    if (items.length === limit || seen === most) return { items, cursor: cursors.encode(sk) };
  }
  return { items };
}

import { ProblemError } from "@cadastre/contract/errors";
import type { AuditRecord } from "@cadastre/contract/view";
import { auditRecord } from "@cadastre/contract/view";
import * as z from "zod";
import type { Context } from "../context.ts";
import { AuditItem, auditPartition } from "./items.ts";
import type { Listed, ListOptions } from "./paging.ts";

/** No record is older: the first month of the product. */
const FIRST_MONTH = "2026-01";
/** Bounds of one page's work; a page that reaches one ends early, with a cursor to go on from. */
const MOST_QUERIES = 24;
const RECORDS_PER_QUERY = 200;

export interface AuditFilter {
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  readonly target?: string | undefined;
  /** ISO times; both inclusive. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

/** Where a page ended: in this month, before this sort key (from its end when absent). */
const position = z.strictObject({
  month: z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/),
  before: z.string().min(1).max(200).optional(),
});
type Position = z.output<typeof position>;

function encodeCursor(at: Position): string {
  return Buffer.from(JSON.stringify(at)).toString("base64url");
}

function decodeCursor(cursor: string): Position {
  try {
    return position.parse(JSON.parse(Buffer.from(cursor, "base64url").toString("utf8")));
  } catch {
    throw new ProblemError(
      "cursor.invalid",
      "the cursor is not of the audit log; pass back the one of the page before",
    );
  }
}

function monthBefore(month: string): string {
  const [year, number] = month.split("-").map(Number) as [number, number];
  return number === 1 ? `${year - 1}-12` : `${year}-${String(number - 1).padStart(2, "0")}`;
}

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

/**
 * The audit log, newest first, over all months. A page reads at most 24 times 200 records; with a filter that few records
 * match it may hold fewer than `limit`, even none, and still have a cursor. Throws 422 `cursor.invalid`, `request.invalid`.
 */
export async function listAudit(context: Context, options: ListOptions & AuditFilter): Promise<Listed<AuditRecord>> {
  const { limit, actor, action, target } = options;
  const since = options.since === undefined ? FIRST_MONTH : toIso(options.since, "since");
  const until = options.until === undefined ? undefined : toIso(options.until, "until");
  const firstMonth = since > FIRST_MONTH ? since.slice(0, 7) : FIRST_MONTH;
  const isFiltered = actor !== undefined || action !== undefined || target !== undefined;
  const matches = (record: AuditRecord): boolean =>
    (actor === undefined || record.actor === actor) &&
    (action === undefined || record.action === action) &&
    (target === undefined || record.target === target);

  let at = firstPosition(until, context.now());
  if (options.cursor !== undefined) at = earlier(decodeCursor(options.cursor), at);
  const items: AuditRecord[] = [];
  for (let queries = 0; at.month >= firstMonth; queries++) {
    if (queries === MOST_QUERIES) return { items, cursor: encodeCursor(at) };
    const page = await context.table.query(AuditItem, {
      partition: auditPartition(at.month),
      ...(at.before === undefined ? {} : { sort: { before: at.before } }),
      reverse: true,
      limit: isFiltered ? RECORDS_PER_QUERY : Math.min(RECORDS_PER_QUERY, limit - items.length),
      consistent: true,
    });
    for (const record of page.items) {
      if (record.at < since) return { items };
      at = { month: at.month, before: AuditItem.keyOf(record).sk };
      if (!matches(record)) continue;
      items.push(auditRecord.parse(record));
      if (items.length === limit) return { items, cursor: encodeCursor(at) };
    }
    if (page.cursor === undefined) at = { month: monthBefore(at.month) };
  }
  return { items };
}

function firstPosition(until: string | undefined, now: Date): Position {
  if (until === undefined) return { month: now.toISOString().slice(0, 7) };
  return { month: until.slice(0, 7), before: afterAll(until) };
}

/** A position of this or another list never leads past this list's own beginning. */
function earlier(one: Position, other: Position): Position {
  const keyOf = ({ month, before }: Position) => before ?? `${month}~`;
  return keyOf(one) < keyOf(other) ? one : other;
}

import { ProblemError } from "@cadastre/contract/errors";
import type { AuditRecord } from "@cadastre/contract/view";
import { auditRecord } from "@cadastre/contract/view";
import * as z from "zod";
import type { Context } from "../context.ts";
import { createCursors } from "../cursor.ts";
import type { Listed, ListOptions } from "../lists.ts";
import { mergedQuery } from "../merged-query.ts";
import { AUDIT_PARTITIONS, AuditItem } from "./items.ts";

/** Bounds of one page's work; a page that reaches it ends early, with a cursor to go on from. */
const MOST_RECORDS = 4800;

export interface AuditFilter {
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  readonly target?: string | undefined;
  /** ISO times; both inclusive. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
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

/**
 * The audit log, newest first. A page looks at 4,800 records at the most; with a filter that few records match it may hold
 * fewer than `limit`, even none, and still have a cursor. Throws 422 `cursor.invalid`, `request.invalid`.
 */
export async function listAudit(context: Context, options: ListOptions & AuditFilter): Promise<Listed<AuditRecord>> {
  const { limit, cursor, actor, action, target, since, until } = options;
  const cursors = createCursors("audit", { actor, action, target, since, until }, position);
  const from = since === undefined ? undefined : toIso(since, "since");
  const to = until === undefined ? undefined : afterAll(toIso(until, "until"));
  const isFiltered = actor !== undefined || action !== undefined || target !== undefined;
  const matches = (record: AuditRecord): boolean =>
    (actor === undefined || record.actor === actor) &&
    (action === undefined || record.action === action) &&
    (target === undefined || record.target === target);
  const records = mergedQuery(context.table, AuditItem, {
    partitions: AUDIT_PARTITIONS,
    after: from,
    before: cursor === undefined ? to : cursors.decode(cursor),
    reverse: true,
    expected: isFiltered ? MOST_RECORDS : limit,
    consistent: true,
  });
  const items: AuditRecord[] = [];
  let seen = 0;
  for await (const { sk, item } of records) {
    seen++;
    if (matches(item)) items.push(auditRecord.parse(item));
    if (items.length === limit || seen === MOST_RECORDS) return { items, cursor: cursors.encode(sk) };
  }
  return { items };
}

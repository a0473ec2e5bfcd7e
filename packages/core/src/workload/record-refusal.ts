import { recordAs } from "../audit/commit-recorded.ts";
import type { Context } from "../context.ts";

/** Refusals of one rule in one minute that are recorded whole; the rest is counted by address, as those of all unknown callers are. */
const WHOLE_RECORDS = 10;
const MOST_RULES = 1000;
const MINUTE = 60_000;
const MOST_REASON = 300;

interface Refused {
  readonly rule: string;
  readonly reason: string;
}

interface Call {
  readonly requestId: string;
  readonly address?: string | undefined;
  readonly userAgent?: string | undefined;
}

/** Records that a rule was not met, in the log of its organization. */
export type RecordRefusal = (own: Context, call: Call, refused: Refused) => Promise<void>;

const MOST_AGENT = 256;

/** Makes what records refusals: of each rule ten a minute, so that who knows its id cannot flood the log. One commit with one record. */
export function createRefusalRecords(now: Context["now"]): RecordRefusal {
  const counts = new Map<string, { readonly minute: number; count: number }>();
  return async function recordRefusal(own, { requestId, address, userAgent }, { rule, reason }) {
    const minute = Math.floor(now().getTime() / MINUTE);
    const before = counts.get(rule);
    const counted = before?.minute === minute ? before : { minute, count: 0 };
    counted.count += 1;
    counts.delete(rule);
    counts.set(rule, counted);
    for (const oldest of counts.keys()) if (counts.size > MOST_RULES) counts.delete(oldest);
    if (counted.count > WHOLE_RECORDS) return;
    const who = {
      actor: { type: "unknown", id: "unknown", name: "unknown" },
      requestId,
      ...(address === undefined ? {} : { address }),
      ...(userAgent === undefined ? {} : { userAgent: userAgent.slice(0, MOST_AGENT).toWellFormed() }),
    };
    const detail = { code: "grant.refused", reason: reason.slice(0, MOST_REASON).toWellFormed() };
    const entry = { action: "token.exchange", target: rule, outcome: "denied", detail } as const;
    await own.table.commit(await recordAs(own, who, entry));
    if (own.attempt) own.attempt.isRefusalRecorded = true;
  };
}

import type { Change } from "@cadastre/contract/change";
import type { ChangeType } from "@cadastre/contract/changes";
import { put, type Write } from "@cadastre/store/table";
import type { Context } from "../context.ts";
import type { Subject } from "../subject.ts";
import { EventItem, FeedItem } from "./items.ts";

/** That a subject changed, as its writer knows it. */
export interface SubjectChange {
  readonly subject: Subject;
  /** Natural id, or name, as people know it. */
  readonly id: string;
  readonly type: ChangeType;
  /** ISO time, not before the subject's last change by the same writer: `laterOf`. */
  readonly at: string;
  /** `o` for what was observed or decided, `s` for what was said; each has its own numbers. */
  readonly stream: "o" | "s";
  readonly sequence: number;
  readonly actor: string;
  readonly run?: string | undefined;
  readonly changes: readonly Change[];
  readonly place: Readonly<Partial<Record<"kind" | "provider" | "account" | "region" | "network", string | undefined>>>;
}

const DAY_SECONDS = 86_400;

/** The time of a change, not before the change before it: clocks differ between writers and are set back. */
export const laterOf = (at: string, before: string | undefined): string =>
  before !== undefined && before > at ? before : at;

/**
 * The writes that tell of a change: a feed item, and an event with before and after unless the change is a creation, of
 * which the subject itself says all. They belong in the change's own commit. Repeated, they are the same items.
 */
export function recordChange(context: Pick<Context, "retentionDays">, change: SubjectChange): Write[] {
  const { subject, id, type, at, stream, sequence, actor, run, place } = change;
  const detailed = type !== "created";
  const common = { subject, at, stream, sequence, type, actor, ...(run === undefined ? {} : { run }) };
  const known = Object.fromEntries(Object.entries(place).filter(([, value]) => value !== undefined));
  const expiresAtSeconds = Math.floor(Date.parse(at) / 1000) + context.retentionDays * DAY_SECONDS;
  const feed = put(FeedItem, {
    ...common,
    ...known,
    id,
    detailed,
    expiresAtSeconds,
  });
  return detailed ? [put(EventItem, { ...common, changes: [...change.changes] }), feed] : [feed];
}

import { create, replace, type Stored, type Write } from "@cadastre/store/table";
import { changesBetween } from "../../changes.ts";
import type { Context } from "../../context.ts";
import { recordChange } from "../../feed/record-change.ts";
import { DriftItem } from "./items.ts";

const shown = ({ state, evidence, until, reason }: DriftItem) => ({ state, evidence, until, reason });

/**
 * The writes of drift that was opened, is another, or is resolved, at the version that was read, and that this is so, for those who follow
 * changes. Who is limited to accounts is told of none: it reaches no space.
 */
export function driftWrites(
  context: Context,
  stored: Stored<DriftItem> | undefined,
  next: DriftItem,
  actor: string,
): Write[] {
  const type =
    next.state === "resolved" ? "resolved" : (stored?.state ?? "resolved") === "resolved" ? "opened" : "updated";
  return [
    stored ? replace(DriftItem, next, stored.version) : create(DriftItem, next),
    ...recordChange(context, {
      subject: { type: "drift", key: next.id },
      id: `${next.kind} ${next.prefix}`,
      type,
      at: next.changedAt,
      stream: "o",
      sequence: next.revision,
      actor,
      changes: changesBetween(stored ? shown(stored) : {}, shown(next)),
      place: {},
    }),
  ];
}

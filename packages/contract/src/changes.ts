import * as z from "zod";
import { change } from "./change.ts";
import { kindName, provider } from "./scope.ts";

/** What can happen to a resource, a planned prefix, drift, a hold, and what a scope can turn. */
export const CHANGE_TYPES = [
  "created",
  "updated",
  "retired",
  "returned",
  "annotated",
  "opened",
  "approved",
  "rejected",
  "lifted",
  "finished",
  "complete",
  "partial",
  "failed",
  "skipped",
  "stale",
  "forgotten",
  "deleted",
  "resolved",
] as const;
export const changeType = z.enum(CHANGE_TYPES);
export type ChangeType = z.output<typeof changeType>;

/** Something changed, as the feed of changes tells it: what, where, who, and from what to what. */
export const changeEntry = z.object({
  id: z.string().meta({ description: "Where it stands in the feed; the id of its event in the stream" }),
  at: z.iso.datetime(),
  type: changeType.meta({
    description:
      "created, updated, retired, returned, annotated; of a hold opened, approved, rejected, lifted, finished (all of it is retired); of a scope what it turned: complete, partial, failed, skipped, stale, or forgotten by an operator; of a planned prefix created, updated, deleted; of drift opened, updated, resolved",
  }),
  subject: z.object({
    type: z.string().meta({ description: "resource, scope, hold, account, ip, drift" }),
    id: z.string().meta({ description: "Natural id, or name" }),
    key: z.string().meta({ description: "Short id: `res_…` of a resource" }),
  }),
  kind: kindName.optional(),
  provider: provider.optional(),
  account: z.string().optional(),
  region: z.string().optional(),
  network: z.string().optional(),
  actor: z.string().meta({ description: "Collector or operator" }),
  run: z.string().optional(),
  changes: z.array(change).meta({ description: "Each path with its value before and after; empty for a creation" }),
});
export type ChangeEntry = z.output<typeof changeEntry>;

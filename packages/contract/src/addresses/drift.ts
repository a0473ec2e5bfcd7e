import * as z from "zod";
import { idSchema } from "../ids.ts";
import { namedValues } from "../names.ts";

export const DRIFT_KINDS = [
  "unmanaged",
  "orphaned",
  "prefix_changed",
  "name_differs",
  "tag_differs",
  "duplicate",
  "outside_parent",
  "overlapping_peer",
  "reservation_mismatch",
] as const;
export const driftKind = z.enum(DRIFT_KINDS);
export type DriftKind = z.output<typeof driftKind>;

export const DRIFT_STATES = ["open", "acknowledged", "ignored", "resolved"] as const;
export const driftState = z.enum(DRIFT_STATES);
export type DriftState = z.output<typeof driftState>;

/** That what is planned and what a cloud has are not the same. */
export const drift = z.object({
  id: idSchema("drift").meta({
    description: "Follows from space, prefix, kind, subject and attribute: the same again has the same id",
  }),
  kind: driftKind,
  state: driftState,
  prefix: z.string(),
  subject: z.string().meta({ description: "A planned prefix by its id, or a network or subnet by its natural id" }),
  attribute: z.string().meta({ description: "What of the subject: its prefix, its name, or a tag by its name" }),
  evidence: namedValues().meta({
    description: "What was found on both sides; another one opens again what is ignored",
  }),
  since: z.iso.datetime().meta({ description: "When it was opened" }),
  changedAt: z.iso.datetime(),
  until: z.iso.datetime().optional().meta({ description: "Ignored until then" }),
  reason: z.string().optional().meta({ description: "Of who acknowledged, ignored or resolved it" }),
  by: z.string().optional().meta({ description: "Who that was; absent for what ended by itself" }),
});
export type Drift = z.output<typeof drift>;

const reason = z.string().trim().max(1000).default("").meta({ description: "Kept with the decision" });

export const driftDecision = z.strictObject({ reason });
export type DriftDecision = z.output<typeof driftDecision>;

export const driftIgnorance = z.strictObject({
  reason,
  until: z.iso
    .datetime({ offset: true })
    .optional()
    .meta({ description: "It is open again from then on; without it, until the evidence changes" }),
});
export type DriftIgnorance = z.output<typeof driftIgnorance>;

import * as z from "zod";
import { idSchema } from "./ids.ts";

const name = z.string().trim().min(1).max(128);
const text = z.string().min(1).max(16_384).meta({ description: "Cedar; one or more permit and forbid statements" });
const description = z.string().max(4000);

export const newPolicy = z.strictObject({
  name,
  text,
  description: description.default(""),
  priority: z.int().min(0).max(9999).default(100).meta({ description: "Where lists show it. It decides nothing" }),
});
export type NewPolicy = z.output<typeof newPolicy>;

export const policy = z.object({
  id: idSchema("policy"),
  ...newPolicy.shape,
  revision: z.int().meta({ description: "Counted from 1; each PUT makes the next one" }),
  createdAt: z.iso.datetime(),
  createdBy: z.string(),
  updatedAt: z.iso.datetime(),
  updatedBy: z.string(),
  version: z.int(),
});
export type Policy = z.output<typeof policy>;

/** A policy as it was made once, or changed. */
export const policyRevision = z.object({
  policy: idSchema("policy"),
  ...newPolicy.shape,
  revision: z.int(),
  parent: z.int().optional().meta({ description: "The revision that it was made of; absent for the first one" }),
  author: z.string(),
  at: z.iso.datetime(),
});
export type PolicyRevision = z.output<typeof policyRevision>;

/** What a policy, or a simulation, is asked about, as text: `user/usr_…`, `account/aws/123456789012`. */
export const whoText = z
  .string()
  .max(128)
  .regex(/^(?:user\/usr|service-account\/sva)_[0-9A-HJKMNP-TV-Z]{26}$/, "user/usr_… or service-account/sva_…");
/** The same, or a collector, of which is asked what its signature lets it do. */
export const signerText = z
  .string()
  .max(128)
  .regex(
    /^(?:user\/usr|service-account\/sva|collector\/col)_[0-9A-HJKMNP-TV-Z]{26}$/,
    "user/usr_…, service-account/sva_… or collector/col_…",
  );
export const whatText = z
  .string()
  .max(512)
  .regex(
    /^(?:system|organization|address-space|project|account|credential|resource)\/.+$/,
    "a type and an id, such as organization/org_… or account/aws/123456789012",
  );
export const actionText = z
  .string()
  .max(64)
  .regex(/^[a-z-]+:[a-z-]+$/, "area:verb, such as resources:read");

const DECISIONS = ["allow", "deny"] as const;

/** How a question is decided, and by what. */
export const explanation = z.object({
  decision: z.enum(DECISIONS),
  policies: z.array(z.string()).meta({
    description: "The role bindings (rbd_…) and policies (pol_…) that decided; none when nothing allows it",
  }),
  missing: z.array(z.string()).meta({ description: "What would have to be so for it to be allowed; empty when it is" }),
});
export type Explanation = z.output<typeof explanation>;

const question = z.strictObject({ principal: whoText, action: actionText, resource: whatText });

export const simulation = z.strictObject({
  policies: z
    .array(z.strictObject({ name, text }))
    .max(20)
    .meta({ description: "Added to what stands, or in place of the policy of the same name" }),
  sinceDays: z
    .int()
    .min(1)
    .max(90)
    .optional()
    .meta({ description: "Decides the recorded requests of so many days again" }),
  questions: z.array(question).max(100).optional(),
});
export type Simulation = z.output<typeof simulation>;

export const simulated = z.object({
  decisions: z.array(question.extend(explanation.shape).extend({ before: z.enum(DECISIONS) })),
  changes: z.array(
    z.object({
      audit: idSchema("audit"),
      before: z.enum(DECISIONS),
      after: z.enum(DECISIONS),
      policy: z
        .string()
        .optional()
        .meta({ description: "What decides it then; absent when nothing allows it any more" }),
    }),
  ),
  examined: z.int().meta({ description: "Recorded requests that were decided again" }),
  complete: z.boolean().meta({ description: "Whether those are all of the time that was asked for" }),
});
export type Simulated = z.output<typeof simulated>;

/** Somebody who may do what was asked. */
export const whoCan = z.object({
  principal: whoText,
  name: z.string(),
  policies: z.array(z.string()),
});
export type WhoCan = z.output<typeof whoCan>;

/** What somebody may do in a place. */
export const whatCan = z.object({ resource: whatText, actions: z.array(z.string()) });
export type WhatCan = z.output<typeof whatCan>;

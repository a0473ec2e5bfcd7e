import * as z from "zod";
import { change } from "./change.ts";
import { idSchema } from "./ids.ts";
import { RELATIONS } from "./kinds/kind.ts";
import { namedTexts, namedValues } from "./names.ts";
import { kindName, provider } from "./scope.ts";

/** A resource as the API shows it: what was observed, and beside it what operators say. */
export const resource = z.object({
  id: z.string().meta({ description: "Natural id" }),
  key: z
    .string()
    .regex(/^res_[0-9a-f]{32}$/)
    .meta({ description: "Short id, made from the kind and the natural id" }),
  kind: kindName,
  provider,
  account: z.string().meta({ description: "The account that owns it" }),
  region: z.string(),
  network: z.string().optional(),
  name: z.string(),
  tags: namedTexts(),
  status: z.enum(["active", "retired"]),
  attributes: namedValues(),
  volatile: namedValues(),
  observedBy: z.array(z.object({ source: z.string(), scope: z.string() })),
  confirmed: z.boolean().meta({
    description:
      "Whether the account that owns it says so itself, by a collector that was not revoked. Else it is what others report of that account's property, or what a revoked collector said",
  }),
  reportedBy: z.array(z.string()).optional().meta({
    description: "Of what is not confirmed: the accounts (`aws/…`) whose collectors report it now; may be empty",
  }),
  notes: z.string(),
  owner: z.string(),
  firstSeenAt: z.iso.datetime(),
  changedAt: z.iso.datetime().meta({ description: "Last change that a collector saw" }),
  lastSeenAt: z.iso.datetime().optional().meta({ description: "Last complete run of a scope that has it" }),
  retiredAt: z.iso.datetime().optional(),
  version: z
    .int()
    .meta({ description: "Of what operators say, which is all that they can change; 0 when nothing was said" }),
});
export type Resource = z.output<typeof resource>;

/** How another resource stands to one: `to` it from the one, or `from` it to the one. */
export const relatedResource = z.object({
  relation: z.enum(RELATIONS),
  direction: z.enum(["to", "from"]).meta({ description: "`to`: this one names the other; `from`: the other names it" }),
  id: z.string().meta({ description: "Natural id of the other" }),
  resource: resource.optional().meta({
    description: "The other; absent when the register does not have it, or has it where the token may not read",
  }),
});
export type RelatedResource = z.output<typeof relatedResource>;

export const COUNTED = ["status", "kind", "provider", "account", "region"] as const;
/** How many resources have these values. */
export const resourceCount = resource
  .pick({ status: true, kind: true, provider: true, account: true, region: true })
  .partial()
  .extend({
    count: z.int().meta({ description: "Each resource once, for the account that owns it" }),
    shared: z
      .int()
      .optional()
      .meta({ description: "Of an account: what others own and share with it, beside `count`" }),
  });
export type ResourceCount = z.output<typeof resourceCount>;

export const resourcePatch = z
  .strictObject({ notes: z.string().max(10_000).optional(), owner: z.string().trim().max(256).optional() })
  .refine((patch) => patch.notes !== undefined || patch.owner !== undefined, "give notes, owner, or both");
export type ResourcePatch = z.output<typeof resourcePatch>;

export const resourceEvent = z.object({
  sequence: z.int(),
  at: z.iso.datetime(),
  type: z.enum(["created", "updated", "retired", "returned", "annotated"]),
  actor: z.string().meta({ description: "Collector or operator" }),
  run: z.string().optional(),
  changes: z.array(change).meta({ description: "Each path with its value before and after" }),
});
export type ResourceEvent = z.output<typeof resourceEvent>;

export const auditRecord = z.object({
  id: idSchema("audit"),
  at: z.iso.datetime(),
  actor: z.string().meta({ description: "user:…, service-account:…, collector:… or system" }),
  action: z.string().meta({ description: "area.verb, such as credential.reveal" }),
  target: z.string(),
  outcome: z.enum(["done", "denied", "failed"]),
  requestId: z.string(),
  changes: z
    .array(change)
    .meta({ description: "What changed, each path with its value before and after; never of a secret" }),
  detail: namedValues(),
});
export type AuditRecord = z.output<typeof auditRecord>;

/** A list's envelope: pass `cursor` back to get what follows; there is no more when it is absent. */
export function page<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), cursor: z.string().optional() });
}

export const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.string(),
  detail: z.string(),
  requestId: z.string(),
  errors: z.array(
    z.object({
      path: z.string(),
      message: z.string(),
      line: z.int().optional().meta({ description: "Within a text, from 1" }),
      column: z.int().optional(),
    }),
  ),
  error: z.object({ code: z.string(), message: z.string() }),
});
export type Problem = z.output<typeof problem>;

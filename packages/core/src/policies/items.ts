import { policy, policyRevision } from "@cadastre/contract/policy";
import { defineEntity, type ItemOf } from "@cadastre/store/entity";
import * as z from "zod";

export const POLICIES_PARTITION = "policies";

const uid = z.object({ type: z.string(), id: z.string() });
const constraint = z.object({ is: z.string().optional(), same: uid.optional(), within: uid.optional() });

/** A statement as it was read when the policy was stored: reading it takes longer than deciding by it. */
const statement = z.object({
  text: z.string(),
  effect: z.enum(["permit", "forbid"]),
  scope: z.object({ principal: constraint, actions: z.array(z.string()).readonly().optional(), resource: constraint }),
  looksAtResource: z.boolean(),
  looksAtThing: z.boolean().optional(),
  spaces: z.array(z.string()).readonly().optional(),
});

export const PolicyItem = defineEntity({
  type: "policy",
  about: "A policy with its statements as they were checked. All of an organization are read when one has changed",
  schema: policy.omit({ version: true }).extend({ statements: z.array(statement) }),
  key: { partition: () => POLICIES_PARTITION, sort: (of: { id: string }) => of.id },
});
export type PolicyItem = ItemOf<typeof PolicyItem>;

export const PolicyNameItem = defineEntity({
  type: "policy-name",
  about: "Holds a policy's name, so that two of an organization cannot have it",
  schema: z.object({ name: z.string(), policy: z.string() }),
  key: { partition: (of: { name: string }) => `policy-name#${of.name}`, sort: () => "name" },
});

export const revisionsPartition = (policy: string): string => `policy-revisions#${policy}`;

export const PolicyRevisionItem = defineEntity({
  type: "policy-revision",
  about: "A policy as it was made, or changed, with its author. Written once for each",
  schema: policyRevision,
  key: {
    partition: (of: { policy: string; revision: number }) => revisionsPartition(of.policy),
    sort: (of: { policy: string; revision: number }) => String(of.revision).padStart(9, "0"),
  },
});

export const AdminsTurnItem = defineEntity({
  type: "admins-turn",
  about:
    "When somebody was last taken from those who administer the system: each such change is at its version, so that two do not take the last two",
  global: true,
  schema: z.object({ turnedAt: z.string() }),
  key: { partition: () => "admins-turn", sort: () => "turn" },
});

import { trustRule } from "@cadastre/contract/trust-rule";
import { defineEntity, type ItemOf } from "@cadastre/store/entity";
import * as z from "zod";

export const TrustRuleItem = defineEntity({
  type: "trust-rule",
  about: "Whose tokens are exchanged for those of a service account. Read strongly with each exchange",
  global: true,
  schema: trustRule.omit({ version: true }).extend({
    organization: z.string().meta({ description: "Whose it is" }),
  }),
  key: { partition: (of: { id: string }) => `trust-rule#${of.id}`, sort: () => "rule" },
});
export type TrustRuleItem = ItemOf<typeof TrustRuleItem>;

export const TRUST_RULES_PARTITION = "trust-rules";

export const TrustRuleListItem = defineEntity({
  type: "trust-rule-list",
  about: "The ids of trust rules, oldest first. Written once for each, and removed with it",
  schema: z.object({ id: z.string() }),
  key: { partition: () => TRUST_RULES_PARTITION, sort: (of: { id: string }) => of.id },
});

export const SubjectUseItem = defineEntity({
  type: "subject-use",
  about: "That a subject token that counts once was exchanged, for as long as it could pass as good",
  global: true,
  schema: z.object({
    slot: z
      .string()
      .meta({ description: "SHA-256 over rule, issuer and the token's id, or an AWS request's signature" }),
    expiresAt: z.int(),
  }),
  key: { partition: (of: { slot: string }) => `subject-use#${of.slot}`, sort: () => "use" },
  expires: "expiresAt",
});

import { defineEntity, type ItemOf } from "@cadastre/store/entity";
import * as z from "zod";
import { type Subject, subject, subjectPartition } from "../subject.ts";

export const SaidItem = defineEntity({
  type: "said",
  about: "What people say of a subject, beside what is observed of it and with a version of its own. No sync writes it",
  schema: z.object({
    subject,
    notes: z.string(),
    owner: z.string(),
    changedAt: z.string(),
    /** Number of the last event of this item. */
    sequence: z.int(),
  }),
  key: { partition: (of: { subject: Subject }) => subjectPartition(of.subject), sort: () => "said" },
});
export type SaidItem = ItemOf<typeof SaidItem>;

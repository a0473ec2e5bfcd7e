import * as z from "zod";

/** A change that a consumer could not take after all attempts. */
export const deadLetter = z.object({
  id: z.string().meta({ description: "Of the change" }),
  consumer: z.string(),
  subject: z.string().meta({ description: "Natural id or name of what changed" }),
  type: z.string(),
  at: z.iso.datetime(),
  failedAt: z.iso.datetime(),
  attempts: z.int(),
  code: z.string().meta({ description: "Of the last error" }),
  state: z.enum(["waiting", "replaying"]),
});
export type DeadLetter = z.output<typeof deadLetter>;

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

/** How far a consumer of the feed is. One that is told by the table's stream has no place of its own: the stream keeps it. */
export const consumerState = z.object({
  consumer: z.string(),
  by: z.enum(["checkpoints", "stream"]).meta({
    description: "What keeps its place: its own checkpoints, or the stream of the table, in a deployment in AWS",
  }),
  reachedAt: z.iso
    .datetime()
    .optional()
    .meta({ description: "Everything before this time was taken or set aside; absent when a stream keeps its place" }),
  failing: z
    .array(z.object({ code: z.string(), attempts: z.int(), retryAt: z.iso.datetime() }))
    .meta({ description: "Changes that are told again later; a stream tells again at once, or sets aside" }),
  deadLetters: z.int().meta({ description: "How many wait; 1,000 stands for more" }),
});
export type ConsumerState = z.output<typeof consumerState>;

import * as z from "zod";

export const userCodeBody = z.strictObject({ code: z.string().max(64) });

/** A client that waits for a person's approval: what it says of itself, and from where it asks. */
export const clientLogin = z.object({
  clientName: z.string().meta({ description: "As the client calls itself: nobody has proved that" }),
  address: z.string().optional().meta({ description: "From where it asks" }),
  userAgent: z.string().optional(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().meta({ description: "Until when it can be approved" }),
  tokenExpiresAt: z.iso.datetime().meta({ description: "When a token would end that it is given now" }),
});
export type ClientLogin = z.output<typeof clientLogin>;

import { defineEntity, type ItemOf } from "@cadastre/store/entity";
import { create, type Write } from "@cadastre/store/table";
import * as z from "zod";

export const ClaimItem = defineEntity({
  type: "idempotency-claim",
  about:
    "A creation that was done under an Idempotency-Key, written in the creation's own commit. Holds no request and no answer",
  global: true,
  schema: z.object({
    slot: z.string().meta({ description: "SHA-256 over actor and key" }),
    fingerprint: z.string().meta({ description: "HMAC of the request under the key, which is not kept" }),
    target: z.string().meta({ description: "What was created, as its audit record names it" }),
    at: z.string(),
    expiresAt: z.int(),
  }),
  key: { partition: (of: { slot: string }) => `idempotency#${of.slot}`, sort: () => "claim" },
  expires: "expiresAt",
});
export type ClaimItem = ItemOf<typeof ClaimItem>;

/** Another request with the same key was faster. */
export class ClaimTakenError extends Error {}

/** The claim of one request: the first recorded commit that succeeds takes it, so that the two are one. */
export interface IdempotencyClaim {
  /** The write that takes it for what is done to `target`; nothing once it is taken. */
  readonly writeFor: (target: string) => Write | undefined;
  readonly taken: () => void;
}

export function createClaim(claim: Omit<ClaimItem, "target">): IdempotencyClaim {
  let isTaken = false;
  return {
    writeFor: (target) => (isTaken ? undefined : create(ClaimItem, { ...claim, target })),
    taken: () => {
      isTaken = true;
    },
  };
}

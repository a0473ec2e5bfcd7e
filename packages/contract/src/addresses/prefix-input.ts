import { AddressError } from "@cadastre/net/address-error";
import { formatPrefix, parsePrefix } from "@cadastre/net/prefix";
import * as z from "zod";

const MOST = 64;

function read(text: string, allowAddress: boolean, context: z.core.$RefinementCtx): string {
  try {
    return formatPrefix(parsePrefix(text, { allowAddress }));
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    context.addIssue({ code: "custom", message: error.message, input: text });
    return z.NEVER;
  }
}

/** A prefix as people write it, made canonical; bits behind its length are refused and the canonical form named. */
export const prefixInput = z
  .string()
  .max(MOST)
  .transform((text, context) => read(text, false, context))
  .meta({ description: "Such as 10.1.0.0/16 or 2001:db8::/48; /32 and /128 are addresses" });

/** The same, or an address without a length, which stands for itself alone. */
export const prefixOrAddressInput = z
  .string()
  .max(MOST)
  .transform((text, context) => read(text, true, context))
  .meta({ description: "A prefix, or an address" });

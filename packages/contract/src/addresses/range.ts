import { type Address, formatAddress, parseAddress } from "@cadastre/net/address";
import { AddressError } from "@cadastre/net/address-error";
import * as z from "zod";
import { idSchema } from "../ids.ts";

const MOST = 64;

/** An address as people write it, made canonical. Zone ids, lengths and leading zeros of IPv4 are refused. */
const address = z
  .string()
  .max(MOST)
  .transform((text, context) => {
    try {
      return formatAddress(parseAddress(text));
    } catch (error) {
      if (!(error instanceof AddressError)) throw error;
      context.addIssue({ code: "custom", message: error.message, input: text });
      return z.NEVER;
    }
  });

const members = {
  start: address.meta({ description: "The first address, such as 10.1.0.50 or 2001:db8::50" }),
  end: address.meta({ description: "The last address" }),
  populated: z.boolean().default(false).meta({ description: "Nothing is allocated from it" }),
  utilized: z.boolean().default(false).meta({ description: "All of it counts as used" }),
  name: z.string().trim().max(256).default(""),
  description: z.string().max(4000).default(""),
};

const isAfter = (one: Address, other: Address): boolean => one.family !== other.family || one.value > other.value;

/** A run of addresses of a space that need not be a prefix. */
export const newRange = z.strictObject(members).check(({ value: { start, end }, issues }) => {
  const [first, last] = [parseAddress(start), parseAddress(end)];
  if (!isAfter(first, last)) return;
  const message = first.family === last.family ? "before the start" : "of another family than the start";
  issues.push({ code: "custom", path: ["end"], message, input: end });
});
export type NewRange = z.output<typeof newRange>;

/** A range as the API shows it. */
export const range = z.object({
  ...members,
  id: idSchema("range"),
  space: idSchema("space"),
  start: z.string(),
  end: z.string(),
  populated: z.boolean(),
  utilized: z.boolean(),
  name: z.string(),
  description: z.string(),
  createdOn: z.iso.datetime(),
  createdBy: z.string(),
  modifiedOn: z.iso.datetime(),
  version: z.int(),
});
export type Range = z.output<typeof range>;

import * as z from "zod";

const DEFAULT_LIMIT = 50;
export const MOST_LIMIT = 200;

/** A whole number in an address: decimal digits and nothing else. */
export function wholeNumber(least: number, most: number) {
  return z
    .string()
    .regex(/^\d{1,15}$/, `a whole number from ${least} to ${most}`)
    .transform(Number)
    .pipe(z.int().min(least).max(most));
}

/** Yes or no in an address. */
export const yesOrNo = z.enum(["true", "false"]).transform((text) => text === "true");

/** What every list takes. */
export const paging = {
  limit: wholeNumber(1, MOST_LIMIT).default(DEFAULT_LIMIT).meta({ description: "How many items a page has at most" }),
  cursor: z
    .string()
    .max(2000)
    .regex(/^[\w-]+$/, "the cursor of the page before, unchanged")
    .optional()
    .meta({ description: "Of the page before, unchanged" }),
};

export const pagingQuery = z.strictObject(paging);

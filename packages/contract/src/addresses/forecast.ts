import * as z from "zod";

const digits = z.union([z.int(), z.string().regex(/^\d+$/)]);

/** How much of a prefix was used on a day. */
const day = z.object({
  day: z.iso.date(),
  used: digits,
  reserved: digits,
  usable: digits,
  percentage: z.string().meta({ description: "Of usable that was used or reserved, cut after two digits" }),
});

/** When a prefix is used up if it goes on as it did. */
export const ipForecast = z.object({
  days: z.array(day).meta({ description: "One for each day that was noted, oldest first" }),
  perDay: z.number().optional().meta({
    description: "Hundredths of usable that are taken a day: slope of the line through the days. From three days on",
  }),
  perDayError: z.number().optional().meta({ description: "Standard error of that slope" }),
  exhaustedOn: z.iso
    .date()
    .optional()
    .meta({ description: "When the line reaches all of it; absent when it does not within 100 years" }),
  earliest: z.iso
    .date()
    .optional()
    .meta({ description: "The same with 1.96 standard errors more a day: the early end of a band of 95 %" }),
  latest: z.iso.date().optional().meta({ description: "With as many fewer; absent where it might never be used up" }),
});
export type IpForecast = z.output<typeof ipForecast>;

import * as z from "zod";

/** One member that changed: its path, with the value before and after; one of them is absent when the member came or went. */
export const change = z.object({ path: z.string(), before: z.unknown().optional(), after: z.unknown().optional() });
export type Change = z.output<typeof change>;

import * as z from "zod";
import { account } from "./account.ts";
import { resource } from "./view.ts";

/** What a search can find. Each type is contributed by the area that it belongs to. */
export const SUBJECT_TYPES = ["resource", "account"] as const;
export type SubjectType = (typeof SUBJECT_TYPES)[number];

/** What a search answers: each found thing as its own area shows it, with its type. */
export const foundSubject = z.discriminatedUnion("type", [
  resource.extend({ type: z.literal("resource") }),
  account.extend({ type: z.literal("account") }),
]);
export type FoundSubject = z.output<typeof foundSubject>;

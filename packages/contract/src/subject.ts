import * as z from "zod";

/** What a search can find. Each type is contributed by the area that it belongs to. */
export const SUBJECT_TYPES = ["resource", "account"] as const;
export const subjectType = z.enum(SUBJECT_TYPES);
export type SubjectType = (typeof SUBJECT_TYPES)[number];

/** What a search can find. Each type is contributed by the area that it belongs to. */
export const SUBJECT_TYPES = ["resource", "account"] as const;
export type SubjectType = (typeof SUBJECT_TYPES)[number];

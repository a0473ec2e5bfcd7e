import * as z from "zod";

/** What can change, be searched, and have something said about it: later also certificates, credentials, projects. */
export const subject = z.object({
  type: z.enum(["resource", "account", "scope", "hold", "ip", "drift"]),
  key: z.string(),
});
export type Subject = z.output<typeof subject>;

/** The partition of all that is stored of one subject: its events, and what people say of it. */
export const subjectPartition = ({ type, key }: Subject): string => `${type}#${key}`;

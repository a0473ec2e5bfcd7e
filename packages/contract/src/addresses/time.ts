import * as z from "zod";
import { change } from "../change.ts";
import { idSchema } from "../ids.ts";
import { ip } from "./ip.ts";

/** A planned prefix as it was at a time. */
export const pastIp = ip
  .omit({ resolvedTags: true, utilization: true, version: true, parentId: true })
  .extend({ parentId: idSchema("ip").nullable().meta({ description: "What it was in then" }) });
export type PastIp = z.output<typeof pastIp>;

const said = pastIp.omit({ parentId: true });
const place = { id: idSchema("ip"), prefix: z.string() };

/** What became of a prefix between two times. */
export const ipDifference = z.discriminatedUnion("type", [
  z.object({ type: z.literal("added"), ...place, after: said }),
  z.object({ type: z.literal("removed"), ...place, before: said }),
  z.object({ type: z.literal("changed"), ...place, changes: z.array(change) }),
]);
export type IpDifference = z.output<typeof ipDifference>;

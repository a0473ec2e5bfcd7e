import { defineEntity, type ItemOf } from "@cadastre/store/entity";
import * as z from "zod";

interface TrackedPlace {
  readonly slot: string;
  readonly resource: string;
}

/** Where it is tracked which blocks of a resource are in spaces. */
export const trackedKey = (resource: string): TrackedPlace => ({ slot: resource.slice(0, 1), resource });

/** Resources whose blocks are in spaces are listed in so many partitions, by the first digit of their keys. */
export const TRACKED_PARTITIONS: readonly string[] = Array.from("0123456789abcdef", (digit) => `tracked#${digit}`);

export const TrackedItem = defineEntity({
  type: "tracked-resource",
  about:
    "In which spaces the blocks of a network or subnet stand: each commit about them is at its version. What is leaving is kept until all that follows from it is done",
  schema: z.object({
    slot: z.string(),
    /** Key of the resource. */
    resource: z.string(),
    blocks: z.array(z.object({ space: z.string(), prefix: z.string(), isLeaving: z.boolean() })),
  }),
  key: {
    partition: (of: TrackedPlace) => `tracked#${of.slot}`,
    sort: (of: TrackedPlace) => of.resource,
  },
});
export type TrackedItem = ItemOf<typeof TrackedItem>;

export const awaitedPartition = (ip: string): string => `ip#${ip}`;
export const AWAITED = "awaited-by#";

export const AwaitedItem = defineEntity({
  type: "ip-awaited",
  about:
    "That a network or subnet says by its tag which reservation it fulfils: what becomes of that is of interest to it",
  schema: z.object({ ip: z.string(), resource: z.string() }),
  key: {
    partition: (of: { ip: string; resource: string }) => awaitedPartition(of.ip),
    sort: (of: { ip: string; resource: string }) => AWAITED + of.resource,
  },
});

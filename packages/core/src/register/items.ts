import { kindName, provider } from "@cadastre/contract/scope";
import { resourceEvent } from "@cadastre/contract/view";
import type { ItemOf } from "@cadastre/store/entity";
import { defineEntity } from "@cadastre/store/entity";
import * as z from "zod";
import { type Subject, subjectPartition } from "../subject.ts";

/** A scope that has the resource: which source sees it, in which scope. */
const claim = z.object({ source: z.string(), scope: z.string() });
export type Claim = z.output<typeof claim>;

/** The account of the scope that claims: the second part of its name. */
export function accountOfClaim({ scope }: Claim): string {
  return scope.split("/")[1] ?? "";
}

export const resourceSubject = (idHash: string): Subject => ({ type: "resource", key: idHash });

export const ResourceItem = defineEntity({
  type: "resource",
  about: "A resource: what was last observed of it, and who observes it. Unchanged ones are not written",
  schema: z.object({
    idHash: z.string(),
    id: z.string(),
    kind: kindName,
    provider,
    account: z.string(),
    region: z.string(),
    name: z.string(),
    tags: z.record(z.string(), z.string()),
    attributes: z.record(z.string(), z.unknown()),
    volatile: z.record(z.string(), z.unknown()),
    contentHash: z.string(),
    claims: z.array(claim),
    status: z.enum(["active", "retired"]),
    firstSeenAt: z.string(),
    firstSeenBy: z.object({ actor: z.string(), run: z.string() }),
    changedAt: z.string(),
    retiredAt: z.string().optional(),
    /** Number of the last event; the next one is this plus one, so a repeated upload cannot make a second event. */
    sequence: z.int(),
    /** The run of the last change and what it was, so that a repeated upload reports the same counts. */
    lastChange: z.object({ run: z.string(), type: resourceEvent.shape.type }),
  }),
  key: {
    partition: (of: { idHash: string }) => subjectPartition(resourceSubject(of.idHash)),
    sort: () => "observed",
  },
});
export type ResourceItem = ItemOf<typeof ResourceItem>;

export const IndexItem = defineEntity({
  type: "index",
  about:
    "One way to find a resource: by kind, account, region, network, tag, word, address or expiry, active and retired apart",
  schema: z.object({
    p: z.string(),
    s: z.string(),
    idHash: z.string(),
    kind: kindName,
    account: z.string(),
    region: z.string(),
  }),
  key: {
    partition: (of: { p: string; s: string }) => of.p,
    sort: (of: { p: string; s: string }) => of.s,
  },
});
export type IndexItem = ItemOf<typeof IndexItem>;

export const PrefixLengthItem = defineEntity({
  type: "prefix-length",
  about: "The prefix lengths in use, so that what contains an address is one exact read for each of them",
  schema: z.object({ family: z.union([z.literal(4), z.literal(6)]), length: z.int() }),
  key: {
    partition: () => "prefix-lengths",
    sort: (of: { family: 4 | 6; length: number }) => `${of.family}#${String(of.length).padStart(3, "0")}`,
  },
});

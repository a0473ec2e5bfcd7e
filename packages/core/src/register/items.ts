import { namedTexts, namedValues } from "@cadastre/contract/names";
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
    tags: namedTexts(),
    attributes: namedValues(),
    volatile: namedValues(),
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
  fromKey: ({ pk }) => ({ idHash: pk.slice(subjectPartition(resourceSubject("")).length) }),
  packed: true,
});
export type ResourceItem = ItemOf<typeof ResourceItem>;

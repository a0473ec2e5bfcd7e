import { namedTexts, namedValues } from "@cadastre/contract/names";
import { kindOfId } from "@cadastre/contract/resource";
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

export const resourceSubject = (idHash: string) => ({ type: "resource", key: idHash }) as const satisfies Subject;

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
    /** It was retired as a sighting: its owner's own account never said that it is gone, so whoever sees it again brings it back. */
    lapsed: z.literal(true).optional(),
    /** Number of the last event; the next one is this plus one, so a repeated upload cannot make a second event. */
    sequence: z.int(),
    /** The run of the last change, what it was, and the scope that it was seen in: who does it again tells the same counts. */
    lastChange: z.object({ run: z.string(), type: resourceEvent.shape.type, scope: z.string() }),
  }),
  key: {
    partition: (of: { idHash: string }) => subjectPartition(resourceSubject(of.idHash)),
    sort: () => "observed",
  },
  fromKey: ({ pk }) => ({ idHash: pk.slice(subjectPartition(resourceSubject("")).length) }),
  packed: true,
});
export type ResourceItem = ItemOf<typeof ResourceItem>;

/** The account whose word counts, which the id names; undefined for what belongs to none (a certificate): there each has its own. */
const ownerOf = ({ id }: Pick<ResourceItem, "id">): string | undefined => kindOfId(id)?.account;

/** Whether what an account says of a resource is the owner's word, or that of one who sees what belongs to nobody. */
export function isOwnWord(resource: Pick<ResourceItem, "id">, account: string): boolean {
  const owner = ownerOf(resource);
  return owner === undefined || owner === account;
}

/** The claims that are no mere sightings of another's property. */
export function ownClaims<Of extends Pick<ResourceItem, "id" | "claims">>(resource: Of): Claim[] {
  return resource.claims.filter((claim) => isOwnWord(resource, accountOfClaim(claim)));
}

/** Whether a resource is known by others than its owner's own account alone. */
export function isSighting(resource: Pick<ResourceItem, "id" | "claims" | "status" | "lapsed">): boolean {
  return resource.status === "retired" ? resource.lapsed === true : ownClaims(resource).length === 0;
}

/**
 * Whether the owner's own account says what the register has: that it is there, by a source that has not ended, or that it is
 * gone. Else it is a sighting: reported by others, and confirmed by nobody.
 */
export function isConfirmed(
  resource: Pick<ResourceItem, "id" | "claims" | "status" | "lapsed">,
  ended: ReadonlySet<string>,
): boolean {
  if (resource.status === "retired") return resource.lapsed !== true;
  return ownClaims(resource).some(({ source }) => !ended.has(source));
}

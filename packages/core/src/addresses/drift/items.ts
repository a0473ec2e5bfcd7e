import { hash } from "node:crypto";
import { type DriftKind, drift } from "@cadastre/contract/addresses/drift";
import { ID_PREFIXES } from "@cadastre/contract/ids";
import { defineEntity, type ItemOf } from "@cadastre/store/entity";
import * as z from "zod";
import { spacePartition } from "../tree/items.ts";

/** What drift is told apart by. */
export interface Fingerprint {
  readonly kind: DriftKind;
  readonly subject: string;
  readonly attribute: string;
}

const DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const HALF = 13;

/** The half of an id that a text has: 13 digits of five bits, the first one below 8. */
function halfOf(text: string): string {
  let bits = BigInt(`0x${hash("sha256", text)}`);
  let half = "";
  for (let at = 0; at < HALF; at++, bits >>= 5n) half += DIGITS[Number(bits & (at === 0 ? 7n : 31n))];
  return half;
}

/** The beginning of the ids of all drift at a prefix of a space. */
export const driftsAt = (space: string, prefix: string): string =>
  `${ID_PREFIXES.drift}_${halfOf(`${space}\n${prefix}`)}`;

/** The id of drift: the same for the same kind, subject and attribute at the same prefix. */
export const driftId = (space: string, prefix: string, { kind, subject, attribute }: Fingerprint): string =>
  driftsAt(space, prefix) + halfOf(JSON.stringify([kind, subject, attribute]));

export const driftPartition = (space: string): string => `${spacePartition(space)}#drift`;

export const DriftItem = defineEntity({
  type: "drift",
  about:
    "That what is planned in a space and what a cloud has are not the same, by prefix and fingerprint. Resolved it ends by expiry",
  schema: drift.extend({
    space: z.string(),
    /** How many times it was opened or changed. */
    revision: z.int(),
    expiresAtSeconds: z.int().optional(),
  }),
  key: {
    partition: (of: { space: string; id: string }) => driftPartition(of.space),
    sort: (of: { space: string; id: string }) => of.id,
  },
  expires: "expiresAtSeconds",
});
export type DriftItem = ItemOf<typeof DriftItem>;

import { space } from "@cadastre/contract/addresses/space";
import { defineEntity, type ItemOf } from "@cadastre/store/entity";
import * as z from "zod";

export const AddressSpaceItem = defineEntity({
  type: "address-space",
  about: "An address space with its rules. Read strongly by each request about what is in it",
  schema: space.omit({ version: true }).extend({
    /** `isFinal` once its prefixes are gone: then it is not kept any more. */
    deletion: z.object({ job: z.string(), since: z.string(), isFinal: z.literal(true).optional() }).optional(),
  }),
  key: { partition: (of: { id: string }) => `address-space#${of.id}`, sort: () => "space" },
});
export type AddressSpaceItem = ItemOf<typeof AddressSpaceItem>;

export const ADDRESS_SPACES_PARTITION = "address-spaces";

export const AddressSpaceListItem = defineEntity({
  type: "address-space-list",
  about: "The ids and names of all address spaces of an organization, oldest first",
  schema: z.object({ id: z.string(), name: z.string() }),
  key: { partition: () => ADDRESS_SPACES_PARTITION, sort: (of: { id: string }) => of.id },
  fromKey: ({ sk }) => ({ id: sk }),
});

export const AddressSpaceNameItem = defineEntity({
  type: "address-space-name",
  about: "Holds an address space's name in its canonical form, so that two of an organization cannot have it",
  schema: z.object({ name: z.string(), space: z.string() }),
  key: { partition: (of: { name: string }) => `address-space-name#${of.name}`, sort: () => "name" },
});

export const AddressSpaceRuleItem = defineEntity({
  type: "address-space-rule",
  about: "Which address space claims a network, an account or a provider: one of an organization",
  schema: z.object({ claim: z.string(), space: z.string() }),
  key: { partition: (of: { claim: string }) => `address-space-rule#${of.claim}`, sort: () => "rule" },
});

export const AddressSpaceGateItem = defineEntity({
  type: "address-space-gate",
  about:
    "What commits into an address space rest on, in one of several slots: all are written anew by what must not overlap with such a commit. Absent at first",
  schema: z.object({
    space: z.string(),
    slot: z.int(),
    turnedAt: z.string(),
    /** Nobody comes in while what the space may hold is changed; who died over it is overruled once the time is over. */
    halted: z.object({ by: z.string(), until: z.string() }).optional(),
    /** Of a space that is no more: who was about to come in has found it closed by then. */
    expiresAtSeconds: z.int().optional(),
  }),
  key: {
    partition: (of: { space: string; slot: number }) => `address-space#${of.space}`,
    sort: (of: { space: string; slot: number }) => `gate#${String(of.slot).padStart(2, "0")}`,
  },
  expires: "expiresAtSeconds",
});
export type AddressSpaceGateItem = ItemOf<typeof AddressSpaceGateItem>;

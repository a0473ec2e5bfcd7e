import * as z from "zod";
import { idSchema } from "../ids.ts";
import { provider } from "../scope.ts";

export const DISCOVERED_STATES = ["importable", "conflict", "linked", "blocked"] as const;
export const discoveredState = z.enum(DISCOVERED_STATES);
export type DiscoveredState = z.output<typeof discoveredState>;

/** Networks and subnets of a batch: with what is inside them they are one commit. */
const MOST_IMPORTED = 20;

/** The name of the tag by which a network in a cloud says which reservation it fulfils: its value is the prefix's id. */
export const RESERVATION_TAG = "cadastre-reservation";

/** A block of a network or a subnet that the clouds have in a space. */
export const discovered = z.object({
  externalId: z
    .string()
    .meta({ description: "Natural id of the network or subnet; one with several blocks has an item for each" }),
  prefix: z.string(),
  kind: z.enum(["network", "subnet"]),
  state: discoveredState.meta({
    description:
      "importable; conflict: something else is planned there; linked: a planned prefix stands for it; blocked: its network comes first",
  }),
  reason: z.string().meta({ description: "Why, in words" }),
  ip: idSchema("ip").optional().meta({ description: "The planned prefix that stands for it" }),
  name: z.string(),
  provider,
  account: z.string(),
  region: z.string(),
  network: z.string().optional().meta({ description: "Of a subnet: the natural id of its network" }),
  isDefault: z.boolean().meta({
    description:
      "Of a default VPC or a GCP network in auto mode: a class of its own, which is no drift and not taken over by itself",
  }),
});
export type Discovered = z.output<typeof discovered>;

export const discoveredImport = z.strictObject({
  externalIds: z
    .array(z.string().min(1).max(1024))
    .min(1)
    .max(MOST_IMPORTED)
    .meta({ description: "Natural ids, or short ones such as vpc-…, where only one in the space ends so" }),
});
export type DiscoveredImport = z.output<typeof discoveredImport>;

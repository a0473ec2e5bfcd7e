import * as z from "zod";
import { ip } from "./addresses/ip.ts";
import { idSchema } from "./ids.ts";
import { kindName, provider } from "./scope.ts";

/** What people say of a thing, and who said it when. */
const said = z.object({
  owner: z.string(),
  notes: z.string(),
  by: z.string().meta({ description: "The operator who said it last" }),
  at: z.iso.datetime(),
});

/** One thing that has an address, or a prefix around it. */
export const holder = z.object({
  id: z.string().meta({ description: "Natural id" }),
  key: z.string().meta({ description: "Short id" }),
  kind: kindName,
  provider,
  account: z.string(),
  region: z.string(),
  network: z.string().optional().meta({ description: "Natural id of its network" }),
  name: z.string(),
  prefix: z.string().meta({ description: "Its longest prefix that has the address" }),
  said: said.optional().meta({ description: "Absent where nobody said anything" }),
  observedBy: z
    .array(z.object({ source: z.string(), scope: z.string() }))
    .meta({ description: "The collectors that say so" }),
  confirmed: z.boolean().meta({ description: "Whether the account that owns it says so itself; as of a resource" }),
  reportedBy: z
    .array(z.string())
    .optional()
    .meta({ description: "Of what is not confirmed: the accounts (`aws/…`) whose collectors report it now" }),
  certificates: z
    .array(z.string())
    .optional()
    .meta({ description: "Of an endpoint: natural ids of the certificates that it presents" }),
  since: z.iso.datetime().meta({ description: "When the register first saw it" }),
  lastSeenAt: z.iso.datetime().optional(),
});
export type Holder = z.output<typeof holder>;

/** Whose an address is in one network: from the widest prefix down to what has the address itself. */
export const addressUse = z.object({
  network: z.string().optional().meta({ description: "Natural id; absent for what is in none" }),
  chain: z.array(holder),
  owner: z
    .object({
      name: z.string(),
      from: z
        .string()
        .meta({ description: "Natural id of the closest that has one, or an account such as aws/123456789012" }),
    })
    .optional()
    .meta({ description: "Absent where nobody said whose any of it is" }),
});
export type AddressUse = z.output<typeof addressUse>;

/** A planned prefix that contains an address. */
const plannedHolder = ip.pick({
  id: true,
  prefix: true,
  status: true,
  name: true,
  description: true,
  owner: true,
  tags: true,
  account: true,
  region: true,
  source: true,
  reserveUntil: true,
  createdOn: true,
  createdBy: true,
  modifiedOn: true,
});

/** What an address is planned for in one address space: from the widest prefix down to the closest. */
export const plannedUse = z.object({
  space: idSchema("space"),
  spaceName: z.string(),
  chain: z.array(plannedHolder),
  owner: z
    .object({ name: z.string(), from: idSchema("ip") })
    .optional()
    .meta({ description: "Of the closest prefix that says whose it is" }),
});
export type PlannedUse = z.output<typeof plannedUse>;

export const whose = z.object({
  address: z.string().meta({ description: "As it is written canonically" }),
  port: z.int().optional(),
  items: z.array(addressUse).meta({
    description:
      "One for each network that has it, those with the longest prefix first; what is not confirmed is in others, behind all that is",
  }),
  planned: z.array(plannedUse).meta({
    description:
      "One for each address space that the caller may read and that has a prefix around it, those with the longest first",
  }),
  hasMore: z
    .boolean()
    .meta({ description: "More has the address than one answer holds; a search pages through all of it" }),
  hint: z.string().optional().meta({
    description: "Where nothing has the address: in what was looked, which is no more than the token may read",
  }),
});
export type Whose = z.output<typeof whose>;

import { tryParseAddress } from "@cadastre/net/address";
import { parsePrefix, tryParsePrefix } from "@cadastre/net/prefix";
import * as z from "zod";
import type { Provider } from "../scope.ts";
import type { IdForm } from "./id-forms.ts";
import type { KindName } from "./names.ts";

/** How one resource stands to another, told by the one that names the other. */
export const RELATIONS = ["in-network", "in-subnet", "attached-to", "presents", "chains-to"] as const;

export interface Relation {
  readonly type: (typeof RELATIONS)[number];
  /** Natural id of the other resource, which the register may not have. */
  readonly to: string;
  /** Of a subnet: natural id of its network, where that is known. */
  readonly within?: string | undefined;
}

/** What the register can find a resource by, beside its kind, account, region, status, name and tags. */
export interface Facets {
  /** Natural id of the network that it is in (of itself, for a network). */
  readonly network?: string | undefined;
  /** What it names of others; each once. The first `in-network` is its `network`. */
  readonly relations: readonly Relation[];
  /** Prefixes in text form (`/32` and `/128` for addresses), only those in force. */
  readonly prefixes: readonly string[];
  /** Host names and short ids that free text should find. */
  readonly words: readonly string[];
  /** When it ends by itself (a certificate's notAfter), ISO 8601. */
  readonly expiresAt?: string | undefined;
}

/**
 * One kind of resource: the attributes that make a change (element order never does), the volatile ones that are kept but
 * never make one, how its natural id is formed, and what it is found by.
 */
export interface KindDefinition<Attributes extends z.ZodType<object>, Volatile extends z.ZodType<object>> {
  readonly name: KindName;
  readonly about: string;
  /** How the natural id is formed, for each provider, in words. */
  readonly naturalId: string;
  /** The same as a form, which no other kind's ids have: an id belongs to one kind of one provider. */
  readonly ids: Readonly<Partial<Record<Provider, IdForm>>>;
  /** Whether an id of the form is written in its one way, where the form alone does not tell: one thing has one id. */
  readonly isNormal?: (id: string) => boolean;
  /** The id that the attributes spell, where they do: a resource that says one thing of itself and is called another is refused. */
  readonly idOf?: (attributes: z.output<Attributes>) => string;
  /** The providers where one account's listing may hold another's resources (AWS shared subnets). */
  readonly sharedAt: readonly Provider[];
  readonly attributes: Attributes;
  readonly volatile: Volatile;
  readonly facets: (attributes: z.output<Attributes>, id: string) => Facets;
}

export function defineKind<Attributes extends z.ZodType<object>, Volatile extends z.ZodType<object>>(
  definition: KindDefinition<Attributes, Volatile>,
): KindDefinition<Attributes, Volatile> {
  return definition;
}

const reason = (text: string) => {
  try {
    parsePrefix(text);
    return "not a prefix";
  } catch (error) {
    return error instanceof Error ? error.message : "not a prefix";
  }
};

/** A strict prefix, `10.0.0.0/16` or `2001:db8::/56`: no host bits, no leading zeros, no zone. */
export const prefixText = z.string().check((context) => {
  if (!tryParsePrefix(context.value)) {
    context.issues.push({ code: "custom", message: reason(context.value), input: context.value });
  }
});

/** A strict address, `10.0.0.7` or `2001:db8::7`. */
export const addressText = z.string().refine((text) => tryParseAddress(text) !== undefined, {
  error: (issue) => `${JSON.stringify(issue.input)} is not an IPv4 or IPv6 address`,
});

export const text = z.string().max(1024);
/** Natural id of another resource. */
export const reference = z.string().min(1).max(1024);
export const timestamp = z.iso.datetime({ offset: true });

/** An address block of a network or subnet. Only blocks that are `associated` (AWS) or present (GCP) are in force. */
export const block = z.object({
  prefix: prefixText.meta({ description: "Prefix of the block, canonical" }),
  role: z.enum(["primary", "secondary", "ipv6"]),
  state: z.string().min(1).max(64).default("associated").meta({
    description:
      "associated, associating, disassociating, disassociated, failing, failed, or what else the cloud says; only an associated block is in force",
  }),
  rangeName: text.optional().meta({ description: "GCP: name of the secondary range" }),
  associationId: text.optional(),
});
export type Block = z.output<typeof block>;

export function blocksInForce(blocks: readonly Block[]): string[] {
  return blocks.filter((b) => b.state === "associated").map((b) => b.prefix);
}

/** A network interface's addresses, as instances and interfaces list them. */
export const interfaceAddresses = {
  privateAddresses: z
    .array(
      z.object({
        address: addressText,
        primary: z.boolean().default(false),
        publicAddress: addressText.optional(),
        dnsName: text.optional(),
      }),
    )
    .default([])
    .meta({ description: "Private IPv4 addresses, each with the public one that maps to it" }),
  publicAddresses: z.array(addressText).default([]).meta({ description: "Public IPv4 addresses" }),
  ipv6Addresses: z.array(addressText).default([]),
  delegatedPrefixes: z
    .array(prefixText)
    .default([])
    .meta({ description: "AWS prefix delegation (/28, /80) and GCP alias ranges" }),
};

interface InterfaceAddresses {
  readonly privateAddresses: readonly { readonly address: string; readonly publicAddress?: string | undefined }[];
  readonly publicAddresses: readonly string[];
  readonly ipv6Addresses: readonly string[];
  readonly delegatedPrefixes: readonly string[];
}

const hostPrefix = (address: string) => (address.includes(":") ? `${address}/128` : `${address}/32`);

export function interfacePrefixes(of: InterfaceAddresses): string[] {
  const addresses = [
    ...of.privateAddresses.flatMap((p) => (p.publicAddress ? [p.address, p.publicAddress] : [p.address])),
    ...of.publicAddresses,
    ...of.ipv6Addresses,
  ];
  return [...new Set([...addresses.map(hostPrefix), ...of.delegatedPrefixes])];
}

/** Relations to what is named, each once. */
export function relationsTo(type: Relation["type"], named: readonly (string | undefined)[]): Relation[] {
  const ids = new Set(named.filter((id) => id !== undefined && id !== ""));
  return [...ids].map((to) => ({ type, to: to as string }));
}

/** Relations of what is in these networks and subnets, each once. */
export function placedIn(
  places: readonly { readonly network?: string | undefined; readonly subnet?: string | undefined }[],
): Relation[] {
  const subnets = new Map(places.flatMap(({ network, subnet }) => (subnet ? [[subnet, network] as const] : [])));
  return [
    ...relationsTo(
      "in-network",
      places.map(({ network }) => network),
    ),
    ...[...subnets].map(([to, within]): Relation => ({ type: "in-subnet", to, within })),
  ];
}

export function addressPrefix(address: string): string {
  return address.includes("/") ? address : hostPrefix(address);
}

/** Last component of a natural id: `vpc-0abc` of an ARN, the name of a GCP resource. */
export function shortId(id: string): string {
  return id.slice(id.lastIndexOf("/") + 1);
}

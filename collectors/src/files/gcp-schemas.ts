import { namedTexts } from "@cadastre/contract/names";
import * as z from "zod";
import type { ComputeAddress, ComputeInstance, ComputeNetwork, ComputeSubnetwork } from "../gcp/compute.ts";
import { readLink } from "../gcp/convert/place.ts";
import { membersOf } from "./lists.ts";

/*
 * What gcloud prints is the API's own JSON. The schemas hold the members that the converters read; words that Google may add to
 * (states, purposes) are any text here.
 */

const text = z.string();
const optional = z.string().optional();
const flag = z.boolean().optional();
const whole = z.int().min(0).optional();
const list = <Item extends z.ZodType>(item: Item) => z.array(item).optional();
const labels = namedTexts().optional();
const selfLink = (collection: string) =>
  z.string().refine((link) => readLink(link, "")?.collection === collection, `must be the URL of one of ${collection}`);

const common = (kind: string, collection: string) => ({
  kind: z.literal(kind),
  id: z.union([z.string(), z.int()]).optional(),
  name: text,
  selfLink: selfLink(collection),
  description: optional,
});

const network = membersOf<ComputeNetwork>({
  ...common("compute#network", "networks"),
  autoCreateSubnetworks: flag,
  IPv4Range: optional,
  gatewayIPv4: optional,
  internalIpv6Range: optional,
  mtu: whole,
  routingConfig: z.object({ routingMode: optional }).optional(),
  peerings: list(z.object({ network: optional, state: optional })),
});

const subnetwork = membersOf<ComputeSubnetwork>({
  ...common("compute#subnetwork", "subnetworks"),
  network: text,
  ipCidrRange: optional,
  gatewayAddress: optional,
  secondaryIpRanges: list(z.object({ rangeName: text, ipCidrRange: text })),
  ipv6CidrRange: optional,
  internalIpv6Prefix: optional,
  externalIpv6Prefix: optional,
  ipv6AccessType: optional,
  stackType: optional,
  purpose: optional,
  role: optional,
  state: optional,
  privateIpGoogleAccess: flag,
});

const accessConfigs = list(
  z.object({
    natIP: optional,
    publicPtrDomainName: optional,
    externalIpv6: optional,
    externalIpv6PrefixLength: whole,
  }),
);
const aliasRanges = list(z.object({ ipCidrRange: optional }));

const instance = membersOf<ComputeInstance>({
  ...common("compute#instance", "instances"),
  zone: text,
  machineType: text,
  status: text,
  creationTimestamp: optional,
  lastStartTimestamp: optional,
  hostname: optional,
  labels,
  serviceAccounts: list(z.object({ email: optional })),
  disks: list(z.object({ boot: flag, architecture: optional, licenses: list(text) })),
  networkInterfaces: list(
    z.object({
      name: optional,
      network: optional,
      subnetwork: optional,
      networkIP: optional,
      ipv6Address: optional,
      internalIpv6PrefixLength: whole,
      accessConfigs,
      ipv6AccessConfigs: accessConfigs,
      aliasIpRanges: aliasRanges,
      aliasIpv6Ranges: aliasRanges,
    }),
  ),
});

const address = membersOf<ComputeAddress>({
  ...common("compute#address", "addresses"),
  address: optional,
  prefixLength: whole,
  addressType: optional,
  status: optional,
  purpose: optional,
  networkTier: optional,
  network: optional,
  subnetwork: optional,
  users: list(text),
  labels,
});

/** By the `kind` of the elements. */
export const gcpLists = {
  "compute#network": z.array(network),
  "compute#subnetwork": z.array(subnetwork),
  "compute#instance": z.array(instance),
  "compute#address": z.array(address),
};

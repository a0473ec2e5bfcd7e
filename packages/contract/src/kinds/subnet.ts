import * as z from "zod";
import { looseObject } from "../loose-object.ts";
import { computePath, ec2Arn } from "./id-forms.ts";
import { addressText, block, blocksInForce, defineKind, reference, relationsTo, shortId, text } from "./kind.ts";

export const subnet = defineKind({
  name: "subnet",
  about: "A subnet of a network. A shared AWS subnet is one resource, under its owner's ARN, whoever sees it",
  naturalId:
    "AWS: SubnetArn (the owner's). GCP: //compute.googleapis.com/projects/{project}/regions/{region}/subnetworks/{name}",
  ids: { aws: ec2Arn("subnet"), gcp: computePath(["regions"], "subnetworks") },
  sharedAt: ["aws"],
  attributes: looseObject({
    subnetId: text.meta({ description: "subnet-… or the GCP subnetwork's name" }),
    network: reference.meta({ description: "Natural id of the network" }),
    ownerAccount: text.meta({ description: "Account or project that owns the subnet" }),
    blocks: z.array(block).default([]).meta({ description: "Primary, GCP secondary ranges with names, IPv6" }),
    zone: text.optional(),
    zoneId: text.optional().meta({ description: "AWS zone id, the same in all accounts" }),
    ipv6Only: z.boolean().default(false),
    isDefault: z.boolean().optional(),
    state: text.optional(),
    purpose: text.optional().meta({ description: "GCP purpose, such as PRIVATE or REGIONAL_MANAGED_PROXY" }),
    role: text.optional(),
    stackType: text.optional(),
    ipv6AccessType: text.optional(),
    gatewayAddress: addressText.optional(),
    mapsPublicAddresses: z.boolean().optional(),
    privateGoogleAccess: z.boolean().optional(),
    description: text.optional(),
    providerId: text.optional(),
    cloudReservedCount: z
      .int()
      .min(0)
      .meta({ description: "Addresses that the cloud keeps for itself in the primary IPv4 block" }),
  }),
  volatile: looseObject({
    availableAddressCount: z.int().min(0).optional().meta({ description: "Free addresses as the cloud counts them" }),
    utilisation: z
      .array(
        z.object({
          prefix: text,
          rangeName: text.optional(),
          totalCount: z.number(),
          allocatedCount: z.number(),
          freeCount: z.number(),
        }),
      )
      .optional()
      .meta({ description: "GCP: figures per range" }),
  }),
  facets: (attributes, id) => ({
    network: attributes.network,
    relations: relationsTo("in-network", [attributes.network]),
    prefixes: blocksInForce(attributes.blocks),
    words: [attributes.subnetId, shortId(id)],
  }),
});

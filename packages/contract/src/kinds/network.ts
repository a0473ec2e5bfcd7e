import * as z from "zod";
import { looseObject } from "../loose-object.ts";
import { computePath, ec2Arn } from "./id-forms.ts";
import { block, blocksInForce, defineKind, prefixText, shortId, text } from "./kind.ts";

export const network = defineKind({
  name: "network",
  about: "An AWS VPC or a GCP network",
  naturalId: "AWS: the VPC's ARN. GCP: //compute.googleapis.com/projects/{project}/global/networks/{name}",
  ids: { aws: ec2Arn("vpc"), gcp: computePath(["global"], "networks") },
  sharedAt: [],
  attributes: looseObject({
    networkId: text.meta({ description: "vpc-… or the GCP network's name" }),
    blocks: z.array(block).default([]).meta({ description: "Primary, secondary and IPv6 blocks with their state" }),
    isDefault: z.boolean().default(false),
    mode: z
      .enum(["auto", "custom", "legacy"])
      .optional()
      .meta({ description: "GCP subnet mode; legacy networks have no subnets" }),
    legacyRange: prefixText.optional().meta({ description: "GCP legacy network: its IPv4Range" }),
    gatewayAddress: text.optional(),
    state: text.optional(),
    tenancy: text.optional().meta({ description: "AWS instance tenancy" }),
    dhcpOptionsId: text.optional(),
    description: text.optional(),
    routingMode: text.optional().meta({ description: "GCP: REGIONAL or GLOBAL" }),
    mtuBytes: z.int().optional(),
    peerNetworks: z.array(text).optional().meta({ description: "GCP: natural ids of peered networks" }),
    sharedVpcHost: z.boolean().optional().meta({ description: "GCP: the project is a shared VPC host" }),
    providerId: text
      .optional()
      .meta({ description: "GCP numeric id: changes when a network is made again under its name" }),
  }),
  volatile: looseObject({}),
  facets: (attributes, id) => ({
    network: id,
    relations: [],
    prefixes: [...blocksInForce(attributes.blocks), ...(attributes.legacyRange ? [attributes.legacyRange] : [])],
    words: [attributes.networkId, shortId(id)],
  }),
});

import * as z from "zod";
import { looseObject } from "../loose-object.ts";
import { computePath, ec2Arn } from "./id-forms.ts";
import {
  addressPrefix,
  addressText,
  defineKind,
  placedIn,
  prefixText,
  reference,
  relationsTo,
  shortId,
  text,
} from "./kind.ts";

export const address = defineKind({
  name: "address",
  about: "A reserved address: an AWS Elastic IP, a GCP external or internal reservation",
  naturalId:
    "AWS: the Elastic IP's ARN. GCP: //compute.googleapis.com/projects/{project}/{regions/{region}|global}/addresses/{name}",
  ids: { aws: ec2Arn("elastic-ip"), gcp: computePath(["global", "regions"], "addresses") },
  sharedAt: [],
  attributes: looseObject({
    address: addressText.optional().meta({ description: "The address; absent while GCP is still choosing one" }),
    prefix: prefixText.optional().meta({ description: "GCP: the reserved range, where a range is reserved" }),
    type: z.string().min(1).max(64).meta({ description: "external, internal, or what else the cloud says" }),
    state: text.optional().meta({ description: "in-use, reserved, …" }),
    allocationId: text.optional(),
    associationId: text.optional(),
    attachedTo: z
      .array(reference)
      .optional()
      .meta({ description: "Natural ids of the instance or interface that has it" }),
    privateAddress: addressText.optional(),
    network: reference.optional(),
    subnet: reference.optional(),
    purpose: text.optional(),
    networkTier: text.optional(),
    pool: text.optional().meta({ description: "AWS: public IPv4 pool or customer-owned pool" }),
    networkBorderGroup: text.optional(),
    hostName: text.optional(),
    description: text.optional(),
    providerId: text.optional(),
  }),
  volatile: looseObject({}),
  facets: (attributes, id) => ({
    network: attributes.network,
    relations: [...placedIn([attributes]), ...relationsTo("attached-to", attributes.attachedTo ?? [])],
    prefixes: attributes.prefix ? [attributes.prefix] : attributes.address ? [addressPrefix(attributes.address)] : [],
    words: [attributes.allocationId ?? "", shortId(id), attributes.hostName ?? ""],
  }),
});

import * as z from "zod";
import { looseObject } from "../loose-object.ts";
import { computePath, ec2Arn } from "./id-forms.ts";
import {
  defineKind,
  interfaceAddresses,
  interfacePrefixes,
  placedIn,
  reference,
  shortId,
  text,
  timestamp,
} from "./kind.ts";

export const instance = defineKind({
  name: "instance",
  about: "An EC2 instance or a Compute Engine VM",
  naturalId: "AWS: the instance's ARN. GCP: //compute.googleapis.com/projects/{project}/zones/{zone}/instances/{name}",
  ids: { aws: ec2Arn("instance"), gcp: computePath(["zones"], "instances") },
  sharedAt: [],
  attributes: looseObject({
    instanceId: text,
    state: text.meta({ description: "The cloud's own word, lower case: running, stopped, terminated, …" }),
    type: text.meta({ description: "Instance or machine type" }),
    image: text.optional(),
    zone: text.optional(),
    launchTime: timestamp.optional(),
    network: reference.optional().meta({ description: "Natural id of the first interface's network" }),
    hostName: text.optional(),
    publicHostName: text.optional(),
    platform: text.optional(),
    architecture: text.optional(),
    keyName: text.optional(),
    role: text.optional().meta({ description: "AWS instance profile ARN or GCP service account" }),
    description: text.optional(),
    providerId: text.optional(),
    interfaces: z
      .array(
        z.object({
          interfaceId: text.optional(),
          deviceIndex: z.int().min(0).optional(),
          network: reference.optional(),
          subnet: reference.optional(),
          macAddress: text.optional(),
          ...interfaceAddresses,
        }),
      )
      .default([])
      .meta({ description: "Network interfaces with all their addresses and delegated prefixes" }),
  }),
  volatile: looseObject({}),
  facets: (attributes, id) => ({
    network: attributes.network,
    relations: placedIn([{ network: attributes.network }, ...attributes.interfaces]),
    prefixes: [...new Set(attributes.interfaces.flatMap(interfacePrefixes))],
    words: [attributes.instanceId, shortId(id), attributes.hostName ?? "", attributes.publicHostName ?? ""],
  }),
});

import * as z from "zod";
import { defineKind, interfaceAddresses, interfacePrefixes, reference, shortId, text } from "./kind.ts";

export const networkInterface = defineKind({
  name: "interface",
  about: "An AWS elastic network interface",
  naturalId: "AWS: the interface's ARN",
  shareable: false,
  attributes: z.looseObject({
    interfaceId: text,
    network: reference.optional(),
    subnet: reference.optional(),
    zone: text.optional(),
    state: text.meta({ description: "available, associated, attaching, in-use or detaching" }),
    type: text.optional().meta({ description: "interface, nat_gateway, lambda, load_balancer, …" }),
    description: text.optional(),
    macAddress: text.optional(),
    requesterManaged: z.boolean().default(false).meta({ description: "Made and kept by an AWS service" }),
    requesterId: text.optional(),
    hostName: text.optional(),
    securityGroups: z.array(text).optional(),
    attachment: z
      .object({
        attachmentId: text.optional(),
        instance: reference.optional(),
        instanceOwner: text.optional(),
        deviceIndex: z.int().optional(),
        state: text.optional(),
      })
      .optional(),
    ...interfaceAddresses,
  }),
  volatile: z.looseObject({}),
  facets: (attributes, id) => ({
    network: attributes.network,
    prefixes: interfacePrefixes(attributes),
    words: [
      attributes.interfaceId,
      shortId(id),
      attributes.hostName ?? "",
      ...(attributes.description ?? "").split(/\s+/),
    ],
  }),
});

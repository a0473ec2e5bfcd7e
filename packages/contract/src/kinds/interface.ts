import * as z from "zod";
import { looseObject } from "../loose-object.ts";
import { ec2Arn } from "./id-forms.ts";
import {
  defineKind,
  interfaceAddresses,
  interfacePrefixes,
  placedIn,
  reference,
  relationsTo,
  shortId,
  text,
} from "./kind.ts";

export const networkInterface = defineKind({
  name: "interface",
  about: "An AWS elastic network interface",
  naturalId: "AWS: the interface's ARN",
  ids: { aws: ec2Arn("network-interface") },
  sharedAt: [],
  attributes: looseObject({
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
  volatile: looseObject({}),
  facets: (attributes, id) => ({
    network: attributes.network,
    relations: [...placedIn([attributes]), ...relationsTo("attached-to", [attributes.attachment?.instance])],
    prefixes: interfacePrefixes(attributes),
    words: [
      attributes.interfaceId,
      shortId(id),
      attributes.hostName ?? "",
      // Services name what they made it for: `Interface for NAT Gateway nat-0abc`, `ELB app/front/50dc6c495c0c9188`.
      ...(attributes.description ?? "").split(/\s+/).filter((word) => word.length > 3 && /\d/.test(word)),
    ],
  }),
});

import * as z from "zod";
import { discoveredImport, discovered as discoveredItem, discoveredState } from "../addresses/discovered.ts";
import { idSchema } from "../ids.ts";
import { page } from "../view.ts";
import { defineArea, defineEndpoint, operator } from "./endpoint.ts";
import { EXAMPLE_ACCOUNT, exampleId } from "./examples.ts";
import { paging, yesOrNo } from "./query.ts";

const PATH = "/api/v1/addressspaces/{spaceId}/discovered";
const inSpace = z.object({ spaceId: idSchema("space") });
const params = { spaceId: exampleId("space") };

export const discovered = defineArea("discovered", {
  list: defineEndpoint({
    method: "GET",
    path: PATH,
    access: operator("addresses:read", "address-space"),
    summary: "What the clouds have in an address space, block by block, and what can be done with it",
    description: "In the order of addresses. With a state a page may be short, or empty, and still have a cursor.",
    params: inSpace,
    query: z.strictObject({ ...paging, state: discoveredState.optional() }),
    answer: page(discoveredItem),
    errors: ["space.not_found"],
    example: { params, query: { state: "importable" } },
  }),
  import: defineEndpoint({
    method: "POST",
    path: `${PATH}/import`,
    access: operator("addresses:write", "address-space"),
    summary: "Take networks and subnets over into what is planned: all of the batch, or nothing",
    description:
      "With all of their blocks. What is linked already stays; one conflict refuses all, and so does a subnet whose network is neither planned nor in the batch. `dryRun=true` answers what would be done, and why not, and does nothing.",
    params: inSpace,
    query: z.strictObject({ dryRun: yesOrNo.optional() }),
    body: discoveredImport,
    idempotent: true,
    answer: z.object({ items: z.array(discoveredItem) }),
    mutates: "discovered.import",
    errors: ["space.not_found", "space.deleting", "discovered.refused", "ip.too_much_inside", "request.conflict"],
    example: {
      params,
      body: { externalIds: [`arn:aws:ec2:eu-west-1:${EXAMPLE_ACCOUNT}:vpc/vpc-0123456789abcdef0`] },
    },
  }),
});

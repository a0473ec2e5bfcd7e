import * as z from "zod";
import { driftDecision, driftIgnorance, drift as driftItem, driftKind, driftState } from "../addresses/drift.ts";
import { idSchema } from "../ids.ts";
import { page } from "../view.ts";
import { defineArea, defineEndpoint, operator } from "./endpoint.ts";
import { exampleId } from "./examples.ts";
import { paging } from "./query.ts";

const PATH = "/api/v1/addressspaces/{spaceId}/drift";
const inSpace = z.object({ spaceId: idSchema("space") });
const byId = inSpace.extend({ driftId: idSchema("drift") });
const params = { spaceId: exampleId("space") };
const example = { params: { ...params, driftId: exampleId("drift") }, body: { reason: "planned for Friday" } };
const errors = ["space.not_found", "space.deleting", "drift.not_found", "drift.resolved", "request.conflict"] as const;

export const drift = defineArea("drift", {
  list: defineEndpoint({
    method: "GET",
    path: PATH,
    access: operator("addresses:read", "address-space"),
    summary: "Where what is planned in an address space and what the clouds have are not the same",
    description:
      "What is ignored until a time is open from then on. A page looks at 2,000 of them at the most: with filters it may be short and still have a cursor.",
    params: inSpace,
    query: z.strictObject({ ...paging, state: driftState.optional(), kind: driftKind.optional() }),
    answer: page(driftItem),
    errors: ["space.not_found"],
    example: { params, query: { state: "open" } },
  }),
  acknowledge: defineEndpoint({
    method: "POST",
    path: `${PATH}/{driftId}/acknowledge`,
    access: operator("addresses:write", "address-space"),
    summary: "Say that drift is known and dealt with",
    params: byId,
    body: driftDecision,
    bodyOptional: true,
    idempotent: true,
    answer: driftItem,
    mutates: "drift.acknowledge",
    errors,
    example,
  }),
  ignore: defineEndpoint({
    method: "POST",
    path: `${PATH}/{driftId}/ignore`,
    access: operator("addresses:write", "address-space"),
    summary: "Ignore drift while its evidence is the same, or until a time",
    params: byId,
    body: driftIgnorance,
    bodyOptional: true,
    idempotent: true,
    answer: driftItem,
    mutates: "drift.ignore",
    errors,
    example,
  }),
  resolve: defineEndpoint({
    method: "POST",
    path: `${PATH}/{driftId}/resolve`,
    access: operator("addresses:write", "address-space"),
    summary: "Take drift for resolved; found once more it is opened again",
    params: byId,
    body: driftDecision,
    bodyOptional: true,
    idempotent: true,
    answer: driftItem,
    mutates: "drift.resolve",
    errors,
    example,
  }),
});

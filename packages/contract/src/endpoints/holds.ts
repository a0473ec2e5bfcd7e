import * as z from "zod";
import { hold, holdDecision } from "../discovery.ts";
import { idSchema } from "../ids.ts";
import { page } from "../view.ts";
import { defineArea, defineEndpoint, operator } from "./endpoint.ts";
import { exampleId } from "./examples.ts";
import { paging } from "./query.ts";

const PATH = "/api/v1/discovery/holds";

const decision = {
  method: "POST",
  access: operator("discovery:write", "hold"),
  params: z.object({ id: idSchema("hold") }),
  body: holdDecision,
  bodyOptional: true,
  ifMatch: "optional",
  answer: hold,
  etag: true,
  errors: ["hold.not_found", "hold.decided", "hold.changed", "request.conflict"],
  example: { params: { id: exampleId("hold") }, body: { reason: "the old cluster was switched off" } },
} as const;

export const holds = defineArea("holds", {
  list: defineEndpoint({
    method: "GET",
    path: PATH,
    access: operator("discovery:read", "hold"),
    summary: "Losses that wait, or waited, for an operator's decision, newest first",
    query: z.strictObject({ ...paging, state: hold.shape.state.optional() }),
    answer: page(hold),
    example: { query: { state: "pending" } },
  }),
  approve: defineEndpoint({
    ...decision,
    path: `${PATH}/{id}/approve`,
    mutates: "hold.approve",
    summary: "Retire the resources that a hold is about",
  }),
  reject: defineEndpoint({
    ...decision,
    path: `${PATH}/{id}/reject`,
    mutates: "hold.reject",
    summary: "Keep the resources that a hold is about",
  }),
});

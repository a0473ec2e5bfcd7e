import { trigger, triggerRequest } from "../discovery.ts";
import { page } from "../view.ts";
import { defineArea, defineEndpoint, operator } from "./endpoint.ts";

export const runs = defineArea("runs", {
  trigger: defineEndpoint({
    method: "POST",
    path: "/api/v1/discovery/trigger",
    access: operator("discovery:write", "trigger"),
    summary: "Ask a collector, or all that are approved, to run now",
    body: triggerRequest,
    bodyOptional: true,
    idempotent: true,
    status: 202,
    answer: page(trigger),
    mutates: "discovery.trigger",
    errors: ["collector.not_found", "collector.state"],
    example: { body: { collector: "aws-main" } },
  }),
});

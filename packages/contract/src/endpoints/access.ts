import * as z from "zod";
import { actionText, explanation, signerText, whatCan, whatText, whoCan, whoText } from "../policy.ts";
import { page } from "../view.ts";
import { defineArea, defineEndpoint, operator } from "./endpoint.ts";
import { EXAMPLE_ACCOUNT, exampleId } from "./examples.ts";
import { paging } from "./query.ts";

const principal = whoText;
const resource = whatText;
const example = { action: "resources:read", resource: `account/aws/${EXAMPLE_ACCOUNT}` };
const someone = `user/${exampleId("user")}`;

export const access = defineArea("access", {
  explain: defineEndpoint({
    method: "GET",
    path: "/api/v1/access/explain",
    access: operator("access:read", "access"),
    summary: "Whether somebody may do something, which bindings and policies say so, and what is missing",
    description:
      "As it would be decided now, from the caller's address and with the caller's strength. Tokens can narrow it further. Of a collector: what its signature lets it do (`discovery:deliver`, `discovery:poll`, `credential:fetch`).",
    query: z.strictObject({ principal: signerText, action: actionText, resource }),
    answer: explanation,
    errors: [
      "user.not_found",
      "service-account.not_found",
      "collector.not_found",
      "account.not_found",
      "space.not_found",
      "credential.not_found",
      "resource.not_found",
    ],
    example: { query: { principal: someone, ...example } },
  }),
  whoCan: defineEndpoint({
    method: "GET",
    path: "/api/v1/access/who-can",
    access: operator("access:read", "access"),
    summary: "All who may do something to something",
    description: "A page may be short, or empty, and still have a cursor.",
    query: z.strictObject({ ...paging, action: actionText, resource }),
    answer: page(whoCan),
    errors: ["account.not_found", "space.not_found", "credential.not_found", "resource.not_found"],
    example: { query: example },
  }),
  whatCan: defineEndpoint({
    method: "GET",
    path: "/api/v1/access/what-can",
    access: operator("access:read", "access"),
    summary: "What somebody may do, and where",
    query: z.strictObject({ principal }),
    answer: z.object({ items: z.array(whatCan) }),
    errors: ["user.not_found", "service-account.not_found"],
    example: { query: { principal: someone } },
  }),
});

import * as z from "zod";
import { idSchema } from "../ids.ts";
import { anyone, defineArea, defineEndpoint } from "./endpoint.ts";
import { exampleId } from "./examples.ts";

const ok = z.object({ status: z.literal("ok") });
const ready = ok.extend({ checks: z.record(z.string(), z.literal("ok")) });
const byFile = z.object({ file: z.string().max(128) });

/** What anyone may load. The pages are shells: what they show they fetch with the visitor's token. */
export const service = defineArea("service", {
  alive: defineEndpoint({
    method: "GET",
    path: "/healthz",
    access: anyone,
    summary: "The service is alive",
    answer: ok,
  }),
  ready: defineEndpoint({
    method: "GET",
    path: "/readyz",
    access: anyone,
    summary: "The table and the keys can be used",
    answer: ready,
  }),
  openapi: defineEndpoint({
    method: "GET",
    path: "/api/v1/openapi.json",
    access: anyone,
    summary: "This document",
    media: "application/json",
  }),
  docs: defineEndpoint({
    method: "GET",
    path: "/api/docs",
    access: anyone,
    summary: "The API, to browse",
    media: "text/html",
  }),
  docsFile: defineEndpoint({
    method: "GET",
    path: "/api/docs/{file}",
    access: anyone,
    summary: "A file of the documentation",
    media: "*/*",
    params: byFile,
    errors: ["request.not_found"],
    example: { params: { file: "nothing.js" } },
  }),
  statusPage: defineEndpoint({
    method: "GET",
    path: "/",
    access: anyone,
    summary: "The state of the scopes, to look at",
    media: "text/html",
  }),
  setupPage: defineEndpoint({
    method: "GET",
    path: "/setup",
    access: anyone,
    summary: "Where a link leads by which a password is set",
    media: "text/html",
  }),
  loginPage: defineEndpoint({
    method: "GET",
    path: "/login",
    access: anyone,
    summary: "Where one logs in",
    description:
      "With `returnTo`, a path of this service, as the place to go on at; with `organization`, its id or slug.",
    media: "text/html",
  }),
  loginAnswerPage: defineEndpoint({
    method: "GET",
    path: "/login/{id}",
    access: anyone,
    summary: "Where an identity provider sends browsers back to: its redirect URI",
    media: "text/html",
    params: z.object({ id: idSchema("identityProvider") }),
    example: { params: { id: exampleId("identityProvider") } },
  }),
  devicePage: defineEndpoint({
    method: "GET",
    path: "/device",
    access: anyone,
    summary: "Where a person approves a login from another device",
    description: "With `code`, as the device shows it. Leads by the page to log in at where nobody is logged in.",
    media: "text/html",
  }),
  authorizePage: defineEndpoint({
    method: "GET",
    path: "/authorize",
    access: anyone,
    summary: "Where a person approves a login of the command on the same computer (RFC 8252)",
    description:
      "With `response_type=code`, `client_id`, `client_name`, `redirect_uri`, `state`, `code_challenge` and `code_challenge_method=S256`. Goes on at the redirect URI.",
    media: "text/html",
  }),
  statusPageFile: defineEndpoint({
    method: "GET",
    path: "/assets/{file}",
    access: anyone,
    summary: "A file of the page",
    media: "*/*",
    params: byFile,
    errors: ["request.not_found"],
    example: { params: { file: "nothing.js" } },
  }),
});

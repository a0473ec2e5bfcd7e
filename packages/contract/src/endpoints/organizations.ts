import * as z from "zod";
import { idSchema } from "../ids.ts";
import { newOrganization, organization, organizationPatch } from "../organization.ts";
import { page } from "../view.ts";
import { defineArea, defineEndpoint, operator } from "./endpoint.ts";
import { exampleId } from "./examples.ts";
import { pagingQuery } from "./query.ts";

const PATH = "/api/v1/organizations/{id}";
const byId = z.object({ id: idSchema("organization") });
const example = { id: exampleId("organization") };

export const organizations = defineArea("organizations", {
  create: defineEndpoint({
    method: "POST",
    path: "/api/v1/organizations",
    access: operator("organizations:write", "organization"),
    summary: "Make an organization: what belongs to it does not exist for any other",
    description: "For who administers the system.",
    body: newOrganization,
    idempotent: true,
    status: 201,
    answer: organization,
    etag: true,
    mutates: "organization.create",
    errors: ["organization.slug_taken", "request.conflict"],
    example: { body: { name: "Payments", slug: "payments", owner: "Ann" } },
  }),
  list: defineEndpoint({
    method: "GET",
    path: "/api/v1/organizations",
    access: operator("organizations:read", "organization"),
    summary: "The organization of the caller; for who administers the system all, oldest first",
    query: pagingQuery,
    answer: page(organization),
  }),
  get: defineEndpoint({
    method: "GET",
    path: PATH,
    access: operator("organizations:read", "organization"),
    summary: "One organization",
    params: byId,
    answer: organization,
    etag: true,
    errors: ["organization.not_found"],
    example: { params: example },
  }),
  patch: defineEndpoint({
    method: "PATCH",
    path: PATH,
    access: operator("organizations:write", "organization"),
    summary: "Change an organization's name, slug, owner or settings",
    params: byId,
    body: organizationPatch,
    ifMatch: "required",
    answer: organization,
    etag: true,
    mutates: "organization.patch",
    errors: ["organization.not_found", "organization.slug_taken", "request.conflict"],
    example: { params: example, body: { owner: "Bob" } },
  }),
});

import * as z from "zod";
import { idSchema } from "../ids.ts";
import { createdScimSource, newScimSource, scimLink, scimSource } from "../scim-source.ts";
import { page } from "../view.ts";
import { defineArea, defineEndpoint, operator } from "./endpoint.ts";
import { exampleId } from "./examples.ts";
import { pagingQuery } from "./query.ts";

const PATH = "/api/v1/scim-sources/{id}";
const byId = z.object({ id: idSchema("scimSource") });
const example = { id: exampleId("scimSource") };

export const scimSources = defineArea("scimSources", {
  create: defineEndpoint({
    method: "POST",
    path: "/api/v1/scim-sources",
    access: operator("scim:write", "scim-source"),
    summary: "Make a SCIM source; its token is in this answer and never again",
    description:
      "A service account of its own acts for it, whose tokens can be made, listed and revoked as any others (scope `scim:provision`). A repeat under the same Idempotency-Key makes no second one and answers 409 with the id of the first as `source`.",
    body: newScimSource,
    idempotent: true,
    status: 201,
    answer: createdScimSource,
    etag: true,
    mutates: "scim-source.create",
    secret: "answer",
    errors: ["organization.not_found", "service-account.name_taken", "request.conflict"],
    example: { body: { name: "entra" } },
  }),
  list: defineEndpoint({
    method: "GET",
    path: "/api/v1/scim-sources",
    access: operator("scim:read", "scim-source"),
    summary: "SCIM sources, oldest first",
    query: pagingQuery,
    answer: page(scimSource),
  }),
  get: defineEndpoint({
    method: "GET",
    path: PATH,
    access: operator("scim:read", "scim-source"),
    summary: "One SCIM source",
    params: byId,
    answer: scimSource,
    etag: true,
    errors: ["scim-source.not_found"],
    example: { params: example },
  }),
  delete: defineEndpoint({
    method: "DELETE",
    path: PATH,
    access: operator("scim:write", "scim-source"),
    summary: "Remove a SCIM source; its tokens end at once, its users and groups stay",
    params: byId,
    status: 204,
    mutates: "scim-source.delete",
    errors: ["scim-source.not_found", "request.conflict"],
    example: { params: example },
  }),
  link: defineEndpoint({
    method: "POST",
    path: `${PATH}/links`,
    access: operator("scim:write", "scim-source"),
    summary: "Give a user or a group to a SCIM source, which sees and changes it from now on",
    description:
      "A source touches nobody else's users and groups, whatever their names and addresses are. Who gives it a group that holds roles must be one who could give those; a user, for whom it can set a password, one who may do all that the user may.",
    params: byId,
    body: scimLink,
    status: 204,
    mutates: "scim-source.link",
    errors: [
      "scim-source.not_found",
      "user.not_found",
      "group.not_found",
      "access.exceeds",
      "scim-source.linked",
      "request.conflict",
    ],
    example: { params: example, body: { user: exampleId("user") } },
  }),
});

import * as z from "zod";
import { newSpace, space, spaceRemoval } from "../addresses/space.ts";
import { idSchema } from "../ids.ts";
import { page } from "../view.ts";
import { defineArea, defineEndpoint, operator } from "./endpoint.ts";
import { EXAMPLE_ACCOUNT, exampleId } from "./examples.ts";
import { paging, yesOrNo } from "./query.ts";

const PATH = "/api/v1/addressspaces/{spaceId}";
const byId = z.object({ spaceId: idSchema("space") });
const example = { spaceId: exampleId("space") };
const time = z.union([z.iso.datetime({ offset: true }), z.iso.date()], {
  error: "a time such as 2026-12-31T08:00:00Z, or a day such as 2026-12-31",
});
const TAKEN = ["space.name_taken", "space.rule_taken", "access.exceeds"] as const;
const body = { name: "production", rules: [{ provider: "aws", account: EXAMPLE_ACCOUNT }] };

export const addressSpaces = defineArea("addressSpaces", {
  create: defineEndpoint({
    method: "POST",
    path: "/api/v1/addressspaces",
    access: operator("addresses:write", "address-space"),
    summary: "Make an address space: in it prefixes do not overlap, and of others it knows nothing",
    description:
      "A rule says what of the clouds belongs to it; nobody can claim what another space has, or networks that he may not read.",
    body: newSpace,
    idempotent: true,
    status: 201,
    answer: space,
    etag: true,
    mutates: "space.create",
    errors: [...TAKEN, "request.conflict"],
    example: { body },
  }),
  list: defineEndpoint({
    method: "GET",
    path: "/api/v1/addressspaces",
    access: operator("addresses:read", "address-space"),
    summary: "Address spaces that the caller may read, oldest first",
    description:
      "A page looks at 2,000 names at the most: with `nameContains` it may be short, or empty, and still have a cursor.",
    query: z.strictObject({
      ...paging,
      name: z
        .string()
        .min(1)
        .max(128)
        .optional()
        .meta({ description: "Only the one of this name; case does not matter" }),
      nameContains: z
        .string()
        .min(1)
        .max(128)
        .optional()
        .meta({ description: "Part of the name; case does not matter" }),
      createdBefore: time.optional().meta({ description: "Made before this time" }),
      createdAfter: time.optional().meta({ description: "Made after this time" }),
    }),
    answer: page(space),
    example: { query: { nameContains: "prod" } },
  }),
  get: defineEndpoint({
    method: "GET",
    path: PATH,
    access: operator("addresses:read", "address-space"),
    summary: "One address space",
    params: byId,
    answer: space,
    etag: true,
    errors: ["space.not_found"],
    example: { params: example },
  }),
  replace: defineEndpoint({
    method: "PUT",
    path: PATH,
    access: operator("addresses:write", "address-space"),
    summary: "Replace what is said of an address space; what is left out is as if it were new",
    params: byId,
    body: newSpace,
    ifMatch: "required",
    answer: space,
    etag: true,
    mutates: "space.replace",
    errors: ["space.not_found", "space.deleting", ...TAKEN, "request.conflict"],
    example: { params: example, body },
  }),
  delete: defineEndpoint({
    method: "DELETE",
    path: PATH,
    access: operator("addresses:write", "address-space"),
    summary: "Delete an address space with all that is in it, by a job; with `dryRun=true` only show what would go",
    description:
      "From its answer on nothing comes into it. It is gone when the job is done: at once where little is in it. While it is going the same answers the job again, or goes on with one that was stopped.",
    params: byId,
    query: z.strictObject({ dryRun: yesOrNo.optional().meta({ description: "Only show what would go" }) }),
    ifMatch: "optional",
    answer: spaceRemoval,
    mutates: "space.delete",
    errors: ["space.not_found", "request.conflict"],
    example: { params: example },
  }),
  keep: defineEndpoint({
    method: "DELETE",
    path: `${PATH}/deletion`,
    access: operator("addresses:write", "address-space"),
    summary: "Stop the deletion of an address space: what is left of it is as it was",
    params: byId,
    answer: space,
    etag: true,
    mutates: "space.keep",
    errors: ["space.not_found", "space.not_deleting", "space.deleting", "request.conflict"],
    example: { params: example },
  }),
});

import * as z from "zod";
import { changedTag, newTag, tag, tagNameInPath, tagReplacement } from "../addresses/tag.ts";
import { idSchema } from "../ids.ts";
import { page } from "../view.ts";
import { defineArea, defineEndpoint, operator } from "./endpoint.ts";
import { exampleId } from "./examples.ts";
import { paging, yesOrNo } from "./query.ts";

const PATH = "/api/v1/addressspaces/{spaceId}/tags";
const ONE = `${PATH}/{tagName+}`;
const bySpace = z.object({ spaceId: idSchema("space") });
const byName = z.object({ spaceId: idSchema("space"), tagName: tagNameInPath });
const inSpace = { spaceId: exampleId("space") };
const example = { ...inSpace, tagName: "env" };
const body = { type: "Inheritable", knownValues: ["prod", "test"], implies: { tier: { prod: "gold" } } };
const CHANGING = ["space.not_found", "space.deleting", "space.changing", "request.conflict"] as const;

export const spaceTags = defineArea("spaceTags", {
  create: defineEndpoint({
    method: "POST",
    path: PATH,
    access: operator("addresses:write", "address-space"),
    summary: "Define a tag that prefixes of the space may have",
    description:
      "What it implies must be defined before. It is refused when tags would imply each other in a circle, or one value two values of another.",
    params: bySpace,
    body: newTag,
    idempotent: true,
    status: 201,
    answer: tag,
    etag: true,
    mutates: "space-tag.create",
    errors: [...CHANGING, "tag.exists", "tag.invalid", "tag.too_many"],
    example: { params: inSpace, body: { name: "env", ...body } },
  }),
  list: defineEndpoint({
    method: "GET",
    path: PATH,
    access: operator("addresses:read", "address-space"),
    summary: "The tags of an address space by their names",
    params: bySpace,
    query: z.strictObject({
      ...paging,
      nameContains: z
        .string()
        .min(1)
        .max(128)
        .optional()
        .meta({ description: "Part of the name; case does not matter" }),
    }),
    answer: page(tag),
    errors: ["space.not_found"],
    example: { params: inSpace, query: { nameContains: "en" } },
  }),
  get: defineEndpoint({
    method: "GET",
    path: ONE,
    access: operator("addresses:read", "address-space"),
    summary: "One tag of an address space",
    params: byName,
    answer: tag,
    etag: true,
    errors: ["space.not_found", "tag.not_found"],
    example: { params: example },
  }),
  replace: defineEndpoint({
    method: "PUT",
    path: ONE,
    access: operator("addresses:write", "address-space"),
    summary: "Replace what a tag may be and what it implies; refused where prefixes would be wrong with it",
    description:
      "With `dryRun=true` nothing is written: it answers the tag as it would be, with the prefixes that would be wrong. At most 20,000 uses of the tags that matter are looked at.",
    params: byName,
    query: z.strictObject({ dryRun: yesOrNo.optional().meta({ description: "Only show what it would make wrong" }) }),
    body: tagReplacement,
    ifMatch: "optional",
    answer: changedTag,
    etag: true,
    mutates: "space-tag.replace",
    errors: [...CHANGING, "tag.not_found", "tag.invalid", "tag.too_many", "tag.breaks_values", "tag.too_much_in_use"],
    example: { params: example, body },
  }),
  delete: defineEndpoint({
    method: "DELETE",
    path: ONE,
    access: operator("addresses:write", "address-space"),
    summary: "Remove a tag that no prefix has and that no other tag implies",
    params: byName,
    ifMatch: "optional",
    status: 204,
    mutates: "space-tag.delete",
    errors: [...CHANGING, "tag.not_found", "tag.in_use"],
    example: { params: example },
  }),
});

import * as z from "zod";
import { newRange, range } from "../addresses/range.ts";
import { idSchema } from "../ids.ts";
import { page } from "../view.ts";
import { defineArea, defineEndpoint, operator } from "./endpoint.ts";
import { exampleId } from "./examples.ts";
import { paging } from "./query.ts";

const PATH = "/api/v1/addressspaces/{spaceId}/ranges";
const ONE = `${PATH}/{rangeId}` as const;
const inSpace = z.object({ spaceId: idSchema("space") });
const byId = inSpace.extend({ rangeId: idSchema("range") });
const spaceExample = { spaceId: exampleId("space") };
const example = { ...spaceExample, rangeId: exampleId("range") };
const body = { start: "10.1.0.50", end: "10.1.0.99", populated: true, utilized: false, name: "DHCP" };

const CHANGED = [
  "space.not_found",
  "space.deleting",
  "range.overlaps",
  "ip.too_much_inside",
  "request.conflict",
] as const;

export const ranges = defineArea("ranges", {
  create: defineEndpoint({
    method: "POST",
    path: PATH,
    access: operator("addresses:write", "address-space"),
    summary: "Note a range of addresses that is populated, utilized, or both",
    description:
      "Nothing is allocated from what is populated; what is utilized counts as used. Two ranges with the same flag do not overlap. It may go over several prefixes.",
    params: inSpace,
    body: newRange,
    idempotent: true,
    status: 201,
    answer: range,
    etag: true,
    mutates: "range.create",
    errors: CHANGED,
    example: { params: spaceExample, body },
  }),
  list: defineEndpoint({
    method: "GET",
    path: PATH,
    access: operator("addresses:read", "address-space"),
    summary: "Ranges in the order of their first addresses",
    params: inSpace,
    query: z.strictObject({ ...paging }),
    answer: page(range),
    errors: ["space.not_found"],
    example: { params: spaceExample },
  }),
  get: defineEndpoint({
    method: "GET",
    path: ONE,
    access: operator("addresses:read", "address-space"),
    summary: "One range",
    params: byId,
    answer: range,
    etag: true,
    errors: ["space.not_found", "range.not_found"],
    example: { params: example },
  }),
  replace: defineEndpoint({
    method: "PUT",
    path: ONE,
    access: operator("addresses:write", "address-space"),
    summary: "Replace a range: its addresses, flags, name",
    params: byId,
    body: newRange,
    ifMatch: "required",
    answer: range,
    etag: true,
    mutates: "range.replace",
    errors: [...CHANGED, "range.not_found"],
    example: { params: example, body },
  }),
  delete: defineEndpoint({
    method: "DELETE",
    path: ONE,
    access: operator("addresses:write", "address-space"),
    summary: "Remove a range; its addresses are free again",
    params: byId,
    ifMatch: "required",
    status: 204,
    mutates: "range.delete",
    errors: [...CHANGED, "range.not_found"],
    example: { params: example },
  }),
});

import * as z from "zod";
import { changeEntry, changeType } from "../changes.ts";
import { MOMENT_FORMS, tryParseMoment } from "../moment.ts";
import { NATURAL_ID_LENGTH } from "../resource.ts";
import { accountId, kindName, regionName } from "../scope.ts";
import { page } from "../view.ts";
import { defineArea, defineEndpoint, operator } from "./endpoint.ts";
import { paging } from "./query.ts";

/** A moment as people say it; which one it is, the handler knows by its clock. */
const moment = z
  .string()
  .max(40)
  .refine((text) => tryParseMoment(text, { now: new Date(0) }) !== undefined, MOMENT_FORMS);

const filters = {
  type: changeType.optional().meta({ description: "What happened" }),
  kind: kindName.optional(),
  account: accountId.optional(),
  region: regionName.optional(),
  network: z
    .string()
    .min(1)
    .max(NATURAL_ID_LENGTH)
    .optional()
    .meta({ description: "Natural id of a network or its last part (`vpc-…`): the network and all that is in it" }),
  subject: z
    .string()
    .min(1)
    .max(NATURAL_ID_LENGTH)
    .optional()
    .meta({ description: "Natural id or short id (`res_…`) of one resource" }),
};

export const changes = defineArea("changes", {
  list: defineEndpoint({
    method: "GET",
    path: "/api/v1/changes",
    access: operator("resources:read", "resource"),
    summary: "What changed, from what to what: resources, what is said of them, holds, scopes",
    description: `\`since\` and \`until\` are ${MOMENT_FORMS}; days begin in UTC. A page looks at 5,000 changes at the most: it may be short, or empty, and still have a cursor.`,
    query: z.strictObject({
      ...paging,
      ...filters,
      since: moment.optional().meta({ description: "The first moment, inclusive" }),
      until: moment.optional().meta({ description: "The last moment, inclusive" }),
      order: z.enum(["newest", "oldest"]).default("newest").meta({ description: "Which come first" }),
    }),
    answer: page(changeEntry),
    errors: ["resource.not_found", "query.invalid"],
    example: { query: { since: "7d", network: "vpc-0abc", order: "oldest" } },
  }),
  follow: defineEndpoint({
    method: "GET",
    path: "/api/v1/changes/stream",
    access: operator("resources:read", "resource"),
    summary: "Changes as they happen, as server-sent events",
    description:
      "Goes on after the event that `Last-Event-ID` names, else begins with what changes from now on. An event may come twice after a lost connection, with the same id. It is there where the runtime can hold a connection.",
    query: z.strictObject(filters),
    stream: changeEntry,
    needs: "following",
    errors: ["resource.not_found", "query.invalid", "cursor.invalid"],
    example: { query: { kind: "instance" } },
  }),
});

import * as z from "zod";
import {
  addressImport,
  DUPLICATES,
  EXPORT_FORMATS,
  IMPORT_MODES,
  importProblem,
  MOST_PARTS,
  PART_BYTES,
} from "../addresses/import.ts";
import { prefixInput } from "../addresses/prefix-input.ts";
import { idSchema } from "../ids.ts";
import { page } from "../view.ts";
import { defineArea, defineEndpoint, operator } from "./endpoint.ts";
import { exampleId } from "./examples.ts";
import { paging, wholeNumber, yesOrNo } from "./query.ts";

const SPACE = "/api/v1/addressspaces/{spaceId}";
const IMPORT = `${SPACE}/imports/{id}`;
const inSpace = z.object({ spaceId: idSchema("space") });
const byId = z.object({ spaceId: idSchema("space"), id: idSchema("addressImport") });
const space = { spaceId: exampleId("space") };
const one = { ...space, id: exampleId("addressImport") };
const part = wholeNumber(1, MOST_PARTS);
const MOST_COLUMNS = 256;
const MOST_ROWS = 10_000;

export const addressImports = defineArea("addressImports", {
  create: defineEndpoint({
    method: "POST",
    path: `${SPACE}/imports`,
    access: operator("addresses:write", "address-space"),
    summary:
      "Import a file of prefixes: CSV, JSON, JSON Lines or a workbook, also as NetBox, phpIPAM and AWS IPAM export it",
    description:
      "The body is the file, or the first of its `parts`; what form it has is told by its content, and it may be compressed (`content-encoding: gzip`). A small file is done when this answers, a larger one goes on as a job. All or nothing: the whole file is judged first, and nothing is written when a row of it is refused.",
    params: inSpace,
    query: z.strictObject({
      name: z.string().max(256).optional().meta({ description: "Of the file, for people" }),
      format: z.string().max(64).optional().meta({
        description: "The form, where its columns do not tell it: `netbox-prefixes`, `phpipam-subnets`, `aws-ipam`, …",
      }),
      sheet: z.string().max(128).optional().meta({ description: "Of a workbook; the first one by default" }),
      vrf: z
        .string()
        .max(256)
        .optional()
        .meta({ description: "Which VRF of a file that has several; `global` for none" }),
      column: z
        .array(
          z
            .string()
            .max(512)
            .regex(/^.+=.+$/s, "COLUMN=MEMBER"),
        )
        .max(MOST_COLUMNS)
        .optional()
        .meta({
          description:
            "COLUMN=MEMBER: what a column of the file stands for, `tag:NAME` for a tag, `ignore` for nothing; may be given again",
        }),
      duplicates: z.enum(DUPLICATES).optional().meta({
        description:
          "What becomes of rows whose prefix is planned already, or stands in the file twice; `fail` by default",
      }),
      mode: z
        .enum(IMPORT_MODES)
        .optional()
        .meta({ description: "Whether one row that is refused refuses all; it does by default" }),
      dryRun: yesOrNo.optional().meta({ description: "Say what would be done, and do nothing" }),
      parts: part.optional().meta({ description: "In how many parts the file is sent; this body is the first" }),
    }),
    repeatable: ["column"],
    file: { bytes: PART_BYTES },
    idempotent: true,
    status: 201,
    answer: addressImport,
    mutates: "space-import.create",
    errors: ["space.not_found", "space.deleting", "request.conflict"],
    example: {
      params: space,
      query: { name: "prefixes.csv", dryRun: "true", column: ["Network=prefix", "Env=tag:environment"] },
    },
  }),
  upload: defineEndpoint({
    method: "PUT",
    path: `${IMPORT}/parts/{part}`,
    access: operator("addresses:write", "address-space"),
    summary: "Send a further part of the file; with the last one that is missing the import begins",
    description: "In any order, and again without harm while parts are missing. All parts are compressed, or none.",
    params: byId.extend({ part }),
    file: { bytes: PART_BYTES },
    answer: addressImport,
    mutates: "space-import.upload",
    errors: ["space.not_found", "space.deleting", "import.not_found", "import.state", "request.conflict"],
    example: { params: { ...one, part: "2" } },
  }),
  get: defineEndpoint({
    method: "GET",
    path: IMPORT,
    access: operator("addresses:read", "address-space"),
    summary: "An import: how far it is, and what was done",
    params: byId,
    answer: addressImport,
    errors: ["space.not_found", "import.not_found"],
    example: { params: one },
  }),
  problems: defineEndpoint({
    method: "GET",
    path: `${IMPORT}/problems`,
    access: operator("addresses:read", "address-space"),
    summary: "What is wrong with the rows of an import, in their order",
    params: byId,
    query: z.strictObject(paging),
    answer: page(importProblem),
    errors: ["space.not_found", "import.not_found"],
    example: { params: one },
  }),
  cancel: defineEndpoint({
    method: "POST",
    path: `${IMPORT}/cancel`,
    access: operator("addresses:write", "address-space"),
    summary: "Stop an import after the step that is under way; what it did stays, and its counts say what that is",
    params: byId,
    answer: addressImport,
    mutates: "job.cancel",
    errors: ["space.not_found", "import.not_found", "import.state", "request.conflict"],
    example: { params: one },
  }),
  export: defineEndpoint({
    method: "GET",
    path: `${SPACE}/export`,
    access: operator("addresses:read", "address-space"),
    summary: "The prefixes of a space as a file, in the order of addresses; with `zip` all that is in the space",
    description:
      "An import of it into an empty space gives the same tree. Where the runtime cannot stream, an answer has 4 MB at the most: ask for less by `within`, or go on by `limit` and `after`.",
    params: inSpace,
    query: z.strictObject({
      format: z.enum(EXPORT_FORMATS).default("csv"),
      within: prefixInput.optional().meta({ description: "Only this prefix and what is inside it" }),
      after: prefixInput
        .optional()
        .meta({ description: "Only what comes after this prefix in the order of addresses" }),
      limit: wholeNumber(1, MOST_ROWS).optional().meta({ description: "At most so many; all by default" }),
    }),
    media: "*/*",
    binary: true,
    errors: ["space.not_found", "request.too_large"],
    example: { params: space, query: { format: "csv", within: "10.0.0.0/8" } },
  }),
});

import * as z from "zod";
import { checkpoint } from "../audit/checkpoint.ts";
import { auditProof } from "../audit/proof.ts";
import { AUDIT_OUTCOMES, auditRecord } from "../audit/record.ts";
import { AUDIT_ACTION_NAMES, AUDIT_FLAGS } from "../audit-actions.ts";
import { idSchema } from "../ids.ts";
import { page } from "../view.ts";
import { defineArea, defineEndpoint, operator } from "./endpoint.ts";
import { exampleId } from "./examples.ts";
import { paging, wholeNumber } from "./query.ts";

export const EXPORT_FORMATS = ["jsonl", "csv", "cef"] as const;

const text = z.string().min(1).max(1024).optional();
const type = z
  .string()
  .regex(/^[a-z][a-z-]{0,63}$/, "a type in lower-case letters, such as account")
  .optional();
/** An id cannot say what is no name of anybody. */
const actor = z
  .string()
  .max(600)
  .regex(/^(?:(?:(?:user:)?usr|(?:service-account:)?sva|(?:collector:)?col)_[0-9A-Z]{26}|system|unknown|others)$/, {
    error:
      "is type:id such as user:usr_…, collector:col_…, an id alone, or system, unknown or others; of the last two only refusals are counted",
  })
  .optional();
const time = z.iso.datetime({ offset: true }).optional();
const order = z.enum(["newest", "oldest"]).default("newest");

export const audit = defineArea("audit", {
  list: defineEndpoint({
    method: "GET",
    path: "/api/v1/audit",
    access: operator("audit:read", "audit"),
    summary: "The audit log",
    description:
      "Newest first unless `order` says otherwise. With filters a page may be short, or empty, and still have a cursor.",
    query: z.strictObject({
      ...paging,
      actor,
      action: z.enum(AUDIT_ACTION_NAMES).optional(),
      entity_type: type,
      entity_id: text,
      outcome: z.enum(AUDIT_OUTCOMES).optional(),
      flag: z.enum(AUDIT_FLAGS).optional(),
      since: time,
      until: time,
      q: z.string().trim().min(2).max(200).optional().meta({
        description: "A text that the record has somewhere, whatever the case of its letters",
      }),
      order,
    }),
    answer: page(auditRecord),
    example: { query: { action: "credential.reveal", since: "2026-11-01T00:00:00Z" } },
  }),
  checkpoints: defineEndpoint({
    method: "GET",
    path: "/api/v1/audit/checkpoints",
    access: operator("audit:read", "audit"),
    summary: "The signed checkpoints of the audit log",
    description: "Each minute in which something was recorded has one, and each hour in which nothing was.",
    query: z.strictObject({ ...paging, order }),
    answer: page(checkpoint),
    example: { query: { order: "oldest" } },
  }),
  export: defineEndpoint({
    method: "GET",
    path: "/api/v1/audit/export",
    access: operator("audit:read", "audit"),
    summary: "The audit log as a file",
    description:
      "`jsonl` has the records of each checkpoint, then the checkpoint with its leaves, then what is not sealed yet, and a line of the type `end`: `cadastre audit verify --export` checks it without the API. `since` and `until` take whole checkpoints there. `csv` and `cef` have the records alone. Where the runtime cannot stream, a `jsonl` ends after some megabytes with `next` in its last line: ask again with `after`.",
    query: z.strictObject({
      format: z.enum(EXPORT_FORMATS).default("jsonl"),
      since: time,
      until: time,
      after: wholeNumber(0, 999_999_999_999)
        .optional()
        .meta({ description: "Of `jsonl`: begin after the checkpoint of this sequence" }),
    }),
    media: "*/*",
    errors: ["request.too_large"],
    example: { query: { format: "csv", since: "2026-11-01T00:00:00Z" } },
  }),
  publicKey: defineEndpoint({
    method: "GET",
    path: "/api/v1/audit/public-key",
    access: operator("audit:read", "audit"),
    summary: "The public keys by which checkpoints are signed, as PEM; the one in use last",
    media: "application/x-pem-file",
    errors: ["audit.no_key"],
  }),
  erase: defineEndpoint({
    method: "DELETE",
    path: "/api/v1/audit/persons/{id}",
    access: operator("audit:erase", "audit"),
    summary: "Erase a person's data from the audit log, for good",
    description:
      "Destroys the key that the person's name, addresses and what was said of the user are sealed with. The records stay as they were sealed, with the person's id.",
    params: z.object({ id: idSchema("user") }),
    answer: z.object({ person: idSchema("user"), erasedAt: z.iso.datetime() }),
    mutates: "audit.erase",
    errors: ["audit.person_not_found", "request.conflict"],
    example: { params: { id: exampleId("user") } },
  }),
  prove: defineEndpoint({
    method: "GET",
    path: "/api/v1/audit/{id}/proof",
    access: operator("audit:read", "audit"),
    summary: "The proof that a record is in the log as it was sealed",
    params: z.object({ id: idSchema("audit") }),
    answer: auditProof,
    errors: ["audit.not_found", "audit.unsealed", "audit.removed"],
    example: { params: { id: exampleId("audit") } },
  }),
});

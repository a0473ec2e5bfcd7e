import * as z from "zod";
import { idSchema } from "../ids.ts";
import { jobError, jobProgress } from "../job.ts";

/** Bytes of a file, or of one part of it, as they are sent: what a function may be sent at once, and some less. */
export const PART_BYTES = 4 * 1024 * 1024;
/** Parts of a file at the most. */
export const MOST_PARTS = 32;

export const DUPLICATES = ["skip", "update", "fail"] as const;
export const IMPORT_MODES = ["all-or-nothing", "per-row"] as const;

/**
 * `uploading` waits for parts of the file, `waiting` and `running` are under way. `refused`: the file or a row of it cannot be taken and
 * nothing was written. `undone`: a row could not be taken any more when its turn came, and what had been written was taken back.
 */
export const IMPORT_STATES = [
  "uploading",
  "waiting",
  "running",
  "done",
  "refused",
  "undone",
  "cancelled",
  "failed",
] as const;
export type ImportState = (typeof IMPORT_STATES)[number];

/** What is wrong with one value of a file. */
export const importProblem = z.object({
  row: z.int().meta({ description: "As a spreadsheet numbers it: from 1, the header included" }),
  column: z
    .string()
    .optional()
    .meta({ description: "As the file calls it, or what it stands for; none where a whole row is meant" }),
  value: z.string().meta({ description: "At most 200 characters of it" }),
  reason: z.string(),
});
export type ImportProblem = z.output<typeof importProblem>;

const count = z.int().min(0);

/** Rows by what becomes of them. */
export const importCounts = z.object({
  create: count,
  update: count,
  skip: count.meta({ description: "Said nothing new, or were to be passed over" }),
  refuse: count.meta({ description: "Rows that something is wrong with" }),
});
export type ImportCounts = z.output<typeof importCounts>;

/** How a file is imported. */
export const importSettings = z.object({
  name: z.string().max(256).default(""),
  format: z.string().max(64).optional(),
  sheet: z.string().max(128).optional(),
  vrf: z.string().max(256).optional(),
  columns: z.array(z.tuple([z.string(), z.string()])).default([]),
  duplicates: z.enum(DUPLICATES).default("fail"),
  mode: z.enum(IMPORT_MODES).default("all-or-nothing"),
  dryRun: z.boolean().default(false),
});
export type ImportSettings = z.output<typeof importSettings>;

/** An import of a file into an address space. */
export const addressImport = z.object({
  id: idSchema("addressImport"),
  space: idSchema("space"),
  state: z.enum(IMPORT_STATES),
  name: z.string().meta({ description: "Of the file, as it was given" }),
  duplicates: z.enum(DUPLICATES),
  mode: z.enum(IMPORT_MODES),
  dryRun: z.boolean(),
  parts: z.int(),
  partsThere: z.int(),
  format: z.string().optional().meta({ description: "What the file was taken for, once it was read" }),
  ignored: z.array(z.string()).meta({ description: "Columns that stand for nothing here" }),
  rows: count.meta({ description: "Rows that were understood so far" }),
  counts: importCounts.meta({
    description: "Of the rows that were looked at so far: what is done with them, or would be",
  }),
  problems: count.meta({ description: "How many there are; they are a list of their own" }),
  file: z
    .object({ reason: z.string(), message: z.string(), row: z.int().optional(), choices: z.array(z.string()) })
    .optional()
    .meta({ description: "Why the file as such cannot be read" }),
  job: idSchema("job").optional(),
  progress: jobProgress.optional(),
  error: jobError.optional(),
  createdOn: z.iso.datetime(),
  createdBy: z.string(),
  endedOn: z.iso.datetime().optional(),
});
export type AddressImport = z.output<typeof addressImport>;

export const EXPORT_FORMATS = ["csv", "json", "jsonl", "xlsx", "zip"] as const;
export type AddressExportFormat = (typeof EXPORT_FORMATS)[number];

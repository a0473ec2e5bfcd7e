import type * as z from "zod";
import { type ErrorCode, type FieldError, ProblemError } from "./errors.ts";

const MOST_ERRORS = 50;

/** Names and values may be as long as a body; what is said of them is not. */
const MOST_NAME = 200;
const MOST_MESSAGE = 500;

const cut = (text: string, most: number): string => text.slice(0, most).toWellFormed();

/** `["scopes", 0, "kind"]` as `scopes[0].kind`. */
export function toPath(path: readonly PropertyKey[]): string {
  return path
    .map((part, at) =>
      typeof part === "number" ? `[${part}]` : `${at === 0 ? "" : "."}${cut(String(part), MOST_NAME)}`,
    )
    .join("");
}

export function toFieldErrors(error: z.ZodError, prefix = ""): FieldError[] {
  return error.issues.slice(0, MOST_ERRORS).map((issue) => {
    const path = toPath(issue.path);
    return {
      path: prefix && path && !path.startsWith("[") ? `${prefix}.${path}` : `${prefix}${path}`,
      message: cut(issue.message, MOST_MESSAGE),
    };
  });
}

/** Parses at the boundary, once. Throws a ProblemError that names every place that is wrong (at most 50). */
export function parse<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  code: ErrorCode = "request.invalid",
  prefix = "",
): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const errors = toFieldErrors(parsed.error, prefix);
  const [first] = errors;
  throw new ProblemError(code, first ? `${first.path || "body"}: ${first.message}` : undefined, { errors });
}

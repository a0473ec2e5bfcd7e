import type * as z from "zod";
import { didYouMean } from "./did-you-mean.ts";
import { type FieldError, ProblemError } from "./errors.ts";
import { noneOf } from "./meant.ts";

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

/** The names that an object may have, for each place where a name was not known. */
type KnownNames = ReadonlyMap<string, readonly string[]>;

function unknownName(name: string, known: readonly string[]): string {
  const meant = didYouMean(name, known);
  if (meant !== undefined) return `is not known here; did you mean ${meant}?`;
  return known.length === 0 ? "is not known here, nothing is" : `is not known here; known are ${known.join(", ")}`;
}

/** One issue as the places that are wrong: an object with three unknown members is wrong in three places. */
function placesOf(issue: z.core.$ZodIssue, known: KnownNames | undefined, isSecret: boolean): FieldError[] {
  const path = toPath(issue.path);
  const names = known?.get(path);
  if (issue.code !== "unrecognized_keys" || names === undefined) return [{ path, message: issue.message }];
  // What is in the place of a name may be the secret itself.
  if (isSecret) return [{ path, message: `has a member that ${unknownNames(issue.keys, names)}` }];
  return issue.keys.map((key) => ({ path: toPath([...issue.path, key]), message: unknownName(key, names) }));
}

/** The same of names that are not repeated; what was probably meant is one of the known ones. */
function unknownNames(given: readonly string[], known: readonly string[]): string {
  const meant = given.map((name) => didYouMean(name, known)).find((name) => name !== undefined);
  return meant === undefined ? unknownName("", known) : `is not known here; did you mean ${meant}?`;
}

/** What a schema says of a value, as places and messages; at most 50. */
export function toFieldErrors(
  error: z.ZodError,
  { prefix = "", known, isSecret = false }: { prefix?: string; known?: KnownNames; isSecret?: boolean } = {},
): FieldError[] {
  return error.issues
    .slice(0, MOST_ERRORS)
    .flatMap((issue) => placesOf(issue, known, isSecret))
    .slice(0, MOST_ERRORS)
    .map(({ path, message }) => ({
      path: prefix && path && !path.startsWith("[") ? `${prefix}.${path}` : `${prefix}${path}`,
      message: cut(message, MOST_MESSAGE),
    }));
}

export interface ParseOptions {
  /** Where in the request the value stands. */
  readonly prefix?: string;
  /** The value holds a secret: no name of its members is repeated, since people put secrets there by mistake. */
  readonly isSecret?: boolean;
}

/** Parses at the boundary, once. Throws 422 `request.invalid` that names every place that is wrong (at most 50). */
export function parse<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  { prefix = "", isSecret = false }: ParseOptions = {},
): z.output<Schema> {
  let unknownIn: Map<string, readonly string[]> | undefined;
  const parsed = schema.safeParse(value, {
    error(issue) {
      if (issue.code === "invalid_value" && issue.values.length > 1)
        return noneOf(issue.input, issue.values.map(String));
      const shape = issue.code === "unrecognized_keys" ? (issue.inst as z.ZodObject | undefined)?.shape : undefined;
      if (!shape) return undefined;
      unknownIn ??= new Map();
      unknownIn.set(toPath(issue.path ?? []), Object.keys(shape));
      return undefined;
    },
  });
  if (parsed.success) return parsed.data;
  const errors = toFieldErrors(parsed.error, { prefix, isSecret, ...(unknownIn && { known: unknownIn }) });
  const [first] = errors;
  throw new ProblemError("request.invalid", first ? `${first.path || "body"}: ${first.message}` : undefined, {
    errors,
  });
}

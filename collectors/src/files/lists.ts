import type { KindName } from "@cadastre/contract/kinds/names";
import { toFieldErrors } from "@cadastre/contract/parse";
import * as z from "zod";
import { MalformedError } from "../values.ts";
import { FileError } from "./format.ts";

/** A schema of those members of a cloud's own type that the converters read. */
export function membersOf<T>(shape: { readonly [Member in keyof T]?: z.ZodType }): z.ZodType<T> {
  return z.object(shape) as unknown as z.ZodType<T>;
}

/** The elements of a printed list. Throws FileError that names the first place where it is not what the tool prints. */
export function readList<Element>(
  schema: z.ZodType<Element[]>,
  value: unknown,
  kind: KindName,
  member = "",
): Element[] {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [first, ...more] = toFieldErrors(parsed.error, { prefix: member });
  const others = more.length > 0 ? ` (and ${more.length} more)` : "";
  throw new FileError(`${first?.path}: ${first?.message}${others}`, kind);
}

/** What a converter makes. Throws FileError for what it cannot read. */
export function converted<T>(convert: () => T): T {
  try {
    return convert();
  } catch (error) {
    if (error instanceof MalformedError || error instanceof RangeError) throw new FileError(error.message);
    throw error;
  }
}

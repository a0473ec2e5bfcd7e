import { ProblemError } from "@cadastre/contract/errors";
import { toPath } from "@cadastre/contract/parse";

const HALF = "has half of a surrogate pair, which is not text";

interface TextOptions {
  /** Names may be secret too, and are not repeated. */
  readonly isSecret?: boolean;
  /** Members that are left to who can tell one bad item of them from the others. */
  readonly except?: string;
}

type Place = readonly PropertyKey[];

/** Where a text that is none stands first; undefined when all is text. */
function halfPair(value: unknown, path: Place, except: string | undefined): Place | undefined {
  if (typeof value === "string") return value.isWellFormed() ? undefined : path;
  if (value === null || typeof value !== "object") return undefined;
  for (const [name, member] of Object.entries(value)) {
    if (name === except) continue;
    const place = [...path, Array.isArray(value) ? Number(name) : name];
    const found = name.isWellFormed() ? halfPair(member, place, except) : place;
    if (found) return found;
  }
  return undefined;
}

const REPLACEMENT = "\ufffd";

/**
 * That every parameter of a query is text: what is no UTF-8 (`%FF`, half of a surrogate pair) would be read as other characters, and
 * nothing found by them. Throws 422 `request.invalid` with the parameter's name.
 */
export function requireTextQuery(url: string): void {
  const { search, searchParams } = new URL(url);
  if (/%ef%bf%bd/i.test(search)) return;
  for (const [name, value] of searchParams) {
    if (!`${name}${value}`.includes(REPLACEMENT)) continue;
    throw new ProblemError("request.invalid", `${name}: is not UTF-8`, {
      errors: [{ path: name, message: "is not UTF-8" }],
    });
  }
}

/**
 * That every text of a body is one: JSON can escape half of a surrogate pair, which has no bytes and no store keeps. Throws 422
 * `request.invalid` with the place.
 */
export function requireText(value: unknown, { isSecret = false, except }: TextOptions): void {
  const place = halfPair(value, [], except);
  if (place === undefined) return;
  const path = isSecret ? "" : toPath(place);
  throw new ProblemError("request.invalid", `${path || "body"}: ${HALF}`, { errors: [{ path, message: HALF }] });
}

import type { DetailedError, PolicyJson } from "@cedar-policy/cedar-wasm/nodejs";
import { type CedarEngine, isDead, openCedar } from "./cedar.ts";
import { unkeepable } from "./check-head.ts";
import { PLACE_ATTRIBUTES, SCHEMA, toCedarType } from "./schema.ts";
import { type Scope, scopeOf } from "./scope.ts";

/** Where in a policy's text something is wrong; both count from 1, columns in characters. */
export interface PolicyError {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** One statement of a policy's text, as it is decided by. */
export interface Statement {
  readonly text: string;
  readonly effect: "permit" | "forbid";
  readonly scope: Scope;
  /** Its conditions look at what the thing itself is like, so that one thing of a place can be decided otherwise than another. */
  readonly looksAtResource: boolean;
  /** At more than what all have in common that is in an account. Of what was stored before that was asked, it is not known. */
  readonly looksAtThing?: boolean | undefined;
  /** Address spaces that its conditions name, where they name any. */
  readonly spaces?: readonly string[] | undefined;
}

export type ParsedPolicy = { readonly statements: readonly Statement[] } | { readonly errors: readonly PolicyError[] };

/** A policy is written by hand; its statements are decided by on every request that they may concern. */
export const MOST_POLICY_BYTES = 16_384;
const MOST_STATEMENTS = 50;
/** Of expressions in one another: Cedar goes down into them on a stack of a fixed size, and dies of 150. */
const DEEPEST = 50;

const START: Omit<PolicyError, "message"> = { line: 1, column: 1 };

/** Cedar counts bytes of UTF-8. */
function placeOf(text: string, byte: number): Omit<PolicyError, "message"> {
  const lines = Buffer.from(text).subarray(0, byte).toString("utf8").split("\n");
  return { line: lines.length, column: [...(lines.at(-1) ?? "")].length + 1 };
}

function toPolicyError(text: string, { message, help, sourceLocations }: DetailedError): PolicyError {
  const at = sourceLocations?.[0];
  const what = message.replace("failed to parse policies from string: ", "").replace(/^for policy `[^`]*`, /, "");
  const more = [at?.label, help].filter((one) => one !== null && one !== undefined);
  return { ...(at === undefined ? START : placeOf(text, at.start)), message: [what, ...more].join("; ") };
}

/** How deep arrays and objects are in one another. */
function depthOf(value: unknown): number {
  let deepest = 0;
  for (let level: unknown[] = [value]; level.length > 0; deepest += 1)
    level = level.flatMap((one) => (typeof one === "object" && one !== null ? Object.values(one) : []));
  return deepest;
}

function looksAt(variable: string, value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if ("Var" in value && value.Var === variable) return true;
  return Object.values(value).some((one) => looksAt(variable, one));
}

interface Access {
  readonly left?: { readonly Var?: string };
  readonly attr?: string;
}

/** Whether an expression looks at the thing itself: at anything of it but what is said of its account. */
function looksAtThing(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if ("Var" in value && value.Var === "resource") return true;
  return Object.entries(value).some(([operator, inner]: [string, unknown]) => {
    const { left, attr } = (operator === "." || operator === "has" ? inner : {}) as Access;
    const isOfPlace = left?.Var === "resource" && PLACE_ATTRIBUTES.includes(attr ?? "");
    return !isOfPlace && looksAtThing(inner);
  });
}

const ADDRESS_SPACE = toCedarType("address-space");

/** The address spaces that an expression names. */
function spacesIn(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  const { type, id } = value as { readonly type?: unknown; readonly id?: unknown };
  if (type === ADDRESS_SPACE && typeof id === "string") return [id];
  return Object.values(value).flatMap(spacesIn);
}

function toStatement(text: string, json: PolicyJson): Statement {
  const { effect, conditions } = json;
  const looksAtResource = looksAt("resource", conditions);
  const spaces = [...new Set(spacesIn(conditions))];
  const looks = { looksAtResource, looksAtThing: looksAtThing(conditions) };
  return { text, effect, scope: scopeOf(json), ...looks, ...(spaces.length === 0 ? {} : { spaces }) };
}

/** What no decision would keep of what the heads say; Cedar would call it inapplicable at best, and pass over it where another action applies. */
function headErrors(cedar: CedarEngine, text: string): PolicyError[] {
  const parts = cedar.policySetTextToParts(text);
  if (parts.type === "failure") return [];
  return parts.policies.flatMap((part) => {
    const read = cedar.policyToJson(part);
    const message = read.type === "success" ? unkeepable(scopeOf(read.json)) : undefined;
    const at = text.indexOf(part);
    const place = at < 0 ? START : placeOf(text, Buffer.byteLength(text.slice(0, at)));
    return message === undefined ? [] : [{ ...place, message }];
  });
}

function parseWith(cedar: CedarEngine, text: string): ParsedPolicy {
  const answer = cedar.validate({ schema: SCHEMA, policies: { staticPolicies: text } });
  if (answer.type === "failure") return { errors: answer.errors.map((error) => toPolicyError(text, error)) };
  const heads = headErrors(cedar, text);
  if (heads.length > 0) return { errors: heads };
  const found = [...answer.validationErrors, ...answer.validationWarnings];
  if (found.length > 0) return { errors: found.map(({ error }) => toPolicyError(text, error)) };
  const parts = cedar.policySetTextToParts(text);
  if (parts.type === "failure") return { errors: parts.errors.map((error) => toPolicyError(text, error)) };
  if (parts.policies.length === 0) return { errors: [{ ...START, message: "there is no policy in this text" }] };
  if (parts.policies.length > MOST_STATEMENTS)
    return { errors: [{ ...START, message: `more than ${MOST_STATEMENTS} statements in one policy` }] };
  const statements = parts.policies.map((part) => {
    const read = cedar.policyToJson(part);
    if (read.type === "failure") throw new Error(read.errors[0]?.message);
    return { json: read.json, statement: toStatement(part, read.json) };
  });
  // Each level of an expression is an object in a list or a member.
  if (statements.some(({ json }) => depthOf(json.conditions) > 3 * DEEPEST)) return { errors: [tooDeep()] };
  return { statements: statements.map(({ statement }) => statement) };
}

const tooDeep = (): PolicyError => ({
  ...START,
  message: `the conditions are nested too deeply, or too many are joined in one; at most ${DEEPEST} levels`,
});

/** Reads texts that nobody has checked yet, and decides nothing: what is hostile may kill it. */
let reader: CedarEngine | undefined;

/**
 * Reads a policy's text, and checks it against the schema: what is misspelt, compares what cannot be compared, or can never apply is
 * an error, with its place. It is read by an instance of Cedar of its own.
 */
export function parsePolicy(text: string): ParsedPolicy {
  if (Buffer.byteLength(text) > MOST_POLICY_BYTES)
    return { errors: [{ ...START, message: `longer than ${MOST_POLICY_BYTES} bytes` }] };
  reader ??= openCedar();
  try {
    return parseWith(reader, text);
  } catch (error) {
    reader = undefined;
    if (isDead(error)) return { errors: [tooDeep()] };
    throw error;
  }
}

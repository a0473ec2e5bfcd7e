import type { Fields } from "./body.ts";
import type { Key } from "./entity.ts";
import { memberName } from "./member-names.ts";

/** Says why a value cannot be stored, and at which path. */
export type Complain = (path: string, problem: string) => never;

function integerSize(value: number): number {
  let digits = 0;
  for (let rest = Math.abs(value); rest > 0; rest = Math.floor(rest / 10)) {
    if (digits > 0 || rest % 10 !== 0) digits++;
  }
  return 1 + Math.ceil(digits / 2) + (value < 0 ? 1 : 0);
}

/**
 * Bytes of a number as DynamoDB counts them: one for every two significant digits and one more; a sign adds one.
 * Source: "DynamoDB item sizes and formats" (the page says "approximately": leading and trailing zeros do not count).
 */
export function numberSize(value: number): number {
  if (Number.isSafeInteger(value)) return integerSize(value);
  const text = String(Math.abs(value));
  const exponent = text.indexOf("e");
  let start = 0;
  let end = exponent < 0 ? text.length : exponent;
  const point = text.indexOf(".");
  const insideFraction = point >= 0 && point < end;
  if (insideFraction) while (text[start] === "0" || text[start] === ".") start++;
  else while (text[end - 1] === "0") end--;
  const digits = end - start - (insideFraction && point > start ? 1 : 0);
  return 1 + Math.ceil(digits / 2) + (value < 0 ? 1 : 0);
}

// DynamoDB's range of a number; inside it every double is exact in its 38 digits.
const NUMBER_MAX = 9.99e125;
const NUMBER_MIN = 1e-130;
const DEEPEST = 32;

function stringSize(value: string, path: string, complain: Complain): number {
  const bytes = Buffer.byteLength(value);
  if (bytes !== value.length && !value.isWellFormed()) complain(path, "has a lone surrogate, allowed: Unicode text");
  return bytes;
}

/**
 * Bytes of a value as DynamoDB counts them: text and binary by length, booleans and null 1, lists and maps 3 and 1 more for
 * each element. Complains about what the drivers could not bring back unchanged (Date, Map, Set, bigint, NaN, undefined in a list).
 */
export function valueSize(value: unknown, path: string, complain: Complain, depth = 1): number {
  switch (typeof value) {
    case "string":
      return stringSize(value, path, complain);
    case "boolean":
      return 1;
    case "number": {
      const magnitude = Math.abs(value);
      if (!(magnitude <= NUMBER_MAX) || (value !== 0 && magnitude < NUMBER_MIN)) {
        complain(path, `is ${value}, allowed: numbers of magnitude ${NUMBER_MIN} to ${NUMBER_MAX}, and 0`);
      }
      return numberSize(value);
    }
    case "object":
      if (value === null) return 1;
      if (value instanceof Uint8Array) return value.byteLength;
      if (depth > DEEPEST) complain(path, `is nested deeper than ${DEEPEST} levels, allowed: ${DEEPEST}`);
      if (Array.isArray(value)) {
        let size = 3;
        for (let i = 0; i < value.length; i++) size += 1 + valueSize(value[i], `${path}[${i}]`, complain, depth + 1);
        return size;
      }
      return mapSize(value, path, complain, depth);
    default:
      return complain(path, `is ${typeof value}, allowed: text, number, boolean, null, Uint8Array, list, object`);
  }
}

function mapSize(value: object, path: string, complain: Complain, depth: number): number {
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    complain(path, `is a ${value.constructor.name}, allowed: plain objects, lists, Uint8Array`);
  }
  let size = 3;
  for (const name in value) {
    const member = (value as Record<string, unknown>)[name];
    if (member === undefined) continue;
    size +=
      1 + stringSize(memberName(name), path, complain) + valueSize(member, `${path}.${name}`, complain, depth + 1);
  }
  return size;
}

// Versions are odd numbers of twelve digits.
const VERSION_SIZE = 7;
const RESERVED_NAMES = new Set(["pk", "sk", "type", "version", "expires"]);

/**
 * Name of an item's field in the table. The store's own attributes are pk, sk, type, version and expires; a field whose name
 * could meet one of them is stored with a leading "_".
 */
export function fieldName(field: string): string {
  return RESERVED_NAMES.has(field) || field.startsWith("_") ? `_${field}` : field;
}

/** The reverse of `fieldName`. */
export function fieldOfName(name: string): string {
  return name.startsWith("_") ? name.slice(1) : name;
}

/** What of a row takes room. */
interface Stored extends Key {
  readonly type: string;
  readonly expires: number | undefined;
  readonly fields: Fields;
}

/** Bytes of a whole item as DynamoDB counts them: the UTF-8 names and the values of every attribute that is stored. */
export function rowSize(row: Stored, complain: Complain): number {
  let size = 2 + Buffer.byteLength(row.pk) + 2 + Buffer.byteLength(row.sk) + 4 + Buffer.byteLength(row.type);
  size += 7 + VERSION_SIZE;
  if (row.expires !== undefined) size += 7 + numberSize(row.expires);
  for (const field in row.fields) {
    const value = row.fields[field];
    if (value === undefined) continue;
    size += stringSize(fieldName(field), field, complain) + valueSize(value, field, complain);
  }
  return size;
}

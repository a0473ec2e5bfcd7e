import { hash } from "node:crypto";

/** Fields of an item as a document, without the store's own attributes. */
export type Fields = Record<string, unknown>;

function hasBinary(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (value instanceof Uint8Array) return true;
  if (Array.isArray(value)) return value.some(hasBinary);
  for (const name in value) if (hasBinary((value as Fields)[name])) return true;
  return false;
}

function tag(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Uint8Array) {
    return { $bytes: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64") };
  }
  if (Array.isArray(value)) return value.map(tag);
  // Without a prototype, so that a member called __proto__ is one like all others.
  const tagged = Object.create(null) as Fields;
  for (const name in value) tagged[name.startsWith("$") ? `$${name}` : name] = tag((value as Fields)[name]);
  return tagged;
}

function untag(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(untag);
  if ("$bytes" in value) return new Uint8Array(Buffer.from(value.$bytes as string, "base64"));
  return Object.fromEntries(
    Object.entries(value).map(([name, v]) => [name.startsWith("$") ? name.slice(1) : name, untag(v)]),
  );
}

const TAGGED = "b";

/**
 * Fields as text: plain JSON, or, where a field is binary, "b" and JSON with `{"$bytes": base64}` for each Uint8Array
 * (other names with a leading "$" get a second one).
 */
export function encodeBody(fields: Fields): string {
  return hasBinary(fields) ? TAGGED + JSON.stringify(tag(fields)) : JSON.stringify(fields);
}

/** The reverse of `encodeBody`. */
export function decodeBody(body: string): Fields {
  return (body.startsWith(TAGGED) ? untag(JSON.parse(body.slice(1))) : JSON.parse(body)) as Fields;
}

/** Digest of a text for comparing, never for secrecy: SHA-256, base64url. */
export function digestOf(text: string): string {
  return hash("sha256", text, "base64url");
}

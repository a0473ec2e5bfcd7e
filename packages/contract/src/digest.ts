import { createHash, hash } from "node:crypto";
import canonicalize from "canonicalize";
import type { KindName } from "./kinds/names.ts";
import type { ScopeError, ScopeStatus } from "./scope.ts";

/** Hashes are SHA-256 cut to 16 bytes: they are compared for change, within what one collector says of its own scopes. */
export const HASH_BYTES = 16;
/** One packed entry of a shard: id hash, then content hash. */
export const ENTRY_BYTES = 2 * HASH_BYTES;
export const SHARD_RESOURCES = 1000;
export const SHARD_BYTES = 4 * 1024 * 1024;
export const MOST_SHARDS = 4096;

type Json = unknown;

/** RFC 8785 bytes. `undefined` members are left out, as JSON leaves them out. */
export function canonicalJson(value: Json): string {
  const canonical = canonicalize(value);
  if (canonical === undefined) throw new TypeError("only JSON values have canonical bytes");
  return canonical;
}

/** What JSON cannot say but knows how to leave out stands as null in a list, as it does in JSON. */
function arrayText(elements: readonly Json[], sorts: boolean): string {
  if (elements.length <= 1) return elements.length === 0 ? "[]" : `[${jsonText(elements[0] ?? null, sorts)}]`;
  const texts = elements.map((element) => jsonText(element ?? null, sorts));
  return `[${(sorts ? texts.sort() : texts).join(",")}]`;
}

/** More members than this are sorted faster by the engine's own way. */
const MOST_INSERTED = 32;

/** Sorts in place, by UTF-16 code units. Most objects have a few members: putting each in its place is the least work. */
function sortNames(names: string[]): string[] {
  if (names.length > MOST_INSERTED) return names.sort();
  for (let next = 1; next < names.length; next++) {
    const name = names[next] as string;
    let at = next;
    for (; at > 0 && (names[at - 1] as string) > name; at--) names[at] = names[at - 1] as string;
    names[at] = name;
  }
  return names;
}

function objectText(members: Readonly<Record<string, Json>>, sorts: boolean): string {
  let text = "";
  for (const name of sortNames(Object.keys(members))) {
    const member = members[name];
    if (member === undefined) continue;
    text += `${text === "" ? "" : ","}${memberName(name)}${jsonText(member, sorts)}`;
  }
  return `{${text}}`;
}

/** Printable ASCII of which nothing is escaped: it stands in JSON as it is. */
const PLAIN = /^[ !#-[\]-~]*$/;

function canonicalText(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  if (!text.isWellFormed()) throw new TypeError("half of a surrogate pair has no canonical bytes");
  return JSON.stringify(text);
}

/** Names of members as they stand in JSON: nearly all that are met are the same few, and whoever sends others fills no memory. */
const memberNames = new Map<string, string>();
const MOST_MEMBER_NAMES = 1000;
const MOST_MEMBER_NAME = 64;

function memberName(name: string): string {
  const known = memberNames.get(name);
  if (known !== undefined) return known;
  const text = `${canonicalText(name)}:`;
  if (memberNames.size < MOST_MEMBER_NAMES && name.length <= MOST_MEMBER_NAME) memberNames.set(name, text);
  return text;
}

/**
 * RFC 8785 bytes of the value without element order, for clouds list sets in any order: every array stands sorted by its
 * elements' own bytes (as UTF-16 code units, as RFC 8785 sorts members). It writes in one pass what `canonicalJson` would
 * write of the sorted value, in a third of the time, because a collector and the API each do this for every resource that is
 * seen. Throws TypeError for what is not JSON.
 */
export function unorderedJson(value: Json): string {
  return jsonText(value, true);
}

/** What `canonicalJson` writes, in a fraction of the time: for records, of which there are many. Throws TypeError for what is not JSON. */
export function orderedJson(value: Json): string {
  return jsonText(value, false);
}

function jsonText(value: Json, sorts: boolean): string {
  switch (typeof value) {
    case "string":
      return canonicalText(value);
    case "number":
      if (Number.isFinite(value)) return JSON.stringify(value);
      break;
    case "boolean":
      return value ? "true" : "false";
    case "object":
      if (value === null) return "null";
      return Array.isArray(value)
        ? arrayText(value, sorts)
        : objectText(value as Readonly<Record<string, Json>>, sorts);
  }
  throw new TypeError(`only JSON values have canonical bytes, not ${String(value)}`);
}

/** SHA-256 cut to 16 bytes, as 32 hexadecimal digits. */
const shortHash = (data: string | Uint8Array): string => hash("sha256", data).slice(0, 2 * HASH_BYTES);

/** Hash of (kind, natural id): a resource's place in shards and its key in the register. 32 hexadecimal digits. */
export function idHash(kind: KindName, id: string): string {
  return shortHash(`${kind}\n${id}`);
}

/**
 * Hash of what makes a change: all of a resource as it is on the wire except `volatile`, whatever the order of its elements.
 * Both sides take it over the members that were sent, also those they do not know. 32 hexadecimal digits.
 */
export function contentHash(kind: KindName, resource: object): string {
  return shortHash(unorderedJson({ kind, ...resource, volatile: undefined }));
}

export interface Entry {
  readonly idHash: string;
  readonly contentHash: string;
}

/** Entries packed to 32 bytes each, in the order of their id hashes. */
export function packEntries(entries: readonly Entry[]): Uint8Array {
  const sorted = entries.map((entry) => entry.idHash + entry.contentHash).sort();
  return Buffer.from(sorted.join(""), "hex");
}

export function unpackEntries(packed: Uint8Array): Entry[] {
  const hex = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength).toString("hex");
  const entries: Entry[] = [];
  for (let at = 0; at < hex.length; at += 4 * HASH_BYTES) {
    entries.push({
      idHash: hex.slice(at, at + 2 * HASH_BYTES),
      contentHash: hex.slice(at + 2 * HASH_BYTES, at + 4 * HASH_BYTES),
    });
  }
  return entries;
}

/** Digest of a shard over its packed entries. 32 hexadecimal digits. */
export function shardDigest(packed: Uint8Array): string {
  return shortHash(packed);
}

/** The shard of a resource: the leading bits of its id hash, so that shards are ranges of the sorted hashes. */
export function shardOf(hash: string, shardCount: number): number {
  return Math.floor((Number.parseInt(hash.slice(0, 8), 16) / 2 ** 32) * shardCount);
}

/** A small scope's shards have up to so many: each costs a request, and one of them about what half of it would cost. */
const SMALL_SHARD_RESOURCES = 64;

/**
 * How many shards a scope of so many resources has, a power of two: in shards of up to 64, and from 2,048 resources on near
 * √(n/2), so that one changed resource costs about as much for the list of shard digests as for the one shard's manifest, and a
 * first ingest is not made of many small requests. Full shards stay well under their 1,000 resources.
 */
export function shardCountFor(resources: number): number {
  const even = Math.min(Math.sqrt(resources / 2), resources / SMALL_SHARD_RESOURCES);
  const wanted = Math.max(1, even, resources / (SHARD_RESOURCES / 2));
  return Math.min(MOST_SHARDS, 2 ** Math.ceil(Math.log2(wanted)));
}

/**
 * A scope's digest, independent of how it is cut into shards: over its status, the codes and operations of its errors (their
 * words may differ from run to run), and all its packed entries in id-hash order. `finish` answers 32 hexadecimal digits.
 */
export function createScopeDigest(status: ScopeStatus, errors: readonly ScopeError[]) {
  const causes = errors.map(({ code, operation }) => ({ code, operation }));
  const digest = createHash("sha256").update(unorderedJson({ status, errors: causes }));
  return {
    add(packed: Uint8Array): void {
      digest.update(packed);
    },
    finish: (): string => digest.digest("hex").slice(0, 2 * HASH_BYTES),
  };
}

/** Root over the scopes of a run: of their names and digests, in the order of the names. 32 hexadecimal digits. */
export function rootDigest(scopes: readonly { readonly name: string; readonly digest: string }[]): string {
  const lines = scopes.map((scope) => `${scope.name} ${scope.digest}`).sort();
  return shortHash(lines.join("\n"));
}

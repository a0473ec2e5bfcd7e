import { gunzipSync } from "node:zlib";
import { SHARD_BYTES } from "@cadastre/contract/digest";
import { GZIP_TYPE } from "@cadastre/contract/discovery";
import { ProblemError } from "@cadastre/contract/errors";

/** A body as it is sent, in bytes: a shard and some for what is around it, and what an operator's request can need. */
export const SIGNED_BODY_BYTES = SHARD_BYTES + 64 * 1024;
export const TOKEN_BODY_BYTES = 256 * 1024;
/** A body after decompression, in bytes. */
export const PLAIN_BODY_BYTES = 2 * SHARD_BYTES;

/** Of what is decompressed at a time: most shards are smaller. */
const CHUNK_BYTES = 64 * 1024;

const tooLarge = (most: number) => new ProblemError("request.too_large", `at most ${most} bytes are allowed`);

/** Reads a body of at most `most` bytes; nothing past the limit is kept. Throws 413 `request.too_large`, 400 `request.unreadable` for one that was broken off. */
export async function readBody(request: Request, most: number): Promise<Uint8Array> {
  if (Number(request.headers.get("content-length") ?? 0) > most) throw tooLarge(most);
  if (!request.body) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of request.body) {
      size += chunk.byteLength;
      // Leaving the loop cancels the stream.
      if (size > most) break;
      chunks.push(chunk);
    }
  } catch (cause) {
    // Whoever sent it has gone: no fault of ours, and nobody is left to be told.
    throw new ProblemError("request.unreadable", "the body did not come to its end", { cause });
  }
  if (size > most) throw tooLarge(most);
  return Buffer.concat(chunks);
}

/**
 * How a body is compressed: as its encoding says when its type is JSON (or SCIM's, where that is spoken), and gzip when its type is gzip.
 * JSON is in UTF-8.
 * Throws 415 `request.media_type` for any other type.
 */
export function compressionOf(headers: Headers, isScim = false): string | null {
  const type = headers.get("content-type") ?? "";
  if (type.toLowerCase() === GZIP_TYPE) return "gzip";
  if (isScim && /^application\/scim\+json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(type))
    return headers.get("content-encoding");
  if (/^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(type)) return headers.get("content-encoding");
  const given = type === "" ? "none" : JSON.stringify(type.slice(0, 100));
  const allowed = isScim ? "application/scim+json or application/json" : `application/json or ${GZIP_TYPE}`;
  throw new ProblemError("request.media_type", `content-type must be ${allowed}, not ${given}`);
}

/** Whether a file is compressed: as its encoding or its type says. Throws 415 `request.media_type` for any other compression. */
export function isGzip(headers: Headers): boolean {
  const encoding = (headers.get("content-encoding") ?? "identity").trim().toLowerCase();
  if (encoding === "gzip" || headers.get("content-type")?.toLowerCase() === GZIP_TYPE) return true;
  if (encoding === "identity" || encoding === "") return false;
  const given = JSON.stringify(encoding.slice(0, 100));
  throw new ProblemError("request.media_type", `content-encoding must be gzip or identity, not ${given}`);
}

/** The members of a form. Throws 415 `request.media_type`, 400 `request.malformed`, also for a member that is there twice. */
export function parseForm(headers: Headers, bytes: Uint8Array): Record<string, string> {
  const type = headers.get("content-type") ?? "";
  if (!/^application\/x-www-form-urlencoded\s*(;\s*charset="?utf-8"?\s*)?$/i.test(type))
    throw new ProblemError("request.media_type", "content-type must be application/x-www-form-urlencoded");
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new ProblemError("request.malformed", "the body is not UTF-8");
  }
  const members = [...new URLSearchParams(text)];
  const names = new Set(members.map(([name]) => name));
  if (names.size !== members.length) throw new ProblemError("request.malformed", "the form has a member twice");
  return Object.fromEntries(members);
}

/**
 * The body as it was before it was compressed: identity or gzip, at most 8 MB. It is never larger in memory than that, whatever it claims.
 * On this thread: the way to another one and back takes longer for a shard, and parsing what comes out longer for any body.
 * Throws 413 `request.too_large`, 415 `request.media_type`, 400 `request.malformed`.
 */
export function decompress(body: Uint8Array, encoding: string | null): Uint8Array {
  const name = (encoding ?? "identity").trim().toLowerCase();
  if (name === "identity" || name === "") {
    if (body.byteLength > PLAIN_BODY_BYTES) throw tooLarge(PLAIN_BODY_BYTES);
    return body;
  }
  if (name !== "gzip") {
    throw new ProblemError(
      "request.media_type",
      `content-encoding must be gzip or identity, not ${JSON.stringify(name.slice(0, 100))}`,
    );
  }
  try {
    return gunzipSync(body, { maxOutputLength: PLAIN_BODY_BYTES, chunkSize: CHUNK_BYTES });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE") {
      throw new ProblemError("request.too_large", `at most ${PLAIN_BODY_BYTES} bytes are allowed after decompression`);
    }
    throw new ProblemError("request.malformed", "the body is not valid gzip");
  }
}

/** Nobody means more, and what walks a value would run out of its stack. */
const MOST_LEVELS = 100;

const [QUOTE, BACKSLASH, OPEN_LIST, OPEN_OBJECT, CLOSE_LIST, CLOSE_OBJECT] = [0x22, 0x5c, 0x5b, 0x7b, 0x5d, 0x7d];

/** Whether valid JSON is nested deeper. By its bytes: a large body's values are many, and walking them takes ten times as long. */
function isDeeper(bytes: Uint8Array, levels: number): boolean {
  let depth = 0;
  let isText = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (isText) {
      if (byte === BACKSLASH) at += 1;
      else if (byte === QUOTE) isText = false;
    } else if (byte === QUOTE) isText = true;
    else if (byte === OPEN_LIST || byte === OPEN_OBJECT) {
      depth += 1;
      if (depth > levels) return true;
    } else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) depth -= 1;
  }
  return false;
}

const NOT_JSON = "is not valid JSON";
/** In longer texts a place that the engine does not tell is not searched for: each look parses a part again. */
const MOST_SEARCHED = TOKEN_BODY_BYTES;

function failureOf(text: string): string {
  try {
    JSON.parse(text);
    return "";
  } catch (error) {
    return String(error);
  }
}

/** Where a text stops being JSON, as the engine says it; where it names only the character, what can be read before it tells. */
function whereOf(text: string): string {
  if (text.trim() === "") return "it is empty";
  const failure = failureOf(text);
  const [told] = /\bposition \d+( \(line \d+ column \d+\))?/.exec(failure) ?? [];
  if (told !== undefined) return `at ${told}`;
  if (!failure.endsWith(NOT_JSON)) return "it ends too early";
  if (text.length > MOST_SEARCHED) return "something in it is not";
  let [read, unread] = [0, text.length];
  while (unread - read > 1) {
    const middle = (read + unread) >> 1;
    if (failureOf(text.slice(0, middle)).endsWith(NOT_JSON)) unread = middle;
    else read = middle;
  }
  const lines = text.slice(0, read).split("\n");
  return `at position ${read} (line ${lines.length} column ${(lines.at(-1) ?? "").length + 1})`;
}

/** Parses JSON. Throws 400 `request.malformed`, with the place and without the text: it may hold a secret. */
export function parseJson(bytes: Uint8Array): unknown {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new ProblemError("request.malformed", "the body is not UTF-8");
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ProblemError("request.malformed", `the body is not valid JSON: ${whereOf(text)}`);
  }
  if (isDeeper(bytes, MOST_LEVELS))
    throw new ProblemError("request.malformed", `the body is nested deeper than ${MOST_LEVELS} levels`);
  return value;
}

import { hash, randomBytes, timingSafeEqual } from "node:crypto";
import { crc32 } from "node:zlib";
import { ID_PREFIXES } from "@cadastre/contract/ids";

/**
 * A token's text, after GitHub's (https://github.blog/engineering/behind-githubs-new-authentication-token-formats/):
 *
 *   cad_01JD…(26)_secret(43)checksum(6)
 *
 * `cad_` tells scanners whose it is; the ULID is the token's id and so its key in the table; the secret is 256 random bits
 * in base64url; the checksum is the CRC-32 of all before it, 4 bytes big-endian in base64url, so that what was cut, mistyped
 * or made up is refused without a read. The text is stored as SHA-256 only: 256 random bits need no slow hash.
 */
const FORM = /^(cad_([0-7][0-9A-HJKMNP-TV-Z]{25})_[\w-]{43})([\w-]{6})$/;
const SECRET_BYTES = 32;

function checksum(text: string): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(text));
  return bytes.toString("base64url");
}

/** A new token's text for an id (`tok_…`). It is shown once and kept nowhere. */
export function newTokenText(id: string): string {
  const body = `cad_${id.slice(ID_PREFIXES.token.length + 1)}_${randomBytes(SECRET_BYTES).toString("base64url")}`;
  return body + checksum(body);
}

/** The id (`tok_…`) in a token's text, or undefined when the text is no token or its checksum is wrong. */
export function idOfTokenText(text: string): string | undefined {
  const [, body, ulid, sum] = FORM.exec(text) ?? [];
  return body !== undefined && checksum(body) === sum ? `${ID_PREFIXES.token}_${ulid}` : undefined;
}

/** SHA-256 of a token's text, 64 hexadecimal digits: what is stored. */
export function hashTokenText(text: string): string {
  return hash("sha256", text, "hex");
}

/** Whether a text has a stored hash, in a time that does not depend on where they differ. */
export function isTokenText(text: string, storedHash: string): boolean {
  return timingSafeEqual(Buffer.from(hashTokenText(text), "hex"), Buffer.from(storedHash, "hex"));
}

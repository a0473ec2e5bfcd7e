import { createHmac, hash, randomBytes, timingSafeEqual } from "node:crypto";
import { ID_PREFIXES, type IdKind } from "@cadastre/contract/ids";

/*
 * What a browser or a link carries: the id of what is stored, a dot, and 256 random bits in base64url. Only the SHA-256 of the text is
 * stored: so many random bits need no slow hash. What has another form is refused without a read.
 */
const SECRET_BYTES = 32;
const FORM = /^([a-z]{3}_[0-7][0-9A-HJKMNP-TV-Z]{25})\.[\w-]{43}$/;

/** A new secret for an id. It is shown once and kept nowhere. */
export const newSecretText = (id: string): string => `${id}.${randomBytes(SECRET_BYTES).toString("base64url")}`;

/** The id in a secret of this kind; undefined for a text of any other form. */
export function idOfSecretText(text: string, kind: IdKind): string | undefined {
  const [, id] = FORM.exec(text) ?? [];
  return id?.startsWith(`${ID_PREFIXES[kind]}_`) ? id : undefined;
}

/** What is stored of a secret: 64 hexadecimal digits. */
export const hashSecretText = (text: string): string => hash("sha256", text, "hex");

/** Whether a text has a stored hash, in a time that does not depend on where they differ. */
export function isSecretText(text: string, storedHash: string): boolean {
  return timingSafeEqual(Buffer.from(hashSecretText(text), "hex"), Buffer.from(storedHash, "hex"));
}

/** What a page sends with each write beside the session's cookie: it follows from the cookie's text, which no page can read. */
export const csrfOf = (sessionText: string): string =>
  createHmac("sha256", sessionText).update("csrf").digest("base64url");

/** Whether a text is the session's, compared as above. */
export function isCsrf(given: string, sessionText: string): boolean {
  const [one, other] = [hash("sha256", given, "buffer"), hash("sha256", csrfOf(sessionText), "buffer")];
  return timingSafeEqual(one, other);
}

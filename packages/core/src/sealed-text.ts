import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

const ALGORITHM = "aes-256-gcm";
const IV_BYTES = 12;
const TAG_BYTES = 16;
/** Texts are filled up to a multiple of this, so that their length tells little. */
const FILL = 256;

/** A fresh key for `sealText`, base64. */
export const newSealKey = (): string => randomBytes(32).toString("base64");

/** A text of which only who has the key can read, or make, anything; with blanks at its end. AES-256-GCM with a random nonce. */
export function sealText(text: string, key: string, fill = FILL): Buffer {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(ALGORITHM, Buffer.from(key, "base64"), iv, { authTagLength: TAG_BYTES });
  const bytes = Buffer.from(text);
  const filled = Buffer.concat([bytes, Buffer.alloc((fill - (bytes.length % fill)) % fill, " ")]);
  return Buffer.concat([iv, cipher.update(filled), cipher.final(), cipher.getAuthTag()]);
}

/** The reverse of `sealText`. Throws for what was not sealed with the key. */
export function openText(sealed: Buffer, key: string): string {
  const iv = sealed.subarray(0, IV_BYTES);
  const decipher = createDecipheriv(ALGORITHM, Buffer.from(key, "base64"), iv, { authTagLength: TAG_BYTES });
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]).toString("utf8");
}

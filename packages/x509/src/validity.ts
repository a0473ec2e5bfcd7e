import type { AsnType } from "asn1js";
import { childrenOf, contentOf, readBlock } from "./asn1.ts";

/** From when to when a certificate says that it is valid. */
export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

const UNIVERSAL_CLASS = 1;
/** Among the fields of TBSCertificate without a tag of their own: serialNumber, signature, issuer, validity (RFC 5280 §4.1). */
const VALIDITY_FIELD = 3;
const UTC_TIME_TAG = 23;
const GENERALIZED_TIME_TAG = 24;

/**
 * The two times of a certificate (DER) by the letter of RFC 5280 §4.1.2.5: seconds and `Z` must be there. Libraries guess at
 * anything else, each in its own way, and a time that is guessed is worse than none. Throws an Error that has the text.
 */
export function readValidity(der: Uint8Array): Validity {
  const certificate = readBlock(der);
  const [tbs] = childrenOf(certificate);
  const fields = childrenOf(tbs).filter((field) => field.idBlock.tagClass === UNIVERSAL_CLASS);
  const [notBefore, notAfter] = childrenOf(fields[VALIDITY_FIELD]);
  return { notBefore: readTime(notBefore, "notBefore"), notAfter: readTime(notAfter, "notAfter") };
}

function readTime(block: AsnType | undefined, field: string): Date {
  const text = block ? Buffer.from(contentOf(block)).toString("latin1") : "";
  const match = /^(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/.exec(text);
  const tag = block?.idBlock.tagNumber;
  const [, years = ""] = match ?? [];
  const form = years.length === 2 ? UTC_TIME_TAG : GENERALIZED_TIME_TAG;
  if (!match || tag !== form) throw new Error(`${field} is ${JSON.stringify(text)}, which is no time of RFC 5280`);
  const iso = `${fullYear(years)}-${match[2]}-${match[3]}T${match[4]}:${match[5]}:${match[6]}.000Z`;
  const date = new Date(iso);
  if (Number.isNaN(date.getTime()) || date.toISOString() !== iso) {
    throw new Error(`${field} is ${JSON.stringify(text)}, a day or hour that does not exist`);
  }
  return date;
}

/** Two digits are 1950 to 2049 (RFC 5280 §4.1.2.5.1). */
function fullYear(digits: string): string {
  if (digits.length === 4) return digits;
  return Number(digits) < 50 ? `20${digits}` : `19${digits}`;
}

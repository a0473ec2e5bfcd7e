import { hash, randomInt } from "node:crypto";

/** Consonants alone: none looks like another or like a digit, and no word comes out (RFC 8628 §6.1). 20^8 codes, 34 bits. */
const LETTERS = "BCDFGHJKLMNPQRSTVWXZ";
const LENGTH = 8;
const FORM = new RegExp(`^[${LETTERS}]{${LENGTH}}$`);

/** A new code for a person to compare or to type: `WDJB-MJHT`. */
export function newUserCode(): string {
  const letters = Array.from({ length: LENGTH }, () => LETTERS[randomInt(LETTERS.length)]).join("");
  return `${letters.slice(0, LENGTH / 2)}-${letters.slice(LENGTH / 2)}`;
}

/** What is stored of a code, however it was typed: its hash, by which it is found. Undefined for a text that is none. */
export function hashUserCode(typed: string): string | undefined {
  const letters = typed.toUpperCase().replaceAll(/[\s-]/g, "");
  return FORM.test(letters) ? hash("sha256", letters, "hex") : undefined;
}

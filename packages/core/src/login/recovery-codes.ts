import { hash, randomInt, timingSafeEqual } from "node:crypto";

const CODES = 10;
const GROUPS = 4;
const GROUP = 4;
/** Crockford's: no letter that looks like another one or like a digit. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** A code of 80 random bits: its hash need not be slow. */
function newCode(): string {
  const letters = Array.from({ length: GROUPS * GROUP }, () => ALPHABET[randomInt(ALPHABET.length)]).join("");
  return letters.match(/.{4}/g)?.join("-") ?? "";
}

/** As people type them: without regard to case, dashes and blanks, O for 0 and I or L for 1. */
const canonical = (code: string): string =>
  code.toUpperCase().replace(/[\s-]/g, "").replace(/O/g, "0").replace(/[IL]/g, "1");

/** Of a user, so that one hash says nothing of another's. */
const hashOf = (user: string, code: string): string => hash("sha256", `${user}\n${canonical(code)}`, "hex");

/** Ten codes to be shown once, and what is stored of them. */
export function newRecoveryCodes(user: string): { readonly codes: string[]; readonly hashes: string[] } {
  const codes = Array.from({ length: CODES }, newCode);
  return { codes, hashes: codes.map((code) => hashOf(user, code)) };
}

/** What is left of the hashes when this code is used; undefined when it is none of them. */
export function withoutCode(user: string, hashes: readonly string[], code: string): string[] | undefined {
  const given = Buffer.from(hashOf(user, code), "hex");
  const left = hashes.filter((one) => !timingSafeEqual(Buffer.from(one, "hex"), given));
  return left.length === hashes.length ? undefined : left;
}

import { ProblemError } from "@cadastre/contract/errors";

/** In characters as people count them (code points), after NFC. */
export const LEAST_CHARACTERS = 12;
/** In bytes of UTF-8, after NFC: nobody types more, and everything that is typed counts. */
export const MOST_BYTES = 1024;

/** What is put around a common password to make it look like another one. */
const MOST_AROUND = 8;
const LEAST_NAME = 4;

/**
 * A password as it is hashed and compared: Unicode NFC, so that one keyboard's é is the other's. Nothing else is changed: blanks
 * and case count, and nothing is cut off.
 */
export const canonicalPassword = (password: string): string => password.normalize("NFC");

let loaded: Promise<ReadonlySet<string>> | undefined;

/** Some 50,000 passwords that people use most; loaded when one is set, and only then. */
function commonPasswords(): Promise<ReadonlySet<string>> {
  loaded ??= import("@zxcvbn-ts/language-common").then(
    ({ dictionary }) => new Set((dictionary["passwords-common"] as readonly string[]).map((one) => one.toLowerCase())),
  );
  return loaded;
}

/** How a password is looked for among common ones: whole, and without the digits and signs around it when those are few. */
function formsOf(password: string): string[] {
  const whole = password.toLowerCase().replace(/\s+/g, "");
  const inner = whole.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, "");
  const half = whole.slice(0, whole.length / 2);
  return [
    whole,
    ...(inner !== "" && whole.length - inner.length <= MOST_AROUND ? [inner] : []),
    ...(half !== "" && half.repeat(2) === whole ? [half] : []),
  ];
}

const refuse = (message: string) =>
  new ProblemError("password.weak", message, { errors: [{ path: "password", message }] });

/**
 * Refuses what is no password to be set: 422 `password.weak`, which says which rule and repeats nothing of the password. At least 12
 * characters, at most 1,024 bytes; none that people use most, alone, twice, or with a few digits and signs around it; no control
 * characters; none of one or two different characters; not the user's name. Answers its canonical form.
 */
export async function requirePassword(password: string, { userName }: { readonly userName: string }): Promise<string> {
  const canonical = canonicalPassword(password);
  if ([...canonical].length < LEAST_CHARACTERS) throw refuse(`must have at least ${LEAST_CHARACTERS} characters`);
  if (Buffer.byteLength(canonical) > MOST_BYTES) throw refuse(`must have at most ${MOST_BYTES} bytes of UTF-8`);
  if (/\p{Cc}/u.test(canonical)) throw refuse("must not have control characters in it");
  if (new Set(canonical.toLowerCase()).size < 3) throw refuse("must have at least three different characters");
  const folded = canonical.toLowerCase();
  const name = userName.normalize("NFC").toLowerCase();
  const names = [name, name.split("@")[0] ?? name].filter((one) => one.length >= LEAST_NAME);
  if (names.some((one) => folded.includes(one))) throw refuse("must not have the user name in it");
  const common = await commonPasswords();
  if (formsOf(canonical).some((form) => common.has(form)))
    throw refuse("is one that many people use, or one with little around it");
  return canonical;
}

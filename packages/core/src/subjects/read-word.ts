import { looksLikeAddress, partialStretches, readAskedAddress } from "./asked-address.ts";
import { QueryError } from "./language/query-error.ts";
import { isQuoted, type RawTerm, type RawValue, textOf } from "./language/tree.ts";
import { type Pattern, toPattern } from "./pattern.ts";
import { qualifierOf } from "./qualifiers.ts";
import { anyOf, type Node } from "./query.ts";
import { isWholeId, type Reading, readAddresses, readMac, readTags, toTerm } from "./read-values.ts";
import { fold, isIdBeginning } from "./words.ts";

const MAC = /^(?:[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}|(?:[0-9a-f]{4}\.){2}[0-9a-f]{4})$/i;
/** Serial numbers and fingerprints as other tools write them. */
const IN_GROUPS = /^(?:[0-9a-f]{2}:){7,31}[0-9a-f]{2}$/i;
const FINGERPRINT_GROUPS = 32;

/** What is no word, and what is meant by it in other languages. */
const REFUSED: readonly { readonly form: RegExp; readonly reason: (text: string) => string }[] = [
  { form: /^(?:\|\|?|or)$/, reason: () => "either of two is written OR, in capitals" },
  { form: /^(?:&&?|\+|and)$/, reason: () => "both of two stand side by side, or with AND between them, in capitals" },
  {
    form: /^!|^not$/,
    reason: (text) => `what must not match has a minus before it: -${text.replace(/^!|^not$/, "") || "kind:subnet"}`,
  },
  { form: /^['‘’]/, reason: () => 'a text with blanks stands in double quotes: "two words"' },
  { form: /[“”„«»]/, reason: () => 'quotes are straight ones: "two words"' },
  {
    form: /…|\.\.\./,
    reason: () =>
      "a text that a table has shortened cannot be looked for; --json shows it whole, and * stands for any characters",
  },
  { form: /^[<>=~^]/, reason: () => "a comparison stands behind its qualifier: expires:<60d" },
  { form: /^\/(?!\/).*\/$/, reason: () => "regular expressions are not understood; * stands for any characters" },
  { form: /^\.(?=.)/, reason: (text) => `nothing begins with a dot; write ${text.slice(1)}, or name:*${text}` },
  { form: /^[\w.-]*\?[\w.-]*$/, reason: () => "? is no wildcard; * stands for any characters" },
  {
    form: /^(?:\*?:)(?=\d{1,5}$)/,
    reason: (text) => `a port is port:${text.replace(/^\*?:/, "")}`,
  },
  // Of an IPv6 address there are two: `::1`.
  { form: /^:(?!:)/, reason: (text) => `a qualifier stands right before its colon: kind${text}` },
  {
    form: /^[^|]+\|[^|]+$/,
    reason: (text) => `either of two is written with a comma, or OR: ${text.replace("|", ",")}`,
  },
  { form: /^res_/i, reason: () => "a short id is res_ and 32 hexadecimal digits, all of them" },
];

const COMPARED = /^([a-z][\w-]*)(?:([<>]=?)|[=!]?~)(.*)$/i;
const TIMES: readonly string[] = ["expires", "changed", "created", "seen"];

/** `expires<60d`, `owner~web`: a qualifier that is known, and no colon behind it. */
function comparisonMeant(text: string): string | undefined {
  const [, name = "", operator = "", rest = ""] = COMPARED.exec(text) ?? [];
  const qualifier = qualifierOf(name.toLowerCase());
  if (qualifier === undefined || rest === "") return undefined;
  if (TIMES.includes(qualifier)) return `a comparison stands behind the colon: ${name}:${operator}${rest}`;
  if (operator !== "") return `only ${TIMES.join(", ")} have < and >, behind a colon; write ${name}:${rest}`;
  return `write ${name}:${rest}, or ${name}:*${rest}* for a part of it`;
}

function refuseSlips({ q }: Reading, value: RawValue, isAlone: boolean): void {
  const text = textOf(value);
  const compared = comparisonMeant(text);
  if (compared !== undefined) throw new QueryError(q, value, `${compared}. As a text to look for it stands in quotes`);
  const slip = REFUSED.find(({ form }) => form.test(text));
  if (slip === undefined || (isAlone && /^(?:or|and|not)$/.test(text))) return;
  throw new QueryError(q, value, `${slip.reason(text)}. As a text to look for it stands in quotes`);
}

const plain = (text: string): Pattern => toPattern([{ text, quoted: false }]);

/** `https://host:8443/path` is a tag's value, or means what answers there. */
function readUrl(value: RawValue): Node {
  const host = /^https?:\/\/([^/?#]+)/i.exec(textOf(value))?.[1];
  return toTerm(
    { field: "words", any: [toPattern(value.segments), ...(host === undefined ? [] : [plain(host)])] },
    value,
  );
}

function readId(reading: Reading, value: RawValue): Node {
  const text = textOf(value);
  if (isWholeId(text)) return toTerm({ field: "named", id: text }, value);
  const lower = text.toLowerCase();
  if (isWholeId(lower)) return toTerm({ field: "named", id: lower }, value);
  if (text.includes("*")) return toTerm({ field: "id", any: [toPattern(value.segments)] }, value);
  if (/^sha256:(?![0-9a-f]{0,64}$)/.test(lower))
    throw new QueryError(reading.q, value, "a fingerprint is sha256: and up to 64 hexadecimal digits");
  return toTerm({ field: "idBeginning", beginning: fold(text) }, value);
}

/** What one value means that nothing stands before. Throws QueryError. */
function readValue(reading: Reading, value: RawValue, isAlone: boolean): Node {
  const text = textOf(value);
  if (!isQuoted(value) && text.includes("…")) refuseSlips(reading, value, isAlone);
  if (isWholeId(text) || (!isQuoted(value) && isIdBeginning(text))) return readId(reading, value);
  if (isQuoted(value)) {
    if (text === "") throw new QueryError(reading.q, value, "there is nothing in the quotes");
    return toTerm({ field: "words", any: [toPattern(value.segments)] }, value);
  }
  refuseSlips(reading, value, isAlone);
  if (/^https?:\/\//i.test(text)) return readUrl(value);
  if (MAC.test(text)) return toTerm({ field: "mac", any: [readMac(reading, value)] }, value);
  if (IN_GROUPS.test(text)) return readGroups(value);
  if (looksLikeAddress(text)) return toTerm(readAddresses(reading, [value], readAskedAddress), value);
  const word = toTerm({ field: "words", any: [toPattern(value.segments)] }, value);
  // `10.140` may be the beginning of an address, or of a name.
  if (
    !/^\d{1,3}(?:\.\d{1,3}){1,2}$/.test(text) ||
    text.split(".").some((part) => Number(part) > 255 || /^0./.test(part))
  )
    return word;
  const inside = partialStretches(`${text}.`) ?? [];
  return anyOf(toTerm({ field: "address", any: inside.map((one) => ({ inside: one })) }, value), word);
}

function readGroups(value: RawValue): Node {
  const digits = textOf(value).replaceAll(":", "").toLowerCase();
  if (digits.length === 2 * FINGERPRINT_GROUPS) return toTerm({ field: "named", id: `sha256:${digits}` }, value);
  return toTerm({ field: "words", any: [plain(digits)] }, value);
}

/** What values mean that no qualifier stands before: `env=prod` is a tag. `isAlone` when there is nothing else in the search. */
export function readUnqualified(reading: Reading, raw: RawTerm, isAlone: boolean): Node {
  const [first] = raw.values as readonly [RawValue];
  const plainText = first.segments[0]?.quoted === false ? first.segments[0].text : "";
  const equals = plainText.indexOf("=");
  if (equals <= 0 || isIdBeginning(plainText) || /^https?:/i.test(plainText) || /[<>]/.test(plainText.slice(0, equals)))
    return anyOf(...raw.values.map((value) => readValue(reading, value, isAlone)));
  const key = plainText.slice(0, equals);
  const rest = plainText.slice(equals + 1).replace(/^[=~]+/, "");
  if (key.endsWith("!") && qualifierOf(key.slice(0, -1).toLowerCase()) !== undefined)
    throw new QueryError(reading.q, raw, `what must not match has a minus before it: -${key.slice(0, -1)}:${rest}`);
  if (qualifierOf(key.toLowerCase()) !== undefined) {
    throw new QueryError(reading.q, raw, `write ${key.toLowerCase()}:${rest}, or tag:${key}=${rest} for a tag`);
  }
  return readTags(reading, raw);
}

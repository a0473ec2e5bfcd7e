/** Most words of one subject that free text finds, and most characters of each. */
const MOST_WORDS = 400;
export const MOST_WORD = 128;

/** The first so many characters (code points, of which no text has more than it has code units). */
export const cut = (text: string, most: number): string =>
  text.length <= most
    ? text
    : Array.from(text.slice(0, 2 * most))
        .slice(0, most)
        .join("");

/** Letters that are no other letter with an accent, but are typed as one. */
const PLAIN: Readonly<Record<string, string>> = { ß: "ss", æ: "ae", œ: "oe", ø: "o", ł: "l", đ: "d", ı: "i", ς: "σ" };

/** Nearly all names, ids and tags are ASCII, and folding it is lower case alone. */
const ASCII = /^\p{ASCII}*$/u;

/**
 * A text without what hardly anybody types: lower case, no accents. Each character is folded by itself, so that the
 * beginning of a text is the beginning of its folded form.
 */
export function fold(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase();
  return text
    .normalize("NFD")
    .toLowerCase()
    .replaceAll(/[\u0300-\u036f]/g, "")
    .replaceAll(/[ßæœøłđıς]/g, (letter) => PLAIN[letter] as string)
    .normalize("NFC");
}

/** A text as one folded word; nothing for an empty one. */
export function wholeWord(text: string): string[] {
  const whole = fold(text).trim();
  return whole === "" ? [] : [cut(whole, MOST_WORD)];
}

/**
 * A name as a whole, and from each of its parts that has two characters and begins with a letter on: `eu-web-0016` is found
 * by `eu`, `web` and `web-0`. A number inside a name has no entry, which would cost every numbered machine one: what asks for
 * it is looked for among all names (`isInner`).
 */
export function partsOf(name: string): string[] {
  const whole = name.normalize("NFC").trim();
  if (whole === "") return [];
  const parts = [...whole.matchAll(/[\p{L}\p{N}]{2,}/gu)].filter((part) => /^\p{L}/u.test(part[0]));
  return [whole, ...parts.map((part) => whole.slice(part.index))];
}

/** What free text finds a subject by, as it is written: the parts of its name, and other texts as they are. */
export function searchedTexts(name: string, others: readonly string[]): string[] {
  const texts = new Map<string, string>();
  for (const text of [...partsOf(name), ...others.map((other) => other.normalize("NFC").trim())]) {
    if (texts.size === MOST_WORDS) break;
    if (text !== "" && !texts.has(text)) texts.set(text, text);
  }
  return [...texts.keys()];
}

/** The same as words of the index. */
export function searchedWords(name: string, others: readonly string[]): string[] {
  return [...new Set(searchedTexts(name, others).flatMap(wholeWord))];
}

/**
 * Whether a word, folded, may begin at a place inside a name that has no entry: at a number, or at a part of one character. A
 * number of twelve digits is an account's.
 */
export function isInner(word: string): boolean {
  return /^(?:\d{1,11}|\p{L})(?:[^\p{L}\p{N}]|$)/u.test(word);
}

/** Whether a word, folded, begins at a number or a part inside of a name. */
export function beginsInside(name: string, word: string): boolean {
  const whole = fold(name);
  for (let at = whole.indexOf(word); at >= 0; at = whole.indexOf(word, at + 1)) {
    const before = whole.slice(0, at);
    if (/\d$/.test(before) && /^\d/.test(word)) continue;
    if (/[\p{L}\p{N}]$/u.test(before) && !/^\d/.test(word)) continue;
    return true;
  }
  return false;
}

/** Whether a word begins as natural ids do; it then means ids and nothing else. */
export function isIdBeginning(word: string): boolean {
  return /^(?:arn:|\/\/|tls:\/\/|sha256:)/i.test(word);
}

const SPELLED = /^(?:ip|ec2)-(\d{1,3}-\d{1,3}-\d{1,3}-\d{1,3})(?=\.|$)/;
const isOctet = (text: string) => Number(text) <= 255 && (text === "0" || !text.startsWith("0"));

/**
 * The IPv4 address that a host name spells, as EC2's do: `10.1.2.5` of `ip-10-1-2-5.ec2.internal`. Such a name needs no entry
 * beside that of its address.
 */
export function spelledAddress(word: string): string | undefined {
  const octets = SPELLED.exec(word)?.[1]?.split("-");
  return octets?.every(isOctet) ? octets.join(".") : undefined;
}

/** The prefix with every address that a host name with this beginning can spell; undefined when none can. */
export function spelledPrefix(word: string): string | undefined {
  const whole = spelledAddress(word);
  if (whole !== undefined && word.includes(".")) return `${whole}/32`;
  const match = /^(?:ec|(?:ip|ec2)(?:-((?:\d{1,3}-){0,3})\d{0,3})?)$/.exec(word);
  if (!match) return undefined;
  // The last number may go on, so only those that a dash ends are known.
  const known = (match[1] ?? "").split("-").filter((octet) => octet !== "");
  if (!known.every(isOctet)) return undefined;
  return `${[...known, "0", "0", "0", "0"].slice(0, 4).join(".")}/${8 * known.length}`;
}

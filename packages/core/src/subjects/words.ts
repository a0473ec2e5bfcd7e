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

/** A text as one lower-case word; nothing for an empty one. */
export function wholeWord(text: string): string[] {
  const whole = text.normalize("NFC").toLowerCase().trim();
  return whole === "" ? [] : [cut(whole, MOST_WORD)];
}

/**
 * A name as a whole, and from each of its parts that has two characters and begins with a letter on: `eu-web-0016` is found
 * by `eu`, `web` and `web-0`. A number inside a name is found with the part before it; alone it would cost every numbered
 * machine an entry that hardly anybody asks for.
 */
export function wordsOf(name: string): string[] {
  const [whole] = wholeWord(name);
  if (whole === undefined) return [];
  const parts = [...whole.matchAll(/[\p{L}\p{N}]{2,}/gu)].filter((part) => /^\p{L}/u.test(part[0]));
  return [whole, ...parts.map((part) => whole.slice(part.index))];
}

/** What free text finds a subject by: the words of its name, and other texts as they are. */
export function searchedWords(name: string, others: readonly string[]): string[] {
  return [...new Set([...wordsOf(name), ...others.flatMap(wholeWord)])].slice(0, MOST_WORDS);
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

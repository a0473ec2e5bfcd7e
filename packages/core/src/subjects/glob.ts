/** A name with `*` in it, as a test on lower-case text. Linear in the text: no regular expression is built. */
export function globMatches(glob: string, text: string): boolean {
  const [first = "", ...rest] = glob.normalize("NFC").toLowerCase().split("*");
  const lower = text.normalize("NFC").toLowerCase();
  if (rest.length === 0) return lower === first;
  if (!lower.startsWith(first)) return false;
  const last = rest.pop() as string;
  let at = first.length;
  for (const part of rest) {
    const found = lower.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return lower.length - last.length >= at && lower.endsWith(last);
}

/**
 * Tags as one text: `environment=production,tier=gold`, or a JSON object, which takes any value. undefined when it is neither,
 * or when a tag stands there twice.
 */
export function readTags(text: string): Record<string, string> | undefined {
  const trimmed = text.trim();
  if (trimmed === "") return {};
  if (trimmed.startsWith("{")) {
    const object = readObject(trimmed);
    return object && Object.values(object).every((value) => typeof value === "string")
      ? toTexts(Object.entries(object))
      : undefined;
  }
  const tags = new Map<string, string>();
  for (const pair of trimmed.split(/[,;\n]/)) {
    if (pair.trim() === "") continue;
    const at = pair.indexOf("=");
    const name = pair.slice(0, at).trim();
    if (at < 1 || name === "" || tags.has(name)) return undefined;
    tags.set(name, pair.slice(at + 1).trim());
  }
  return toTexts(tags);
}

/** A JSON object, or undefined when a text is none. */
export function readObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/** Defines members: an assignment to one that is called `__proto__` would be none. */
const toTexts = (entries: Iterable<readonly [string, unknown]>) =>
  Object.fromEntries(entries) as Record<string, string>;

/** What `readTags` reads the same tags from: pairs while they are plain, for people to read; JSON otherwise. */
export function writeTags(tags: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(tags);
  const text = pairs.map(([name, value]) => `${name}=${value}`).join(",");
  const isPlain = pairs.every(
    ([name, value]) =>
      name === name.trim() && value === value.trim() && !/[,;\n\r={}]/.test(name) && !/[,;\n\r]/.test(value),
  );
  return isPlain && !text.startsWith("{") ? text : JSON.stringify(tags);
}

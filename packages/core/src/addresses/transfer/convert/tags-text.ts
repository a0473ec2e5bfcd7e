/**
 * Tags as one text: `environment=production,tier=gold`, or a JSON object, which takes any value. undefined when it is neither,
 * or when a tag stands there twice.
 */
export function readTags(text: string): Record<string, string> | undefined {
  const trimmed = text.trim();
  if (trimmed === "") return {};
  if (trimmed.startsWith("{")) return readObject(trimmed);
  const tags = new Map<string, string>();
  for (const pair of trimmed.split(/[,;\n]/)) {
    if (pair.trim() === "") continue;
    const at = pair.indexOf("=");
    const name = pair.slice(0, at).trim();
    if (at < 1 || name === "" || tags.has(name)) return undefined;
    tags.set(name, pair.slice(at + 1).trim());
  }
  return toObject(tags);
}

function readObject(text: string): Record<string, string> | undefined {
  try {
    const entries = Object.entries(JSON.parse(text) as object);
    return entries.every(([, value]) => typeof value === "string") ? toObject(entries) : undefined;
  } catch {
    return undefined;
  }
}

/** Defines members: an assignment to one that is called `__proto__` would be none. */
function toObject(entries: Iterable<readonly [string, unknown]>): Record<string, string> {
  return Object.fromEntries(entries) as Record<string, string>;
}

/** What `readTags` reads the same tags from: pairs while they are plain, for people to read; JSON otherwise. */
export function writeTags(tags: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(tags);
  const text = pairs.map(([name, value]) => `${name}=${value}`).join(",");
  const isPlain = pairs.every(
    ([name, value]) => name === name.trim() && value === value.trim() && !/[,;\n\r={}]/.test(name) && !/[,;\n\r]/.test(value),
  );
  return isPlain && !text.startsWith("{") ? text : JSON.stringify(tags);
}

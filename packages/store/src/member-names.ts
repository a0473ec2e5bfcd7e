/**
 * Names that the SDK's conversion cannot take as names of members: it sets `__proto__` where it means to add a member, and asks
 * `constructor` what a value is.
 */
const TAKEN = /^_*(?:__proto__|constructor)$/;

/** The name under which a member of a map stands in the table: one that the SDK cannot take, or looks like its substitute, has one "_" more. */
export function memberName(name: string): string {
  return TAKEN.test(name) ? `_${name}` : name;
}

/** The reverse of `memberName`. */
function memberOfName(name: string): string {
  return name.startsWith("_") && TAKEN.test(name.slice(1)) ? name.slice(1) : name;
}

/** The value with other names at every depth; the same value where none is another. */
function renamed(value: unknown, rename: (name: string) => string): unknown {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) {
    const elements = value.map((element) => renamed(element, rename));
    return elements.some((element, at) => element !== value[at]) ? elements : value;
  }
  let isSame = true;
  const members = Object.entries(value).map(([name, member]): [string, unknown] => {
    const entry: [string, unknown] = [rename(name), renamed(member, rename)];
    isSame &&= entry[0] === name && entry[1] === member;
    return entry;
  });
  // Not by assignment: a member called __proto__ is one like all others.
  return isSame ? value : Object.fromEntries(members);
}

/** The value as it can be handed to the SDK, whatever its members are called. */
export function toMemberNames(value: unknown): unknown {
  return renamed(value, memberName);
}

/** The reverse of `toMemberNames`. */
export function fromMemberNames(value: unknown): unknown {
  return renamed(value, memberOfName);
}

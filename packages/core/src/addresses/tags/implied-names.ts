import type { TagDefinition, TagDefinitions } from "./definitions.ts";

/** The names of the tags that a definition implies a value of, whatever its own value. */
export const impliesOf = ({ implies }: Pick<TagDefinition, "implies">): string[] => Object.keys(implies);

/** All tags that some tags imply, in turn; those themselves only where they are implied. Ends whatever implies whatever. */
export function impliedNames(definitions: TagDefinitions, names: Iterable<string>): Set<string> {
  const found = new Set<string>();
  const left = [...names];
  for (let name = left.pop(); name !== undefined; name = left.pop()) {
    for (const other of impliesOf(definitions.get(name) ?? { implies: {} })) {
      if (found.has(other)) continue;
      found.add(other);
      left.push(other);
    }
  }
  return found;
}

/** Some tags, and all that imply one of them, in turn. */
export function implyingNames(definitions: TagDefinitions, names: Iterable<string>): Set<string> {
  const wanted = new Set(names);
  const implying = [...definitions.keys()].filter((name) =>
    [...impliedNames(definitions, [name])].some((other) => wanted.has(other)),
  );
  return new Set([...wanted, ...implying]);
}

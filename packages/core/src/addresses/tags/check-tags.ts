import { complaintOfTagName, complaintOfTagValue, MOST_OWN_TAGS } from "@cadastre/contract/addresses/tag";
import { didYouMean } from "@cadastre/contract/did-you-mean";
import type { FieldError } from "@cadastre/contract/errors";
import type { TagDefinitions } from "./definitions.ts";

const SHOWN = 10;

function unknown(definitions: TagDefinitions, name: string): string {
  const known = [...definitions.keys()];
  if (known.length === 0) return "the address space has no tags: define this one first";
  const meant = didYouMean(name, known);
  if (meant !== undefined) return `the address space has no tag of this name; did you mean ${meant}?`;
  const more = known.length > SHOWN ? " …" : "";
  return `the address space has no tag of this name, but ${known.slice(0, SHOWN).join(", ")}${more}`;
}

function complaintOf(definitions: TagDefinitions, name: string, value: string): string | undefined {
  const definition = definitions.get(name);
  if (definition === undefined) return complaintOfTagName(name) ?? unknown(definitions, name);
  const { knownValues } = definition;
  const message = complaintOfTagValue(value);
  if (message !== undefined || knownValues.length === 0 || knownValues.includes(value)) return message;
  const more = knownValues.length > SHOWN ? " …" : "";
  return `${JSON.stringify(value)} is none of ${knownValues.slice(0, SHOWN).join(", ")}${more}`;
}

/**
 * What is wrong with the own tags of a prefix, each by itself: a tag that the space does not have, a value that is empty or not among the known ones, each at
 * `tags.<name>`; and at `tags` that they are more than 50. What tags imply of each other `resolveTags` says.
 */
export function checkTags(definitions: TagDefinitions, tags: Readonly<Record<string, string>>): FieldError[] {
  const all = Object.entries(tags);
  if (all.length > MOST_OWN_TAGS)
    return [{ path: "tags", message: `a prefix has at most ${MOST_OWN_TAGS} tags of its own` }];
  return all.flatMap(([name, value]) => {
    const message = complaintOf(definitions, name, value);
    return message === undefined ? [] : [{ path: `tags.${name}`, message: `${name}: ${message}` }];
  });
}

import type { NewTag } from "@cadastre/contract/addresses/tag";
import type { FieldError } from "@cadastre/contract/errors";
import type { TagDefinition, TagDefinitions } from "./definitions.ts";
import { impliedNames, impliesOf, implyingNames } from "./implied-names.ts";
import { resolveTags } from "./resolve-tags.ts";

const SHOWN = 10;

const among = (values: readonly string[]): string =>
  `${values.slice(0, SHOWN).join(", ")}${values.length > SHOWN ? " …" : ""}`;

const isKnown = ({ knownValues }: Pick<TagDefinition, "knownValues">, value: string): boolean =>
  knownValues.length === 0 || knownValues.includes(value);

/** What a tag says of others that are not there, or of values that they, or itself, cannot have. */
function impliedErrors(definitions: TagDefinitions, tag: NewTag): FieldError[] {
  return Object.entries(tag.implies).flatMap(([name, values]): FieldError[] => {
    const path = `implies.${name}`;
    const implied = definitions.get(name);
    if (implied === undefined) return [{ path, message: "the address space has no tag of this name" }];
    return Object.entries(values).flatMap(([own, value]): FieldError[] => {
      const errors: FieldError[] = [];
      if (!isKnown(tag, own))
        errors.push({ path, message: `${JSON.stringify(own)} is none of ${among(tag.knownValues)}` });
      if (!isKnown(implied, value))
        errors.push({ path, message: `${name} is none of ${among(implied.knownValues)}: ${JSON.stringify(value)}` });
      return errors;
    });
  });
}

/** Values that others imply of it and that it does not have any more. */
function valueErrors(definitions: TagDefinitions, tag: NewTag): FieldError[] {
  return [...definitions.values()].flatMap((other) => {
    const values = Object.hasOwn(other.implies, tag.name) ? Object.entries(other.implies[tag.name] ?? {}) : [];
    return values
      .filter(([, value]) => other.name !== tag.name && !isKnown(tag, value))
      .map(([own, value]) => ({ path: "knownValues", message: `${other.name}=${own} implies ${tag.name}=${value}` }));
  });
}

/** The tags of a circle from a tag to itself. */
function circleOf(definitions: TagDefinitions, start: string): string[] | undefined {
  const came = new Map<string, string>();
  const left = [start];
  for (let name = left.shift(); name !== undefined; name = left.shift()) {
    for (const other of impliesOf(definitions.get(name) ?? { implies: {} })) {
      if (other === start) {
        const circle = [start];
        for (let at = name; at !== start; at = came.get(at) ?? start) circle.unshift(at);
        return [start, ...circle];
      }
      if (came.has(other)) continue;
      came.set(other, name);
      left.push(other);
    }
  }
  return undefined;
}

/** Values of tags from which, by what the tag says, two values of one tag follow. */
function contradictions(definitions: TagDefinitions, tag: NewTag): FieldError[] {
  const path = "implies";
  for (const name of implyingNames(definitions, [tag.name])) {
    const implies = Object.values(definitions.get(name)?.implies ?? {});
    for (const value of new Set(implies.flatMap((values) => Object.keys(values)))) {
      const [error] = resolveTags(definitions, [{ prefix: `${name}=${value}`, tags: { [name]: value } }]).errors;
      if (error) return [{ path, message: error.message.replaceAll(`, of ${name}=${value},`, "") }];
    }
  }
  return [];
}

/** The tags of a space with one that is new or said otherwise. */
export function withDefinition(definitions: TagDefinitions, tag: TagDefinition): TagDefinitions {
  return new Map([...definitions, [tag.name, tag]]);
}

/**
 * What is wrong with a tag beside the others of its space: it implies what is not there, or values that cannot be; others imply what it does not
 * have any more; tags would imply each other in a circle, whatever the values; or from one value two values of one tag would follow. Pure.
 */
export function checkDefinition(definitions: TagDefinitions, tag: NewTag): FieldError[] {
  const next = withDefinition(definitions, tag);
  const errors = [...impliedErrors(next, tag), ...valueErrors(next, tag)];
  if (errors.length > 0) return errors;
  const circle = impliedNames(next, [tag.name]).has(tag.name) ? circleOf(next, tag.name) : undefined;
  if (circle) {
    const message = `tags would imply each other in a circle: ${circle.join(" → ")}`;
    return [{ path: `implies.${circle[1]}`, message }];
  }
  return contradictions(next, tag);
}

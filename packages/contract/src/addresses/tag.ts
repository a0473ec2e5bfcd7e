import * as z from "zod";
import { idSchema } from "../ids.ts";
import { namedMaps } from "../names.ts";

const MOST_TAG_NAME = 128;
const MOST_TAG_VALUE = 256;
const MOST_VALUES = 500;
/** Prefixes that are named where a tag is in use, or a change of it makes them wrong. */
export const MOST_BROKEN_SHOWN = 100;
/** Of one definition as JSON: all of a space are read together. */
const MOST_BYTES = 16_384;

const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]/u;

/** What is wrong with a tag's name, in words: it stands in lists such as `a=b,c=d`, and in paths. */
export function complaintOfTagName(name: string): string | undefined {
  if (name === "") return "a tag's name has at least one character";
  if (name.length > MOST_TAG_NAME) return `a tag's name has at most ${MOST_TAG_NAME} characters`;
  if (/[=,]/.test(name)) return "a tag's name has no = and no comma";
  if (name !== name.trim() || CONTROL.test(name))
    return "a tag's name has no blanks at its ends, and no control characters";
  return name === "." || name === ".." ? "no tag is called so, since it stands in paths" : undefined;
}

/** What is wrong with a tag's value, whatever the tag. */
export function complaintOfTagValue(value: string): string | undefined {
  if (value === "") return "a tag's value is not empty";
  if (value.length > MOST_TAG_VALUE) return `a tag's value has at most ${MOST_TAG_VALUE} characters`;
  return CONTROL.test(value) ? "a tag's value has no control characters" : undefined;
}

const complaining = (complaintOf: (text: string) => string | undefined) =>
  z.string().check(({ value, issues }) => {
    const message = complaintOf(value);
    if (message !== undefined) issues.push({ code: "custom", message, input: value });
  });

const tagName = complaining(complaintOfTagName);
const tagValue = complaining(complaintOfTagValue);

export const TAG_TYPES = ["Inheritable", "NonInheritable"] as const;

const values = z
  .array(tagValue)
  .max(MOST_VALUES)
  .refine((list) => new Set(list).size === list.length, "a value is there twice");

const members = {
  type: z
    .enum(TAG_TYPES)
    .meta({ description: "Inheritable: what is below has it, too, unless it has a value of its own" }),
  knownValues: values.default([]).meta({ description: "Those that it may have; any when empty" }),
  attributes: namedMaps(() => undefined)
    .default({})
    .meta({ description: "Attributes by name, each with its text for values of the tag" }),
  implies: namedMaps(
    (own, implied, name) => complaintOfTagName(name) ?? complaintOfTagValue(own) ?? complaintOfTagValue(implied),
  )
    .default({})
    .meta({ description: "Other tags by name, each with what value it has by which value of this one" }),
};

const isSmall = (definition: object): boolean => Buffer.byteLength(JSON.stringify(definition)) <= MOST_BYTES;
const TOO_LARGE = `a tag's definition has at most ${MOST_BYTES} bytes as JSON`;

/** Own tags of one prefix. */
export const MOST_OWN_TAGS = 50;

/** What a tag of an address space may be, and what follows from it. */
export const newTag = z.strictObject({ name: tagName, ...members }).refine(isSmall, TOO_LARGE);
export type NewTag = z.output<typeof newTag>;

/** What replaces all of a definition but the name. */
export const tagReplacement = z
  .strictObject({ name: tagName.optional().meta({ description: "As in the path" }), ...members })
  .refine(isSmall, TOO_LARGE);
export type TagReplacement = z.output<typeof tagReplacement>;

export const tag = z.object({
  name: tagName,
  ...members,
  createdOn: z.iso.datetime(),
  modifiedOn: z.iso.datetime(),
  version: z.int(),
});
export type Tag = z.output<typeof tag>;

/** A prefix that a tag's change would make wrong, and why. */
export const brokenIp = z.object({ id: idSchema("ip"), prefix: z.string(), path: z.string(), message: z.string() });
export type BrokenIp = z.output<typeof brokenIp>;

/** A tag after its change, or as it would be then. */
export const changedTag = tag.extend({
  breaks: z
    .array(brokenIp)
    .optional()
    .meta({ description: `With \`dryRun\`: prefixes that it would make wrong, ${MOST_BROKEN_SHOWN} at the most` }),
  breaksMore: z.literal(true).optional().meta({ description: "There are more of them" }),
});
export type ChangedTag = z.output<typeof changedTag>;

/** A tag's name in a path. */
export const tagNameInPath = z.string().min(1).max(MOST_TAG_NAME);

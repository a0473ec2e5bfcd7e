import { NormalizedSchema } from "@smithy/core/schema";
import { XMLBuilder } from "fast-xml-parser";

type Convert = (value: unknown) => unknown;
type SchemaRef = Parameters<typeof NormalizedSchema.of>[0];

const options = {
  // Paths as text are made for every element and used by none of these options: a fifth of the time.
  jPath: false,
  ignoreAttributes: false,
  attributeNamePrefix: "@",
  processEntities: true,
  suppressEmptyNode: true,
  format: false,
};
const builder = new XMLBuilder(options);

/** An XML document with one root element; `@name` makes an attribute, an array repeats its element. Text is escaped. */
export function toXml(root: string, content: Readonly<Record<string, unknown>>): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${builder.build({ [root]: content })}`;
}

/**
 * A function that names the members of an EC2 result as they are named on the wire. The names come from the schema by which
 * the AWS SDK reads the same answer, so they cannot differ from it. Members that are undefined are left out.
 */
export function createXmlShape(result: SchemaRef): (result: object) => Record<string, unknown> {
  const convert = converterOf(NormalizedSchema.of(result), new Map());
  return (content) => convert(content) as Record<string, unknown>;
}

function converterOf(schema: NormalizedSchema, known: Map<unknown, Convert>): Convert {
  if (schema.isTimestampSchema()) return toTimestamp;
  if (schema.isListSchema()) return listConverter(schema, known);
  if (!schema.isStructSchema()) return String;
  const made = known.get(schema.getSchema());
  if (made !== undefined) return made;
  const members: { readonly name: string; readonly element: string; readonly convert: Convert }[] = [];
  const convert: Convert = (value) => {
    const element: Record<string, unknown> = {};
    const fields = value as Readonly<Record<string, unknown>>;
    for (const member of members) {
      const field = fields[member.name];
      if (field !== undefined) element[member.element] = member.convert(field);
    }
    return element;
  };
  known.set(schema.getSchema(), convert);
  for (const [name, member] of schema.structIterator())
    members.push({ name, element: elementName(member) ?? name, convert: converterOf(member, known) });
  return convert;
}

function listConverter(schema: NormalizedSchema, known: Map<unknown, Convert>): Convert {
  const entry = schema.getValueSchema();
  const name = elementName(entry) ?? "member";
  const convert = converterOf(entry, known);
  return (value) => {
    const entries = value as readonly unknown[];
    return entries.length === 0 ? "" : { [name]: entries.map(convert) };
  };
}

function elementName(schema: NormalizedSchema): string | undefined {
  return schema.getMergedTraits().xmlName;
}

/** EC2 writes milliseconds, and they are always zero. */
function toTimestamp(value: unknown): string {
  return (value as Date).toISOString().replace(/\.\d{3}Z$/, ".000Z");
}

import * as z from "zod";

/** How it stands in the OpenAPI document, where nobody can see what a check of our own looks at. */
type JsonSchema = z.core.JSONSchema.BaseSchema;

const isObject = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === "object" && !Array.isArray(value);

/**
 * Members under names that people or clouds choose, such as tags. `z.record` drops one that is called `__proto__`, which is a
 * name like all others, so nothing is copied here: what was given is checked and answered as it is. `complain` says what is wrong
 * with a member; a member's own name is never looked up but by `Object.hasOwn`.
 */
function named<Value>(members: JsonSchema, complain: (value: unknown, name: string) => string | undefined) {
  return z
    .custom<Record<string, Value>>(isObject, "must be an object")
    .check(({ value, issues }) => {
      for (const name of Object.keys(value)) {
        const message = complain(value[name], name);
        if (message !== undefined) issues.push({ code: "custom", path: [name], message, input: value[name] });
      }
    })
    .meta({ type: "object", ...members });
}

/** Any values by name, as they are. */
export function namedValues() {
  return named<unknown>({ additionalProperties: {} }, () => undefined);
}

interface TextLimits {
  /** Characters of a name, of which it has at least one. */
  readonly mostName: number;
  /** Characters of a text. */
  readonly mostText: number;
  /** What these are, such as "tag". */
  readonly of: string;
}

/** Texts by name; without limits as long as they like. */
export function namedTexts(limits?: TextLimits) {
  if (limits === undefined) {
    return named<string>({ additionalProperties: { type: "string" } }, (text) =>
      typeof text === "string" ? undefined : "must be text",
    );
  }
  const { mostName, mostText, of } = limits;
  const schema: JsonSchema = {
    propertyNames: { type: "string", minLength: 1, maxLength: mostName },
    additionalProperties: { type: "string", maxLength: mostText },
  };
  return named<string>(schema, (text, name) => {
    if (name === "") return `a ${of}'s key has at least one character`;
    if (name.length > mostName) return `a ${of}'s key has at most ${mostName.toLocaleString("en")} characters`;
    if (typeof text !== "string") return `a ${of}'s value must be text`;
    return text.length > mostText
      ? `a ${of}'s value has at most ${mostText.toLocaleString("en")} characters`
      : undefined;
  });
}

/** Texts by name, by name. `complain` says what is wrong with an inner member: its name, its text, and the name that it is below. */
export function namedMaps(complain: (inner: string, text: string, name: string) => string | undefined) {
  const schema: JsonSchema = { additionalProperties: { type: "object", additionalProperties: { type: "string" } } };
  return named<Record<string, string>>(schema, (map, name) => {
    if (!isObject(map)) return "must be an object";
    for (const [inner, text] of Object.entries(map)) {
      if (typeof text !== "string") return `${JSON.stringify(inner)} must be text`;
      const message = complain(inner, text, name);
      if (message !== undefined) return message;
    }
    return undefined;
  });
}

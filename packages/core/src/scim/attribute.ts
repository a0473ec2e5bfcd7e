/** What RFC 7643 §7 says of an attribute. All of it stands in the schemas that we show. */
export interface Attribute {
  readonly name: string;
  readonly type: "string" | "boolean" | "dateTime" | "binary" | "reference" | "integer" | "complex";
  readonly description: string;
  readonly multiValued: boolean;
  readonly required: boolean;
  readonly caseExact: boolean;
  readonly mutability: "readWrite" | "readOnly" | "writeOnly" | "immutable";
  readonly returned: "always" | "default" | "request" | "never";
  readonly uniqueness: "none" | "server" | "global";
  readonly canonicalValues?: readonly string[];
  readonly referenceTypes?: readonly string[];
  readonly subAttributes?: readonly Attribute[];
}

type Rules = Partial<Omit<Attribute, "name" | "type" | "description">>;

/** An attribute with RFC 7643's defaults (§2.2): single, optional, regardless of case, read and written, shown, not unique. */
export function attribute(name: string, type: Attribute["type"], description: string, rules: Rules = {}): Attribute {
  return {
    name,
    type,
    description,
    multiValued: false,
    required: false,
    caseExact: type === "reference" || type === "binary" || type === "dateTime",
    mutability: "readWrite",
    returned: "default",
    uniqueness: "none",
    ...rules,
  };
}

/** A schema: the attributes under one URN. */
export interface Schema {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly attributes: readonly Attribute[];
}

/** A type of resource: where it is served, and by which schemas. */
export interface ResourceType {
  readonly id: "User" | "Group";
  readonly endpoint: "/Users" | "/Groups";
  readonly description: string;
  readonly schema: Schema;
  readonly extensions: readonly Schema[];
}

/** A SCIM value as it is stored and shown: names as the schemas write them, nothing that is unassigned. */
export type Value = string | number | boolean | readonly Value[] | { readonly [name: string]: Value };
export type Values = { readonly [name: string]: Value };

/** Names of attributes and URNs are compared without case (RFC 7643 §2.1), and so are most values. */
export const fold = (text: string): string => text.toLowerCase();

/** The attribute of a name, whatever its case; undefined where there is none. */
export function attributeNamed(attributes: readonly Attribute[] | undefined, name: string): Attribute | undefined {
  const wanted = fold(name);
  return attributes?.find((one) => fold(one.name) === wanted);
}

export const isValues = (value: unknown): value is { [name: string]: unknown } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

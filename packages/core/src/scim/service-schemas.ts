import { type Attribute, attribute, type Schema } from "./attribute.ts";

export const CONFIG_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";
export const TYPE_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:ResourceType";
export const SCHEMA_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Schema";

type Type = Attribute["type"];

/** What the service says of itself is only read. */
const said = (name: string, type: Type, description: string, rules: Parameters<typeof attribute>[3] = {}): Attribute =>
  attribute(name, type, description, { mutability: "readOnly", ...rules });

const parts = (name: string, description: string, ...subAttributes: readonly Attribute[]): Attribute =>
  said(name, "complex", description, { required: true, subAttributes });

const SUPPORTED = said("supported", "boolean", "Whether it is supported", { required: true });

const CONFIG: Schema = {
  id: CONFIG_SCHEMA,
  name: "ServiceProviderConfig",
  description: "What the service supports",
  attributes: [
    said("documentationUri", "reference", "Documentation for people", { referenceTypes: ["external"] }),
    parts("patch", "PATCH", SUPPORTED),
    parts(
      "bulk",
      "Bulk operations",
      SUPPORTED,
      said("maxOperations", "integer", "Operations of one request", { required: true }),
      said("maxPayloadSize", "integer", "Bytes of one request", { required: true }),
    ),
    parts("filter", "Filters", SUPPORTED, said("maxResults", "integer", "Resources of one answer", { required: true })),
    parts("changePassword", "Setting passwords", SUPPORTED),
    parts("sort", "Sorting", SUPPORTED),
    parts("etag", "ETags", SUPPORTED),
    said("pagination", "complex", "Pages", {
      subAttributes: [
        said("cursor", "boolean", "Whether by cursor", { required: true }),
        said("index", "boolean", "Whether by index", { required: true }),
        said("defaultPaginationMethod", "string", "What is used when nothing is asked for"),
        said("defaultPageSize", "integer", "Resources of a page when nothing is asked for"),
        said("maxPageSize", "integer", "Resources of a page at the most"),
        said("cursorTimeout", "integer", "Seconds for which a cursor is good"),
      ],
    }),
    said("authenticationSchemes", "complex", "How to authenticate", {
      required: true,
      multiValued: true,
      subAttributes: [
        said("type", "string", "Kind", { required: true }),
        said("name", "string", "Name", { required: true }),
        said("description", "string", "Description", { required: true }),
        said("specUri", "reference", "Specification", { referenceTypes: ["external"] }),
        said("documentationUri", "reference", "Documentation", { referenceTypes: ["external"] }),
        said("primary", "boolean", "Whether it is the preferred one"),
      ],
    }),
  ],
};

const TYPE: Schema = {
  id: TYPE_SCHEMA,
  name: "ResourceType",
  description: "A type of resource",
  attributes: [
    said("id", "string", "Its id"),
    said("name", "string", "Its name", { required: true }),
    said("description", "string", "What it is"),
    said("endpoint", "reference", "Where it is served", { required: true, referenceTypes: ["uri"] }),
    said("schema", "reference", "Its schema", { required: true, referenceTypes: ["uri"] }),
    said("schemaExtensions", "complex", "Schemas beside it", {
      multiValued: true,
      subAttributes: [
        said("schema", "reference", "The schema", { required: true, referenceTypes: ["uri"] }),
        said("required", "boolean", "Whether every resource has it", { required: true }),
      ],
    }),
  ],
};

const RULES: readonly Attribute[] = [
  said("name", "string", "Name", { required: true, caseExact: true }),
  said("type", "string", "Type of its values", {
    required: true,
    canonicalValues: ["string", "boolean", "dateTime", "binary", "reference", "integer", "decimal", "complex"],
  }),
  said("multiValued", "boolean", "Whether it has several values", { required: true }),
  said("description", "string", "What it is"),
  said("required", "boolean", "Whether every resource has it"),
  said("canonicalValues", "string", "Values that are usual", { multiValued: true, caseExact: true }),
  said("caseExact", "boolean", "Whether case counts"),
  said("mutability", "string", "Who changes it", { caseExact: true }),
  said("returned", "string", "When it is shown", { caseExact: true }),
  said("uniqueness", "string", "Whether two can have the same value", { caseExact: true }),
  said("referenceTypes", "string", "What it may lead to", { multiValued: true, caseExact: true }),
];

const SCHEMA: Schema = {
  id: SCHEMA_SCHEMA,
  name: "Schema",
  description: "A schema",
  attributes: [
    said("id", "string", "Its URN", { required: true }),
    said("name", "string", "Its name", { required: true }),
    said("description", "string", "What it is"),
    said("attributes", "complex", "Its attributes", {
      required: true,
      multiValued: true,
      subAttributes: [
        ...RULES,
        said("subAttributes", "complex", "Parts of a complex attribute", { multiValued: true, subAttributes: RULES }),
      ],
    }),
  ],
};

/** The schemas of what the service says of itself (RFC 7643 §8.7.2). */
export const SERVICE_SCHEMAS: readonly Schema[] = [CONFIG, TYPE, SCHEMA];

import { type Attribute, attribute, type ResourceType, type Schema } from "./attribute.ts";

export const USER_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User";
export const GROUP_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Group";
export const ENTERPRISE_SCHEMA = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/** What every resource has beside its schema (RFC 7643 §3.1): not part of any schema that is shown. */
export const COMMON: readonly Attribute[] = [
  attribute("schemas", "reference", "URNs of the schemas of the resource", {
    multiValued: true,
    required: true,
    returned: "always",
  }),
  attribute("id", "string", "Identifier given by the service", {
    caseExact: true,
    mutability: "readOnly",
    returned: "always",
    uniqueness: "server",
  }),
  attribute("externalId", "string", "Identifier given by the client", { caseExact: true }),
  attribute("meta", "complex", "What the service says of the resource", {
    mutability: "readOnly",
    subAttributes: [
      attribute("resourceType", "string", "Name of the type", { caseExact: true, mutability: "readOnly" }),
      attribute("created", "dateTime", "When it was made", { mutability: "readOnly" }),
      attribute("lastModified", "dateTime", "When it was last changed", { mutability: "readOnly" }),
      attribute("location", "reference", "Where it is", { mutability: "readOnly", referenceTypes: ["uri"] }),
      attribute("version", "string", "Its ETag", { caseExact: true, mutability: "readOnly" }),
    ],
  }),
];

/** A list of typed values, of which one may be primary (RFC 7643 §2.4). */
function plural(name: string, description: string, value: Attribute, types?: readonly string[]): Attribute {
  return attribute(name, "complex", description, {
    multiValued: true,
    subAttributes: [
      value,
      attribute("display", "string", "Name for people"),
      attribute("type", "string", "What it is for", types === undefined ? {} : { canonicalValues: types }),
      attribute("primary", "boolean", "Whether it is the preferred one; at most one is"),
    ],
  });
}

const PLACES = ["work", "home", "other"];
const NAME_PARTS: readonly (readonly [string, string])[] = [
  ["formatted", "Full name as it is shown"],
  ["familyName", "Family name"],
  ["givenName", "Given name"],
  ["middleName", "Middle names"],
  ["honorificPrefix", "Title before the name"],
  ["honorificSuffix", "Suffix after the name"],
];
const ADDRESS_PARTS: readonly (readonly [string, string])[] = [
  ["formatted", "Full address as it is shown"],
  ["streetAddress", "Street, number, apartment"],
  ["locality", "City"],
  ["region", "State or region"],
  ["postalCode", "Postal code"],
  ["country", "Country"],
];

const USER: Schema = {
  id: USER_SCHEMA,
  name: "User",
  description: "User Account",
  attributes: [
    attribute("userName", "string", "Name to sign in with, unique without regard to case", {
      required: true,
      uniqueness: "server",
    }),
    attribute("name", "complex", "Parts of the name", {
      subAttributes: NAME_PARTS.map(([name, description]) => attribute(name, "string", description)),
    }),
    attribute("displayName", "string", "Name for people"),
    attribute("nickName", "string", "Casual name"),
    attribute("profileUrl", "reference", "Address of a profile page", { referenceTypes: ["external"] }),
    attribute("title", "string", "Title, such as Vice President"),
    attribute("userType", "string", "Relation to the organization, such as Employee"),
    attribute("preferredLanguage", "string", "Language, as in Accept-Language"),
    attribute("locale", "string", "Locale, such as en-US"),
    attribute("timezone", "string", "Time zone, such as Europe/Berlin"),
    attribute("active", "boolean", "Whether the user may do anything; false ends sessions and tokens"),
    attribute("password", "string", "Password, in clear text over the wire alone", {
      caseExact: true,
      mutability: "writeOnly",
      returned: "never",
    }),
    plural("emails", "E-mail addresses", attribute("value", "string", "The address"), PLACES),
    plural("phoneNumbers", "Telephone numbers", attribute("value", "string", "The number"), [
      "work",
      "home",
      "mobile",
      "fax",
      "pager",
      "other",
    ]),
    plural("ims", "Addresses of instant messaging", attribute("value", "string", "The address")),
    plural(
      "photos",
      "Photos",
      attribute("value", "reference", "Address of the photo", { referenceTypes: ["external"] }),
      ["photo", "thumbnail"],
    ),
    attribute("addresses", "complex", "Postal addresses", {
      multiValued: true,
      subAttributes: [
        ...ADDRESS_PARTS.map(([name, description]) => attribute(name, "string", description)),
        attribute("type", "string", "What it is for", { canonicalValues: PLACES }),
        attribute("primary", "boolean", "Whether it is the preferred one; at most one is"),
      ],
    }),
    attribute("groups", "complex", "Groups that the user belongs to", {
      multiValued: true,
      mutability: "readOnly",
      subAttributes: [
        attribute("value", "string", "The group's id", { caseExact: true, mutability: "readOnly" }),
        attribute("$ref", "reference", "The group's address", { mutability: "readOnly", referenceTypes: ["Group"] }),
        attribute("display", "string", "The group's name", { mutability: "readOnly" }),
        attribute("type", "string", "How", { mutability: "readOnly", canonicalValues: ["direct"] }),
      ],
    }),
    plural("entitlements", "Entitlements, as the client calls them", attribute("value", "string", "The entitlement")),
    plural(
      "roles",
      "Roles, as the client calls them; they give nothing here",
      attribute("value", "string", "The role"),
    ),
    plural("x509Certificates", "Certificates", attribute("value", "binary", "DER in base64")),
  ],
};

const ENTERPRISE: Schema = {
  id: ENTERPRISE_SCHEMA,
  name: "EnterpriseUser",
  description: "Enterprise User",
  attributes: [
    attribute("employeeNumber", "string", "Number or code of the employee"),
    attribute("costCenter", "string", "Cost center"),
    attribute("organization", "string", "Organization"),
    attribute("division", "string", "Division"),
    attribute("department", "string", "Department"),
    attribute("manager", "complex", "The user's manager", {
      subAttributes: [
        attribute("value", "string", "The manager's id", { caseExact: true }),
        attribute("$ref", "reference", "The manager's address", { referenceTypes: ["User"] }),
        attribute("displayName", "string", "The manager's name", { mutability: "readOnly" }),
      ],
    }),
  ],
};

const GROUP: Schema = {
  id: GROUP_SCHEMA,
  name: "Group",
  description: "Group",
  attributes: [
    attribute("displayName", "string", "Name for people", { required: true }),
    attribute("members", "complex", "Users of the group; groups are not nested", {
      multiValued: true,
      subAttributes: [
        attribute("value", "string", "The member's id", { caseExact: true, mutability: "immutable" }),
        attribute("$ref", "reference", "The member's address", { mutability: "immutable", referenceTypes: ["User"] }),
        attribute("display", "string", "The member's name", { mutability: "readOnly" }),
        attribute("type", "string", "What the member is", { mutability: "immutable", canonicalValues: ["User"] }),
      ],
    }),
  ],
};

export const USERS: ResourceType = {
  id: "User",
  endpoint: "/Users",
  description: "User Account",
  schema: USER,
  extensions: [ENTERPRISE],
};
export const GROUPS: ResourceType = {
  id: "Group",
  endpoint: "/Groups",
  description: "Group",
  schema: GROUP,
  extensions: [],
};

export const RESOURCE_TYPES: readonly ResourceType[] = [USERS, GROUPS];
export const SCHEMAS: readonly Schema[] = [USER, ENTERPRISE, GROUP];

import { ProblemError } from "@cadastre/contract/errors";
import type { ResourceType, Schema } from "./attribute.ts";
import { BULK_LIMITS } from "./bulk-request.ts";
import { CURSOR_SECONDS, PAGE_SIZES } from "./list-request.ts";
import { listResponse } from "./messages.ts";
import { RESOURCE_TYPES, SCHEMAS } from "./schemas.ts";
import { CONFIG_SCHEMA, SCHEMA_SCHEMA, SERVICE_SCHEMAS, TYPE_SCHEMA } from "./service-schemas.ts";

type Document = Readonly<Record<string, unknown>>;

/** What the service supports (RFC 7643 §5, RFC 9865 §4). `base` is the address of `/scim/v2`. */
export function serviceProviderConfig(base: string): Document {
  return {
    schemas: [CONFIG_SCHEMA],
    patch: { supported: true },
    bulk: { supported: true, ...BULK_LIMITS },
    filter: { supported: true, maxResults: PAGE_SIZES.most },
    changePassword: { supported: true },
    sort: { supported: true },
    etag: { supported: true },
    pagination: {
      cursor: true,
      index: true,
      defaultPaginationMethod: "index",
      defaultPageSize: PAGE_SIZES.usual,
      maxPageSize: PAGE_SIZES.most,
      cursorTimeout: CURSOR_SECONDS,
    },
    authenticationSchemes: [
      {
        type: "oauthbearertoken",
        name: "Bearer token",
        description: "The token of a SCIM source, in the header Authorization",
        specUri: "https://www.rfc-editor.org/info/rfc6750",
        primary: true,
      },
    ],
    meta: { resourceType: "ServiceProviderConfig", location: `${base}/ServiceProviderConfig` },
  };
}

function typeDocument(base: string, { id, endpoint, description, schema, extensions }: ResourceType): Document {
  return {
    schemas: [TYPE_SCHEMA],
    id,
    name: id,
    description,
    endpoint,
    schema: schema.id,
    ...(extensions.length === 0
      ? {}
      : { schemaExtensions: extensions.map((extension) => ({ schema: extension.id, required: false })) }),
    meta: { resourceType: "ResourceType", location: `${base}/ResourceTypes/${id}` },
  };
}

function schemaDocument(base: string, { id, name, description, attributes }: Schema): Document {
  return {
    schemas: [SCHEMA_SCHEMA],
    id,
    name,
    description,
    attributes,
    meta: { resourceType: "Schema", location: `${base}/Schemas/${id}` },
  };
}

/** One of them by its id, whatever its case. Throws `scim.not_found`. */
function oneOf<Of extends { readonly id: string }>(all: readonly Of[], id: string): Of {
  const found = all.find((one) => one.id.toLowerCase() === id.toLowerCase());
  if (!found) throw new ProblemError("scim.not_found");
  return found;
}

/** The types of resources (RFC 7644 §4), or the one of an id. Throws `scim.not_found`. */
export function resourceTypes(base: string, id?: string): Document {
  if (id !== undefined) return typeDocument(base, oneOf(RESOURCE_TYPES, id));
  return listResponse(RESOURCE_TYPES.map((type) => typeDocument(base, type)));
}

/** The schemas, or the one of an URN. Throws `scim.not_found`. */
export function schemaDocuments(base: string, id?: string): Document {
  const all = [...SCHEMAS, ...SERVICE_SCHEMAS];
  if (id !== undefined) return schemaDocument(base, oneOf(all, id));
  return listResponse(all.map((schema) => schemaDocument(base, schema)));
}

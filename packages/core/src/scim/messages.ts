import { ERRORS, type ErrorCode, type ProblemError } from "@cadastre/contract/errors";

const ERROR_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:Error";
const LIST_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

type Document = Readonly<Record<string, unknown>>;

/** What of a page is not its resources. Without a total it is not known, which only pages by cursor may say (RFC 9865 §2). */
export interface PageHead {
  readonly totalResults?: number | undefined;
  readonly startIndex?: number | undefined;
  readonly nextCursor?: string | undefined;
}

/** A list of resources (RFC 7644 §3.4.2); without a head it is all of them. */
export function listResponse(
  resources: readonly Document[],
  head: PageHead = { totalResults: resources.length, startIndex: 1 },
): Document {
  const { totalResults, startIndex, nextCursor } = head;
  return {
    schemas: [LIST_SCHEMA],
    ...(totalResults === undefined ? {} : { totalResults }),
    itemsPerPage: resources.length,
    ...(startIndex === undefined ? {} : { startIndex }),
    ...(nextCursor === undefined ? {} : { nextCursor }),
    Resources: resources,
  };
}

/** RFC 7644 §3.12, table 9, and RFC 9865 §2.1. */
const SCIM_TYPES: Partial<Record<ErrorCode, string>> = {
  "scim.invalid_filter": "invalidFilter",
  "scim.too_many": "tooMany",
  "scim.uniqueness": "uniqueness",
  "scim.mutability": "mutability",
  "scim.invalid_syntax": "invalidSyntax",
  "scim.invalid_path": "invalidPath",
  "scim.no_target": "noTarget",
  "scim.invalid_value": "invalidValue",
  "scim.invalid_cursor": "invalidCursor",
  "scim.expired_cursor": "expiredCursor",
  "scim.invalid_count": "invalidCount",
  "request.malformed": "invalidSyntax",
  "request.invalid": "invalidValue",
};

/** The status of an error where SCIM is spoken: what does not have the required form is 400 there. */
export function scimStatus({ code }: ProblemError): number {
  const { status } = ERRORS[code];
  return status === 422 ? 400 : status;
}

/** The document of an error (RFC 7644 §3.12). */
export function scimError(error: ProblemError): Document {
  const scimType = SCIM_TYPES[error.code];
  return {
    schemas: [ERROR_SCHEMA],
    status: String(scimStatus(error)),
    ...(scimType === undefined ? {} : { scimType }),
    detail: error.message,
  };
}

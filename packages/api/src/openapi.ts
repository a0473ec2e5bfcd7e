import { ENDPOINTS } from "@cadastre/contract/endpoints/all";
import type { Endpoint } from "@cadastre/contract/endpoints/endpoint";
import { errorsOf } from "@cadastre/contract/endpoints/errors-of";
import { SCIM_MEDIA } from "@cadastre/contract/endpoints/scim";
import { ERRORS } from "@cadastre/contract/errors";
import { SESSION_COOKIE } from "@cadastre/contract/login";
import { oauthError } from "@cadastre/contract/oauth";
import { SIGNATURE_LIFE_SECONDS, SIGNED_COMPONENTS } from "@cadastre/contract/signature";
import { problem } from "@cadastre/contract/view";
import type * as z from "zod";
import { exampleOf } from "./openapi-examples.ts";
import { createSchemas, type JsonSchema } from "./openapi-schemas.ts";
import { GUIDE, TASKS, taskOf } from "./openapi-tasks.ts";
import { IDEMPOTENCY_KEY, IF_MATCH } from "./preconditions.ts";

const PROBLEM = "application/problem+json";

type Schemas = ReturnType<typeof createSchemas>;

/** Parameters of a path or query from the members of their schema: what is written as text is described as what it says. */
function parametersOf(
  { convert }: Schemas,
  schema: z.ZodType | undefined,
  place: "path" | "query",
  example: Readonly<Record<string, unknown>> = {},
): object[] {
  if (!schema) return [];
  const { properties = {} } = convert(schema, "output") as { properties?: Record<string, JsonSchema> };
  const { required = [] } = convert(schema, "input") as { required?: string[] };
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: place,
    required: place === "path" || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: rest,
    ...(example[name] === undefined ? {} : { example: example[name] }),
  }));
}

function headersOf({ ifMatch, idempotent, stream }: Endpoint): object[] {
  const header = (name: string, description: string, schema: object, required = false) => ({
    name,
    in: "header",
    required,
    description,
    schema: { type: "string", ...schema },
  });
  return [
    ...(ifMatch
      ? [
          header(
            "If-Match",
            'The version that the change is made to, such as `"3"`, or `*` for any',
            { pattern: IF_MATCH.source },
            ifMatch === "required",
          ),
        ]
      : []),
    ...(idempotent
      ? [
          header(
            "Idempotency-Key",
            "A key of the caller's own, remembered for a day: a repeat creates nothing and answers what was created, as it is now",
            { pattern: IDEMPOTENCY_KEY.source },
          ),
        ]
      : []),
    ...(stream ? [header("Last-Event-ID", "Goes on after the event of this id", {})] : []),
  ];
}

function bodyOf({ convert }: Schemas, { access, body, bodyOptional, file, form, example }: Endpoint): object {
  if (file) {
    const schema = { type: "string", format: "binary", maxLength: file.bytes };
    return { requestBody: { required: true, content: { "application/octet-stream": { schema } } } };
  }
  if (!body) return {};
  const shown = example?.body === undefined ? {} : { example: example.body };
  const json = access.kind === "provisioning" ? SCIM_MEDIA : "application/json";
  const content = { [form ? "application/x-www-form-urlencoded" : json]: { schema: convert(body, "input"), ...shown } };
  return { requestBody: { required: !bodyOptional, content } };
}

const DIGITS = { schema: { type: "string" } };
const ANSWER_HEADERS = {
  "Server-Timing": {
    description: "Milliseconds, and what the request read and wrote, in capacity units of the table",
    ...DIGITS,
  },
};

function successOf({ convert }: Schemas, endpoint: Endpoint): Record<string, object> {
  const { access, answer, etag, media, status, stream, summary } = endpoint;
  if (stream) {
    const content = { "text/event-stream": { schema: convert(stream, "output") } };
    return { 200: { description: `${summary}; the schema is of the data of one event`, content } };
  }
  if (media !== undefined) {
    const schema = media.endsWith("json") ? { type: "object" } : { type: "string" };
    if (status === 204) return { 204: { description: "Done" } };
    return { [status ?? 200]: { description: summary, content: { [media]: { schema } } } };
  }
  const headers = {
    ...(access.kind === "operator" ? ANSWER_HEADERS : {}),
    ...(etag ? { ETag: { description: "Its version", ...DIGITS } } : {}),
  };
  const described = Object.keys(headers).length === 0 ? {} : { headers };
  if (!answer) return { 204: { description: "Done", ...described } };
  const content = { "application/json": { schema: convert(answer, "output") } };
  return { [status ?? 200]: { description: summary, ...described, content } };
}

/** Answered before a request reaches the API, by the gateway that a deployment has in front: without a problem document. */
const BY_THE_GATEWAY = "Too many requests: the gateway in front of a deployment says it, and sends no problem document";
const TOO_MANY = 429;

/** The form in which an endpoint says what is wrong: that of the protocol which it speaks. */
function failureOf({ convert }: Schemas, { access, area }: Endpoint): object {
  if (access.kind === "provisioning") return { [SCIM_MEDIA]: { schema: { type: "object" } } };
  if (area === "oauth") return { "application/json": { schema: convert(oauthError, "output") } };
  return { [PROBLEM]: { schema: convert(problem, "output") } };
}

/** One response for each status, which names its codes. */
function failuresOf(schemas: Schemas, endpoint: Endpoint): Record<string, object> {
  const byStatus = Map.groupBy(errorsOf(endpoint), (code) => ERRORS[code].status);
  const own: Record<string, { readonly description: string }> = Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      status,
      {
        description: codes.map((code) => `\`${code}\`: ${ERRORS[code].title}`).join("\n\n"),
        content: failureOf(schemas, endpoint),
      },
    ]),
  );
  if (endpoint.access.kind === "public") return own;
  const limited = own[TOO_MANY];
  const said = limited === undefined ? BY_THE_GATEWAY : `${limited.description}\n\n${BY_THE_GATEWAY}`;
  return { ...own, [TOO_MANY]: { ...limited, description: said } };
}

const SECURITY = {
  public: [],
  operator: [{ token: [] }, { session: [] }],
  self: [{ token: [] }, { session: [] }],
  signed: [{ signature: [] }],
  provisioning: [{ token: [] }],
} as const;

function operationOf(schemas: Schemas, endpoint: Endpoint): object {
  const { access, area, example, name, summary, params, query } = endpoint;
  const or =
    access.kind === "operator" && access.also ? ` or \`${access.also.action}\`, and shows what that is for` : "";
  const scope =
    access.kind === "operator" || access.kind === "provisioning" ? `Needs the scope \`${access.action}\`${or}.` : "";
  const texts = [endpoint.description ?? "", scope, exampleOf(endpoint)];
  return {
    operationId: name,
    tags: [taskOf(area)],
    summary,
    description: texts.filter((text) => text !== "").join("\n\n"),
    security: SECURITY[access.kind],
    parameters: [
      ...parametersOf(schemas, params, "path", example?.params),
      ...parametersOf(schemas, query, "query", example?.query),
      ...headersOf(endpoint),
    ],
    ...bodyOf(schemas, endpoint),
    responses: { ...successOf(schemas, endpoint), ...failuresOf(schemas, endpoint) },
  };
}

/** The path as OpenAPI writes it. */
export const toOpenApiPath = (path: string): string => path.replaceAll("+}", "}");

/** The OpenAPI 3.1 document of all endpoints, of every one that any deployment has. Takes some tens of milliseconds. */
export function buildOpenApi(): object {
  const schemas = createSchemas();
  const paths: Record<string, Record<string, object>> = {};
  for (const endpoint of ENDPOINTS) {
    const path = toOpenApiPath(endpoint.path);
    paths[path] = { ...paths[path], [endpoint.method.toLowerCase()]: operationOf(schemas, endpoint) };
  }
  const codes = Object.entries(ERRORS).map(([code, { status, title }]) => `- \`${code}\` (${status}): ${title}`);
  return {
    openapi: "3.1.0",
    info: {
      title: "Cadastre",
      version: "1",
      license: { name: "Apache 2.0", identifier: "Apache-2.0" },
      description: GUIDE,
    },
    servers: [{ url: "/" }],
    tags: TASKS.map(({ name, about }) => ({ name, description: about })),
    paths,
    components: {
      schemas: {
        ...schemas.components(),
        ErrorCode: {
          type: "string",
          enum: Object.keys(ERRORS),
          description: `What can go wrong, with the status that it is answered with:\n\n${codes.join("\n")}`,
        },
      },
      securitySchemes: {
        token: { type: "http", scheme: "bearer", bearerFormat: "cad_…", description: "An API token with scopes" },
        session: {
          type: "apiKey",
          in: "cookie",
          name: SESSION_COOKIE,
          description: "A login session; whatever changes anything needs x-csrf-token beside it",
        },
        signature: {
          type: "apiKey",
          in: "header",
          name: "Signature",
          description: `RFC 9421 by a registered Ed25519 or ECDSA P-256 key, over ${SIGNED_COMPONENTS.join(", ")}, with created, expires (at most ${SIGNATURE_LIFE_SECONDS} s later), nonce and keyid; content-digest is SHA-256 (RFC 9530) over the body as it is sent`,
        },
      },
    },
  };
}

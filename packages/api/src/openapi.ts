import { ERRORS, type ErrorCode } from "@cadastre/contract/errors";
import { SIGNATURE_LIFE_SECONDS, SIGNED_COMPONENTS } from "@cadastre/contract/signature";
import { problem } from "@cadastre/contract/view";
import type * as z from "zod";
import { createSchemas, type JsonSchema } from "./openapi-schemas.ts";
import type { Route } from "./routes/route.ts";
import { ROUTES } from "./routes/table.ts";

const PROBLEM = "application/problem+json";

const TAGS: readonly (readonly [prefix: string, tag: string])[] = [
  ["/api/v1/discovery", "discovery"],
  ["/api/v1/collectors", "collectors"],
  ["/api/v1/accounts", "accounts"],
  ["/api/v1/resources", "resources"],
  ["/api/v1/search", "resources"],
  ["/api/v1/credentials", "credentials"],
  ["/api/v1/tokens", "tokens"],
  ["/api/v1/audit", "audit"],
  ["/", "service"],
];

const tagOf = ({ path }: Route) => TAGS.find(([prefix]) => path.startsWith(prefix))?.[1] ?? "service";

/** The errors that a route can answer: those that follow from its definition, and its own. */
export function errorsOf(route: Route): ErrorCode[] {
  const codes: ErrorCode[] = [...(route.errors ?? []), "request.method", "service.unavailable", "service.internal"];
  if (route.path.startsWith("/api/v1/") && route.auth.kind !== "public") codes.push("request.rate_limited");
  if (route.auth.kind === "token")
    codes.push("auth.missing", "auth.invalid", "auth.expired", "auth.revoked", "auth.forbidden");
  if (route.auth.kind === "signed") {
    codes.push("signature.missing", "signature.invalid", "signature.digest", "signature.stale", "signature.future");
    codes.push("signature.replayed", "signature.unknown_key", "request.too_large");
    codes.push("collector.pending", "collector.rejected", "collector.revoked");
  }
  if (route.body || route.rawBody) codes.push("request.malformed", "request.media_type", "request.too_large");
  if (route.auth.kind !== "public") codes.push("request.invalid", "request.not_found");
  if (route.query && "cursor" in shapeOf(route.query)) codes.push("cursor.invalid");
  if (route.ifMatch) codes.push("request.precondition_failed");
  if (route.ifMatch === "required") codes.push("request.precondition_required");
  if (route.replay) codes.push("request.idempotency_reused");
  return [...new Set(codes)];
}

function shapeOf(schema: z.ZodType): Record<string, unknown> {
  return "shape" in schema ? (schema.shape as Record<string, unknown>) : {};
}

type Schemas = ReturnType<typeof createSchemas>;

/** Parameters of a path or query from the members of their schema. */
function parametersOf(schemas: Schemas, schema: z.ZodType | undefined, place: "path" | "query"): object[] {
  if (!schema) return [];
  const { properties = {}, required = [] } = schemas.convert(schema, "input") as {
    properties?: Record<string, JsonSchema>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: place,
    required: place === "path" || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: rest,
  }));
}

function headersOf(route: Route): object[] {
  const headers: object[] = [];
  if (route.ifMatch) {
    headers.push({
      name: "If-Match",
      in: "header",
      required: route.ifMatch === "required",
      description: 'The version that the change is made to, such as `"3"`, or `*` for any',
      schema: { type: "string" },
    });
  }
  if (route.replay) {
    headers.push({
      name: "Idempotency-Key",
      in: "header",
      required: false,
      description:
        "A key of the caller's own, remembered for a day: a repeat creates nothing and answers what was created, as it is now",
      schema: { type: "string", minLength: 1, maxLength: 255 },
    });
  }
  return headers;
}

function bodyOf(schemas: Schemas, route: Route): object {
  const schema = route.body ?? route.rawBody;
  if (!schema) return {};
  const content = { "application/json": { schema: schemas.convert(schema, "input") } };
  return { requestBody: { required: !route.bodyOptional, content } };
}

function successOf(schemas: Schemas, route: Route): Record<string, object> {
  if (route.media !== undefined) {
    const schema = route.media === "application/json" ? { type: "object" } : { type: "string" };
    return { 200: { description: route.summary, content: { [route.media]: { schema } } } };
  }
  if (!route.answer) return { 204: { description: "Done" } };
  const headers = route.etag ? { headers: { ETag: { description: "Its version", schema: { type: "string" } } } } : {};
  const content = { "application/json": { schema: schemas.convert(route.answer, "output") } };
  return { [route.status ?? 200]: { description: route.summary, ...headers, content } };
}

/** One response for each status, which names its codes. */
function failuresOf(schemas: Schemas, route: Route): Record<string, object> {
  const byStatus = Map.groupBy(errorsOf(route), (code) => ERRORS[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      status,
      {
        description: codes.map((code) => `\`${code}\`: ${ERRORS[code].title}`).join("\n\n"),
        content: { [PROBLEM]: { schema: schemas.convert(problem, "output") } },
      },
    ]),
  );
}

const securityOf = ({ auth }: Route) =>
  auth.kind === "token" ? [{ token: [] }] : auth.kind === "signed" ? [{ signature: [] }] : [];

function operationOf(schemas: Schemas, route: Route): object {
  const scope = route.auth.kind === "token" ? `Needs the scope \`${route.auth.scope}\`.` : "";
  const description = [route.description ?? "", scope].filter((text) => text !== "").join("\n\n");
  return {
    operationId: route.name,
    tags: [tagOf(route)],
    summary: route.summary,
    ...(description === "" ? {} : { description }),
    security: securityOf(route),
    parameters: [
      ...parametersOf(schemas, route.params, "path"),
      ...parametersOf(schemas, route.query, "query"),
      ...headersOf(route),
    ],
    ...bodyOf(schemas, route),
    responses: { ...successOf(schemas, route), ...failuresOf(schemas, route) },
  };
}

/** The path as OpenAPI writes it. */
export const toOpenApiPath = (path: string): string => path.replaceAll("+}", "}");

/** The OpenAPI 3.1 document of the table of routes, of every route that any deployment has. Takes some tens of milliseconds. */
export function buildOpenApi(): object {
  const schemas = createSchemas();
  const paths: Record<string, Record<string, object>> = {};
  for (const route of ROUTES) {
    const path = toOpenApiPath(route.path);
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(schemas, route) };
  }
  const codes = Object.entries(ERRORS).map(([code, { status, title }]) => `- \`${code}\` (${status}): ${title}`);
  return {
    openapi: "3.1.0",
    info: {
      title: "Cadastre",
      version: "1",
      license: { name: "Apache 2.0", identifier: "Apache-2.0" },
      description: `The land register of a cloud estate. Errors are problem documents (RFC 9457) with one of these codes:\n\n${codes.join("\n")}`,
    },
    servers: [{ url: "/" }],
    paths,
    components: {
      schemas: {
        ...schemas.components(),
        ErrorCode: { type: "string", enum: Object.keys(ERRORS) },
      },
      securitySchemes: {
        token: { type: "http", scheme: "bearer", bearerFormat: "cad_…", description: "An API token with scopes" },
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

let text: string | undefined;

/** The document as it is served, made once. */
export function openApiText(): string {
  text ??= JSON.stringify(buildOpenApi());
  return text;
}

import { buildOpenApi, toOpenApiPath } from "@cadastre/api/openapi";
import { ROUTES } from "@cadastre/api/routes/table";
import { ENDPOINTS } from "@cadastre/contract/endpoints/all";
import { errorsOf } from "@cadastre/contract/endpoints/errors-of";
import { ERRORS } from "@cadastre/contract/errors";
import { Validator } from "@seriousme/openapi-schema-validator";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type * as z from "zod";
import { anApi, jsonOf, type TestApi } from "./an-api.ts";
import { pathOf } from "./example-requests.ts";

interface Operation {
  readonly tags: string[];
  readonly description: string;
  readonly security: object[];
  readonly parameters: { readonly name: string; readonly in: string }[];
  readonly responses: Record<string, { readonly description: string }>;
  readonly requestBody?: object;
}

let api: TestApi;
let document: {
  info: { description: string };
  tags: { name: string }[];
  paths: Record<string, Record<string, Operation>>;
};
beforeAll(async () => {
  api = await anApi();
  document = JSON.parse(JSON.stringify(buildOpenApi()));
});
afterAll(() => api.close());

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const PATHS = [...new Set(ENDPOINTS.map((route) => route.path))];

describe("the definitions of endpoints", () => {
  it("are all implemented, in their order, and nothing else is", () => {
    expect(ROUTES.map((route) => route.endpoint.name)).toEqual(ENDPOINTS.map((endpoint) => endpoint.name));
    for (const [at, route] of ROUTES.entries()) expect(route.endpoint).toBe(ENDPOINTS[at]);
  });

  it("say of tags and attributes what they may hold", () => {
    const { schemas } = (document as unknown as { components: { schemas: Record<string, { properties: object }> } })
      .components;
    const names = { type: "string", minLength: 1, maxLength: 256 };
    const texts = { type: "string", maxLength: 1024 };
    expect(schemas.ObservedNetwork?.properties).toMatchObject({
      tags: { type: "object", propertyNames: names, additionalProperties: texts },
    });
    expect(schemas.Resource?.properties).toMatchObject({
      tags: { type: "object", additionalProperties: { type: "string" } },
      attributes: { type: "object", additionalProperties: {} },
    });
  });

  it("have names and places of their own", () => {
    const places = ENDPOINTS.map(({ method, path }) => `${method} ${path}`);
    expect(new Set(places).size).toBe(ENDPOINTS.length);
    expect(new Set(ENDPOINTS.map(({ name }) => name)).size).toBe(ENDPOINTS.length);
    for (const { area, name } of ENDPOINTS) expect(name).toMatch(new RegExp(`^${area}\\.[a-z][A-Za-z]+$`));
  });

  it("name no member twice: a caller gives all that a request has in one object", () => {
    for (const { name, params, query, body } of ENDPOINTS) {
      const shapes = [params, query, body].map((schema) =>
        Object.keys((schema as z.ZodObject | undefined)?.shape ?? {}),
      );
      const members = [...shapes.flat(), "version", "idempotencyKey"];
      expect(new Set(members).size, name).toBe(members.length);
    }
  });

  it("take no member that they do not know: of operators in query and body, of collectors in the query", () => {
    for (const { name, access, query, body } of ENDPOINTS) {
      const isClosed = (schema: z.ZodType) => !schema.safeParse({ unknownMember: 1 }).success;
      const complains = (schema: z.ZodType) =>
        schema.safeParse({ unknownMember: 1 }).error?.issues.some((issue) => issue.code === "unrecognized_keys");
      if (query) expect(complains(query), name).toBe(true);
      if (body && access.kind === "operator") expect([isClosed(body), complains(body)], name).toEqual([true, true]);
    }
  });

  it("have examples that they themselves take", () => {
    for (const { name, params, query, body, example } of ENDPOINTS) {
      for (const [schema, value] of [
        [params, example?.params],
        [query, example?.query],
        [body, example?.body],
      ] as const) {
        if (schema && value !== undefined) expect(schema.safeParse(value).error, name).toBeUndefined();
        else expect(value, name).toBeUndefined();
      }
      if (params) expect(example?.params, name).toBeDefined();
      if (body) expect(example?.body, name).toBeDefined();
    }
  });
});

describe("the app", () => {
  it("serves the endpoints and nothing else, each of which says who may call it", () => {
    for (const { access, path } of ENDPOINTS)
      expect(["public", "operator", "self", "signed", "provisioning"], path).toContain(access.kind);
    const served = new Set(ENDPOINTS.map((endpoint) => `${endpoint.method} ${endpoint.path}`));
    const pattern = (path: string) =>
      path.replace(/:(\w+)(\{\.\+\})?/g, (_, name, greedy) => `{${name}${greedy ? "+" : ""}}`);
    const handlers = api.app.routes.filter((route) => route.method !== "ALL");
    expect(new Set(handlers.map((route) => `${route.method} ${pattern(route.path)}`))).toEqual(served);
    const others = api.app.routes.filter((route) => route.method === "ALL" && route.path !== "/*");
    expect(new Set(others.map((route) => pattern(route.path)))).toEqual(new Set(PATHS));
  });

  it.each(PATHS)("answers 405 with Allow for any other method on %s", async (path) => {
    const here = ENDPOINTS.filter((route) => route.path === path);
    const allowed = new Set(here.map((route) => route.method as string));
    const example = here[0] ? pathOf(here[0]) : path;
    for (const method of METHODS.filter((one) => !allowed.has(one))) {
      const response = await api.send({ method, path: example });
      const isScim = path.startsWith("/scim/");
      expect(await jsonOf(response)).toMatchObject(
        isScim
          ? { status: "405", detail: expect.stringContaining("allowed here") }
          : { status: 405, code: "request.method" },
      );
      const allow = response.headers.get("allow")?.split(", ") ?? [];
      expect(new Set(allow)).toEqual(new Set(allowed.has("GET") ? [...allowed, "HEAD"] : allowed));
    }
  });

  it.each([
    "/nothing",
    "/api",
    "/api/v1",
    "/api/v2/resources",
    "/api/v1/resource",
    "/api/v1/accounts/aws",
    "/api/v1/discovery/runs/x",
    "/api/docs/package.json",
    "/api/docs/..%2f..%2fpackage.json",
    "/assets/index.html",
    "/assets/..%2f..%2fsrc%2fapp.ts",
    "//etc/passwd",
    "/%",
  ])("answers 404 for %s", async (path) => {
    expect(await jsonOf(await api.send({ method: "GET", path }))).toMatchObject({
      status: 404,
      code: "request.not_found",
    });
  });

  it("does not have the routes that hand out or store secrets without a vault, nor those that hold a connection where none can be held", async () => {
    const bare = await anApi({ hasVault: false, canFollow: false, relyingParty: false });
    const needy = ENDPOINTS.filter((route) => route.needs !== undefined);
    expect(needy.map((route) => route.name).sort()).toEqual([
      "auth.login",
      "auth.passkeyChallenge",
      "auth.stepUp",
      "changes.follow",
      "credentials.create",
      "credentials.reveal",
      "discovery.fetchCredential",
      "factors.confirmTotp",
      "factors.createPasskey",
      "factors.createTotp",
      "factors.passkeyOptions",
      "identityProviders.create",
      "identityProviders.patch",
      "oauth.device",
      "oidc.begin",
      "oidc.beginLink",
      "oidc.finish",
      "oidc.finishLink",
    ]);
    for (const route of needy) {
      const body = route.method === "GET" ? {} : { body: {} };
      const { status } = await bare.send({ method: route.method, path: pathOf(route), ...body });
      expect([404, 405]).toContain(status);
    }
    await bare.close();
  });

  it("answers HEAD as GET without a body", async () => {
    const response = await api.send({ method: "HEAD", path: "/api/v1/accounts" });
    expect([response.status, await response.text()]).toEqual([200, ""]);
    expect((await api.send({ method: "HEAD", path: "/api/v1/accounts", token: "" })).status).toBe(401);
  });
});

describe("the OpenAPI document", () => {
  it("is valid OpenAPI 3.1 and is what the API serves without a token", async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(document));
    expect(errors).toBeUndefined();
    expect(valid).toBe(true);
    const served = await api.send({ method: "GET", path: "/api/v1/openapi.json", token: "" });
    expect(await served.json()).toEqual(document);
  });

  it("has patterns that every reader of JSON Schema understands, and none for nothing", () => {
    const text = JSON.stringify(document);
    expect(text).not.toContain("\\\\p{");
    expect(text).not.toContain('"allOf":[]');
    for (const name of ["If-Match", "Idempotency-Key", "cursor"]) {
      const parameters = Object.values(document.paths).flatMap((path) =>
        Object.values(path).flatMap((operation) => operation.parameters.filter((one) => one.name === name)),
      );
      expect(parameters.length).toBeGreaterThan(3);
      for (const parameter of parameters) expect(parameter).toHaveProperty("schema.pattern");
    }
  });

  it("has every route with its parameters, its body, and who may call it, and nothing else", () => {
    const documented = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(documented.sort()).toEqual(ENDPOINTS.map((route) => `${route.method} ${toOpenApiPath(route.path)}`).sort());
    for (const route of ENDPOINTS) {
      const operation = document.paths[toOpenApiPath(route.path)]?.[route.method.toLowerCase()] as Operation;
      const names = [...route.path.matchAll(/\{(\w+)\+?\}/g)].map(([, name]) => name);
      expect(operation.parameters.filter((one) => one.in === "path").map((one) => one.name)).toEqual(names);
      expect(operation.requestBody !== undefined).toBe((route.body ?? route.file) !== undefined);
      const ways = { public: 0, operator: 2, self: 2, signed: 1, provisioning: 1 };
      expect(operation.security).toHaveLength(ways[route.access.kind]);
    }
  });

  it("opens with a guide, goes task by task, and shows a request of every operation, each of its parameters filled in", () => {
    const { info, tags } = document;
    expect(info.description.indexOf("**Get a token.**")).toBeGreaterThan(0);
    const tasks = tags.map(({ name }) => name);
    const used = Object.values(document.paths).flatMap((path) => Object.values(path).flatMap((one) => one.tags));
    expect([...new Set(used)].sort()).toEqual([...tasks].sort());
    for (const route of ENDPOINTS) {
      const operation = document.paths[toOpenApiPath(route.path)]?.[route.method.toLowerCase()] as Operation;
      const [, example = ""] = /```(?:sh|http)\n([\s\S]+?)\n```$/.exec(operation.description) ?? [];
      expect(example, route.name).toContain(pathOf(route).split("?")[0]);
      for (const value of Object.values(route.example?.query ?? {}).flat()) {
        expect(decodeURIComponent(example), route.name).toContain(value);
      }
      for (const { name, ...parameter } of operation.parameters.filter((one) => one.in === "path"))
        expect(parameter, route.name).toHaveProperty("example", route.example?.params?.[name]);
    }
    const q = document.paths["/api/v1/search"]?.get?.parameters.find(({ name }) => name === "q");
    expect(q).toHaveProperty("description", expect.stringContaining("tag:env=prod"));
  });

  it("has every error code, at its status", () => {
    const seen = new Set(ENDPOINTS.flatMap((route) => errorsOf(route)));
    expect([...seen].sort()).toEqual(Object.keys(ERRORS).sort());
    for (const route of ENDPOINTS) {
      const operation = document.paths[toOpenApiPath(route.path)]?.[route.method.toLowerCase()] as Operation;
      for (const code of errorsOf(route)) {
        expect(operation.responses[ERRORS[code].status]?.description).toContain(`\`${code}\``);
      }
    }
  });
});

import { service } from "@cadastre/contract/endpoints/service";
import { ProblemError } from "@cadastre/contract/errors";
import type { Services } from "../services.ts";
import { implement } from "./route.ts";

/** Files do not change while a version runs; a browser asks again after an hour. */
const CACHE = "public, max-age=3600";

const DOCS_FILES = ["docs.js", "swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"];
const STATUS_FILES = ["status.js", "status.css", "setup.js", "login.js", "login-answer.js", "client-login.js"];

async function asset(services: Services, name: string, allowed = [name]): Promise<Response> {
  const found = allowed.includes(name) ? await services.assets(name) : undefined;
  if (!found) throw new ProblemError("request.not_found");
  return new Response(Buffer.from(found.body), { headers: { "content-type": found.type, "cache-control": CACHE } });
}

export const SERVICE_ROUTES = implement(service, {
  alive: async () => ({ status: "ok" }),
  ready: async ({ services }) => {
    const names = await services.readiness();
    return { status: "ok", checks: Object.fromEntries(names.map((name) => [name, "ok" as const])) };
  },
  openapi: async ({ services }) =>
    new Response(await services.openApi(), { headers: { "content-type": "application/json", "cache-control": CACHE } }),
  docs: ({ services }) => asset(services, "docs.html"),
  docsFile: ({ services, params }) => asset(services, params.file, DOCS_FILES),
  statusPage: ({ services }) => asset(services, "index.html"),
  setupPage: ({ services }) => asset(services, "setup.html"),
  loginPage: ({ services }) => asset(services, "login.html"),
  loginAnswerPage: ({ services }) => asset(services, "login-answer.html"),
  devicePage: ({ services }) => asset(services, "client-login.html"),
  authorizePage: ({ services }) => asset(services, "client-login.html"),
  statusPageFile: ({ services, params }) => asset(services, params.file, STATUS_FILES),
});

import { ProblemError } from "@cadastre/contract/errors";
import * as z from "zod";
import type { Services } from "../services.ts";
import { publicRoute, type Route } from "./route.ts";

const ok = z.object({ status: z.literal("ok") });
const ready = ok.extend({ checks: z.record(z.string(), z.literal("ok")) });

/** Files do not change while a version runs; a browser asks again after an hour. */
const CACHE = "public, max-age=3600";

const DOCS_FILES = ["docs.js", "swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"];
const STATUS_FILES = ["status.js", "status.css"];
const byFile = z.object({ file: z.string().max(128) });

async function asset(services: Services, name: string, allowed = [name]): Promise<Response> {
  const found = allowed.includes(name) ? await services.assets(name) : undefined;
  if (!found) throw new ProblemError("request.not_found");
  return new Response(Buffer.from(found.body), { headers: { "content-type": found.type, "cache-control": CACHE } });
}

/** Runs every check. Throws 503 `service.unavailable` with the names of those that failed; the reasons are for the log. */
async function readiness({ readyChecks }: Services): Promise<z.output<typeof ready>> {
  const names = Object.keys(readyChecks);
  const settled = await Promise.allSettled(names.map(async (name) => readyChecks[name]?.()));
  const reasons = settled.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
  if (reasons.length > 0) {
    const failed = names.filter((_, index) => settled[index]?.status === "rejected");
    throw new ProblemError("service.unavailable", `not ready: ${failed.join(", ")}`, {
      cause: reasons[0],
      extra: { failed },
    });
  }
  return { status: "ok", checks: Object.fromEntries(names.map((name) => [name, "ok" as const])) };
}

const aPage = { method: "GET", media: "text/html" } as const;

/** What anyone may load. The pages are shells: what they show they fetch with the visitor's token. */
export const PAGE_ROUTES: readonly Route[] = [
  publicRoute({
    method: "GET",
    path: "/healthz",
    name: "healthz",
    summary: "The service is alive",
    answer: ok,
    handle: async () => ({ status: "ok" }),
  }),
  publicRoute({
    method: "GET",
    path: "/readyz",
    name: "readyz",
    summary: "The table and the keys can be used",
    answer: ready,
    handle: ({ services }) => readiness(services),
  }),
  publicRoute({
    method: "GET",
    path: "/api/v1/openapi.json",
    name: "openapi",
    summary: "This document",
    media: "application/json",
    async handle() {
      // Loaded when it is first asked for: no other request needs it.
      const { openApiText } = await import("../openapi.ts");
      return new Response(openApiText(), { headers: { "content-type": "application/json", "cache-control": CACHE } });
    },
  }),
  publicRoute({
    ...aPage,
    path: "/api/docs",
    name: "docs",
    summary: "The API, to browse",
    handle: ({ services }) => asset(services, "docs.html"),
  }),
  publicRoute({
    method: "GET",
    path: "/api/docs/{file}",
    name: "docsFile",
    summary: "A file of the documentation",
    media: "*/*",
    params: byFile,
    errors: ["request.not_found"],
    handle: ({ services, params }) => asset(services, params.file, DOCS_FILES),
  }),
  publicRoute({
    ...aPage,
    path: "/",
    name: "statusPage",
    summary: "The state of the scopes, to look at",
    handle: ({ services }) => asset(services, "index.html"),
  }),
  publicRoute({
    method: "GET",
    path: "/assets/{file}",
    name: "statusPageFile",
    summary: "A file of the page",
    media: "*/*",
    params: byFile,
    errors: ["request.not_found"],
    handle: ({ services, params }) => asset(services, params.file, STATUS_FILES),
  }),
];

import { readFileSync } from "node:fs";
import { runInNewContext } from "node:vm";
import { ASSETS, assetPath } from "@cadastre/api/assets";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { anInstance, instanceScope } from "../support/estate.ts";
import { anApi, ORIGIN, type TestApi } from "./an-api.ts";

let api: TestApi;
beforeAll(async () => {
  api = await anApi();
  const { key } = await api.aReporter();
  const scopes = [{ ...instanceScope(), status: "complete", resources: [anInstance(1)] }];
  await api.sign(key, {
    method: "POST",
    path: "/api/v1/discovery",
    body: { contract: "cadastre.discovery/v1", scopes },
  });
});
afterAll(() => api.close());

const get = (path: string) => api.send({ method: "GET", path, token: "" });

/** The addresses that a page or style refers to. */
function references(text: string): string[] {
  return [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address ?? "");
}

describe.each(["/", "/login", "/device", "/authorize", "/login/idp_01JD0000000000000000000000", "/api/docs"])(
  "the page %s",
  (path) => {
    it("loads without a token, and all that it refers to is here", async () => {
      const page = await get(path);
      expect([page.status, page.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
      const own = references(await page.text());
      expect(own.length).toBeGreaterThan(0);
      for (const address of own) {
        const url = new URL(address, `${ORIGIN}${path}`);
        expect(url.origin).toBe(ORIGIN);
        expect((await get(url.pathname)).status, url.pathname).toBe(200);
      }
    });

    it("runs no script but its own files", async () => {
      const page = await get(path);
      const policy = page.headers.get("content-security-policy") ?? "";
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("script-src 'self';");
      expect(policy).toContain("connect-src 'self';");
      expect(await page.text()).not.toMatch(/<script(?![^>]* src=)|\son\w+=|style=/);
    });

    it("shows nothing of the estate without a token", async () => {
      const texts = [await (await get(path)).text()];
      for (const address of references(texts[0] ?? ""))
        texts.push(await (await get(new URL(address, `${ORIGIN}${path}`).pathname)).text());
      for (const text of texts) expect(text).not.toContain(instanceScope().account);
    });
  },
);

it("every file of the pages is served with its type, to be kept by browsers", async () => {
  const places: Record<string, string> = {
    "index.html": "/",
    "docs.html": "/api/docs",
    "setup.html": "/setup",
    "setup.js": "/assets/setup.js",
    "login.html": "/login",
    "login.js": "/assets/login.js",
    "login-answer.html": "/login/idp_01JD0000000000000000000000",
    "login-answer.js": "/assets/login-answer.js",
    "client-login.html": "/device",
    "client-login.js": "/assets/client-login.js",
    "status.js": "/assets/status.js",
    "status.css": "/assets/status.css",
  };
  for (const [name, { type }] of Object.entries(ASSETS)) {
    const response = await get(places[name] ?? `/api/docs/${name}`);
    expect([response.status, response.headers.get("content-type")], name).toEqual([200, type]);
    expect(response.headers.get("cache-control")).toBe("public, max-age=3600");
    expect((await response.arrayBuffer()).byteLength).toBeGreaterThan(100);
  }
});

it("the documentation's filter finds operations by every word of their task, path, summary or example", () => {
  interface Config {
    readonly filter: boolean;
    readonly plugins: readonly (() => {
      readonly fn: { readonly opsFilter: (tasks: unknown, phrase: string) => Task[] };
    })[];
  }
  let config: Config | undefined;
  const SwaggerUIBundle = (given: Config) => {
    config = given;
  };
  const page = { SwaggerUIBundle, document: { baseURI: `${ORIGIN}/api/docs` }, URL, globalThis: { SwaggerUIBundle } };
  runInNewContext(readFileSync(assetPath("docs.js"), "utf8"), page);
  expect(config?.filter).toBe(true);
  const tasks = [
    aTask("Find", ["GET", "/api/v1/search"]),
    aTask("Access", ["GET", "/api/v1/tokens"], ["POST", "/api/v1/tokens"]),
  ];
  const shown = (phrase: string) =>
    config?.plugins[0]?.()
      .fn.opsFilter({ map: (f: (task: Task, tag: string) => Task) => tasks.map((task) => f(task, task.tag)) }, phrase)
      .map(({ tag, operations }) => [tag, operations.map((one) => one.get("method"))]);
  expect(shown("TOKENS post")).toEqual([["Access", ["POST"]]]);
  expect(shown("find")).toEqual([["Find", ["GET"]]]);
  expect(shown("nothing")).toEqual([]);
});

/** As Swagger UI has operations: maps that are never changed. */
function aTask(tag: string, ...places: (readonly [string, string])[]): Task {
  const operations = places.map(
    ([method, path]) =>
      new Map<string, unknown>([
        ["method", method],
        ["path", path],
        ["operation", new Map()],
      ]),
  );
  return toTask(tag, operations);
}

interface Task {
  readonly tag: string;
  readonly operations: readonly Map<string, unknown>[];
  get(name: "operations"): { filter: Task["operations"]["filter"]; readonly size: number };
  set(name: "operations", operations: Task["operations"]): Task;
}

function toTask(tag: string, operations: Task["operations"]): Task {
  return {
    tag,
    operations,
    get: () => Object.assign([...operations], { size: operations.length }),
    set: (_, given) => toTask(tag, given),
  };
}

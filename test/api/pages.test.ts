import { ASSETS } from "@cadastre/api/assets";
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

describe.each(["/", "/api/docs"])("the page %s", (path) => {
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
});

it("every file of the pages is served with its type, to be kept by browsers", async () => {
  const places: Record<string, string> = {
    "index.html": "/",
    "docs.html": "/api/docs",
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

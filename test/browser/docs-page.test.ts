import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { ENDPOINTS } from "@cadastre/contract/endpoints/all";
import { getRequestListener } from "@hono/node-server";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { anApi, type TestApi } from "../api/an-api.ts";
import { type OpenBrowser, openBrowser } from "./open-browser.ts";

let api: TestApi;
let server: Server;
let origin: string;
let open: OpenBrowser;
let page: Page;
/** What the browser complains about, of any kind: there must be nothing. */
let complaints: string[];

beforeAll(async () => {
  api = await anApi();
  server = createServer(getRequestListener(api.app.fetch));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  open = await openBrowser();
});
afterAll(async () => {
  await open.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await api.close();
});

beforeEach(async () => {
  complaints = [];
  page = await open.browser.newPage();
  page.setDefaultTimeout(60_000);
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  page.on("requestfailed", (request) => complaints.push(`failed: ${request.url()}`));
  page.on("request", (request) => {
    const { protocol, origin: of } = new URL(request.url());
    if (protocol !== "data:" && of !== origin) complaints.push(`elsewhere: ${request.url()}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()}: ${response.url()}`);
  });
  await page.addInitScript({
    content: `addEventListener("securitypolicyviolation", (one) => console.error("policy: " + one.violatedDirective + " " + one.blockedURI))`,
  });
  await page.goto(`${origin}/api/docs`);
  await operations().first().waitFor();
});
afterEach(async () => {
  await page.close();
  expect(complaints).toEqual([]);
});

/** A slow machine takes its time; a test that waits in vain ends by its own limit. */
const eventually = <Value>(read: () => Value | Promise<Value>) => expect.poll(read, { timeout: 60_000 });

const operations = () => page.locator(".opblock");
const filterBox = () => page.locator("input.operation-filter-input");
const pathsShown = async () =>
  (await page.locator(".opblock-summary-path").allTextContents()).map((path) => path.replaceAll("\u200b", ""));

/** The ids, `operations-TASK-NAME`, of what a reader comes by who scrolls through the page: of a long list only what is near the window is in the page at a time. */
async function operationsByScrolling(): Promise<string[]> {
  const seen = new Set<string>();
  await page.evaluate("scrollTo(0, 0)");
  await eventually(async () => {
    await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
    const ids = await operations().evaluateAll((all) => all.map(({ id }) => id));
    for (const id of ids) seen.add(id);
    const isEnd = await page.evaluate("scrollY + innerHeight >= document.documentElement.scrollHeight - 1");
    await page.evaluate("scrollBy(0, innerHeight / 2)");
    return isEnd;
  }).toBe(true);
  return [...seen];
}

describe("the guide to the API in a browser", () => {
  it("opens under its policy with what it is, and every operation by its task", async () => {
    expect(await page.locator(".info .title").first().textContent()).toContain("Cadastre");
    expect((await page.locator(".info .renderedMarkdown").first().innerText()).length).toBeGreaterThan(200);
    const ids = await operationsByScrolling();
    expect(ids.length).toBe(ENDPOINTS.length);
    expect(new Set(ids.map((id) => id.split("-")[1])).size).toBeGreaterThan(3);
  });

  it("shows what the filter's words are about, and all again without them", async () => {
    await filterBox().fill("WHOSE address get");
    await eventually(pathsShown).toEqual(["/api/v1/whose"]);
    await filterBox().fill("nothing-is-called-so");
    await eventually(() => operations().count()).toBe(0);
    await filterBox().fill("");
    await operations().first().waitFor();
    expect((await operationsByScrolling()).length).toBe(ENDPOINTS.length);
  });

  it("is worked by the keyboard alone", async () => {
    const focused = async () => String(await page.evaluate("document.activeElement.className"));
    const tabTo = async (name: string) => {
      for (let presses = 0; presses < 40 && !(await focused()).includes(name); presses++)
        await page.keyboard.press("Tab");
      expect(await focused()).toContain(name);
    };
    await tabTo("operation-filter-input");
    await page.keyboard.type("whose address get");
    await eventually(() => operations().count()).toBe(1);
    await tabTo("opblock-summary-control");
    await page.keyboard.press("Enter");
    await eventually(() => page.locator(".opblock-summary-control").getAttribute("aria-expanded")).toBe("true");
    const example = page.locator(".opblock.is-open .opblock-description pre").first();
    expect(await example.textContent()).toMatch(/curl[\s\S]*\/api\/v1\/whose/);
    await page.keyboard.press("Enter");
    await eventually(() => page.locator(".opblock-summary-control").getAttribute("aria-expanded")).toBe("false");
  });
});

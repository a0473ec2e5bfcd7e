import { readFileSync } from "node:fs";
import { runInNewContext } from "node:vm";
import { assetPath } from "@cadastre/api/assets";
import { Window } from "happy-dom";
import { afterEach, beforeEach, expect, it } from "vitest";
import { anInstance, instanceScope } from "../support/estate.ts";
import { anApi, ORIGIN, type TestApi } from "./an-api.ts";

let api: TestApi;
let window: Window;
let asked: Request[];

/** Loads the page as a browser does, with its script over a document and requests that go to the app. */
function open(): void {
  window = new Window({ url: `${ORIGIN}/` });
  window.document.write(readFileSync(assetPath("index.html"), "utf8").replaceAll(/<(script|link)[^>]*>/g, ""));
  load();
}

function load(): void {
  const { document, sessionStorage } = window;
  async function fetch(url: URL, init: RequestInit): Promise<Response> {
    const request = new Request(url, init);
    asked.push(request);
    return api.app.request(request);
  }
  runInNewContext(readFileSync(assetPath("status.js"), "utf8"), { document, sessionStorage, fetch, URL });
}

const part = (id: string) => window.document.getElementById(id) as unknown as { textContent: string; hidden: boolean };

/** Until the page says something else than that it loads. */
async function settled(): Promise<string> {
  while (part("message").textContent === "Loading…") await new Promise((resolve) => setImmediate(resolve));
  return part("message").textContent;
}

async function enter(token: string): Promise<string> {
  const field = window.document.getElementById("token") as unknown as { value: string };
  field.value = token;
  window.document.getElementById("access")?.dispatchEvent(new window.Event("submit", { cancelable: true }));
  expect(field.value).toBe("");
  return settled();
}

beforeEach(async () => {
  asked = [];
  api = await anApi();
  const { key } = await api.aReporter();
  const errors = [{ code: "denied", message: "<img src=x onerror=alert(1)>" }];
  const scopes = [
    { ...instanceScope(), status: "complete", resources: [anInstance(1)] },
    { ...instanceScope({ region: "eu-west-1" }), status: "failed", errors, resources: [] },
  ];
  await api.sign(key, {
    method: "POST",
    path: "/api/v1/discovery",
    body: { contract: "cadastre.discovery/v1", scopes },
  });
  open();
});
afterEach(async () => {
  window.close();
  await api.close();
});

it("asks for nothing until it has a token, and then shows every scope", async () => {
  expect([asked.length, part("result").hidden]).toEqual([0, true]);
  expect(await enter(api.admin)).toBe("2 scopes.");
  expect(part("result").hidden).toBe(false);
  expect(part("scopes").textContent).toContain("aws/111122223333/us-east-1/instance");
});

it("shows what clouds call things as text, never as HTML", async () => {
  await enter(api.admin);
  expect(part("scopes").textContent).toContain("denied: <img src=x onerror=alert(1)>");
  expect(window.document.querySelector("img")).toBeNull();
});

it("keeps the token for the tab, and forgets it when it is told to", async () => {
  await enter(api.admin);
  load();
  expect(await settled()).toBe("2 scopes.");
  window.document.getElementById("forget")?.dispatchEvent(new window.Event("click"));
  expect([window.sessionStorage.length, part("result").hidden, part("scopes").textContent]).toEqual([0, true, ""]);
});

it("forgets a token that is not accepted, and says why one may not see", async () => {
  expect(await enter("cad_wrong")).toBe("Not accepted: The credentials are not valid.");
  expect(window.sessionStorage.length).toBe(0);
  const { secret } = await api.aToken(["resources:read"]);
  expect(await enter(secret)).toContain("this needs the scope discovery:read");
  expect(part("result").hidden).toBe(true);
});

it("sends the token in a header and never in an address", async () => {
  await enter(api.admin);
  expect(asked.map((request) => request.url)).toEqual([`${ORIGIN}/api/v1/discovery/status?limit=200`]);
  expect(asked[0]?.headers.get("authorization")).toBe(`Bearer ${api.admin}`);
});

import { createApp } from "@cadastre/api/app";
import { createFileAssets } from "@cadastre/api/assets";
import { ENDPOINTS } from "@cadastre/contract/endpoints/all";
import type { LogLine } from "@cadastre/contract/log";
import { afterAll, beforeAll, expect, it } from "vitest";
import { anApi, jsonOf, ORIGIN, type TestApi } from "./an-api.ts";

let api: TestApi;
const lines: LogLine[] = [];
let ask: (method: string, path: string, isAllowed: boolean) => Promise<Response>;
beforeAll(async () => {
  api = await anApi();
  const app = createApp({
    context: api.context,
    assets: createFileAssets(),
    log: (line) => void lines.push(line),
    publishTriggers: async () => {},
    originOf: (env) => ({ line: { gatewayRequestId: "g-1" }, isAllowed: env === "inside" }),
  });
  ask = async (method, path, isAllowed) =>
    app.request(
      `${ORIGIN}${path}`,
      { method, headers: { authorization: `Bearer ${api.admin}` } },
      (isAllowed ? "inside" : "outside") as unknown as object,
    );
});
afterAll(() => api.close());

const asked = ENDPOINTS.filter(({ needs }) => needs === undefined).map((endpoint) => ({
  ...endpoint,
  url: endpoint.path.replaceAll(/\{\w+\+?\}/g, "x"),
}));

it.each(asked.filter(({ access }) => access.kind !== "signed"))(
  "$name is answered to nobody from elsewhere, whatever else the request is",
  async ({ access, method, url }) => {
    const response = await ask(method, url, false);
    const isScim = access.kind === "provisioning";
    expect(response.status).toBe(403);
    expect(await jsonOf(response)).toMatchObject(
      isScim ? { status: "403", detail: "Nobody may call from this address" } : { code: "auth.address" },
    );
  },
);

it.each(asked.filter(({ access }) => access.kind === "signed"))(
  "$name is a collector's, from anywhere: it is asked for a signature",
  async ({ method, url }) => {
    expect(await jsonOf(await ask(method, url, false))).toMatchObject({ status: 401, code: "signature.missing" });
  },
);

it("people are answered from where they may call, and the log says how the request came", async () => {
  expect((await ask("GET", "/api/v1/accounts", true)).status).toBe(200);
  expect(lines.at(-1)).toMatchObject({ message: "request", route: "/api/v1/accounts", gatewayRequestId: "g-1" });
});

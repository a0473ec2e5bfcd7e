import { afterAll, beforeAll, expect, it } from "vitest";
import { anApi, outcomeOf, type TestApi } from "./an-api.ts";

let api: TestApi;
beforeAll(async () => {
  api = await anApi();
});
afterAll(() => api.close());

it("a token cannot give a scope that it does not have", async () => {
  const { secret } = await api.aToken(["tokens:write", "resources:read"]);
  const body = { name: "more", scopes: ["resources:read", "audit:read"] };
  expect(await outcomeOf(await api.send({ method: "POST", path: "/api/v1/tokens", token: secret, body }))).toBe(
    "403 token.scope",
  );
});

it("a credential is bound to a collector only by who may reveal it", async () => {
  const { secret } = await api.aToken(["collectors:write", "credentials:write"]);
  const made = await api.send({
    method: "POST",
    path: "/api/v1/credentials",
    body: { name: "deploy", secret: { type: "generic", secret: "s" } },
  });
  const { id } = (await made.json()) as { id: string };
  const { collector } = await api.aReporter({ name: "binds" });
  const patch = (token: string) =>
    api.send({
      method: "PATCH",
      path: `/api/v1/collectors/${collector.id}`,
      token,
      body: { credential: id },
      headers: { "if-match": "*" },
    });
  expect(await outcomeOf(await patch(secret))).toBe("403 auth.forbidden");
  expect((await patch(api.admin)).status).toBe(200);
});

import { generateKeyPairSync } from "node:crypto";
import { createKeySigner, parsePublicKey } from "@cadastre/contract/keys";
import { signRequest, verifyRequest } from "@cadastre/contract/signature";
import { Hono } from "hono";
import { describe, expect, test } from "vitest";
import { createHttpApiHandler, toRequestedPath } from "./api-gateway.ts";

const NOW = new Date("2026-03-01T00:00:00.000Z");
const SHARD = `/api/v1/discovery/runs/run_1/scopes/${encodeURIComponent("aws/123456789012/eu-west-1/network")}/shards/0`;

const anEvent = (path: string, more: object = {}) =>
  ({
    version: "2.0",
    routeKey: "$default",
    rawPath: decodeURIComponent(path),
    rawQueryString: "",
    headers: { host: "api.example.org" },
    isBase64Encoded: false,
    requestContext: { domainName: "api.example.org", http: { method: "GET", path: decodeURIComponent(path) } },
    ...more,
  }) as unknown as Parameters<ReturnType<typeof createHttpApiHandler>>[0];

describe("a path that an HTTP API decoded", () => {
  test.each([
    SHARD,
    "/healthz",
    "/",
    "/api/v1/resources/a%20b%3Fc%23d%25e",
    `/api/v1/discovery/runs/run_1/scopes/${encodeURIComponent("gcp/a b/%2F/subnet")}/shards/12`,
  ])("%s is what was requested", (path) => {
    expect(toRequestedPath(decodeURIComponent(path))).toBe(path);
  });

  test("keeps its slashes where a route takes them", () => {
    expect(toRequestedPath("/api/v1/resources/arn:aws:ec2/vpc-1/history")).toBe(
      "/api/v1/resources/arn%3Aaws%3Aec2/vpc-1/history",
    );
  });

  test("reaches the app without becoming a query", async () => {
    const app = new Hono().get("/a/:id", (c) => c.json({ id: c.req.param("id"), query: c.req.query() }));
    const answer = await createHttpApiHandler(app)(anEvent("/a/b%3Fc%3Dd"));
    expect(JSON.parse(answer.body)).toEqual({ id: "b?c=d", query: {} });
  });

  test("verifies as it was signed, body included", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const key = parsePublicKey(publicKey.export({ type: "spki", format: "pem" }).toString());
    const body = Buffer.from([0, 255, 128, 1]);
    const unsigned = { method: "PUT", url: `https://api.example.org${SHARD}`, contentType: "application/json", body };
    const headers = await signRequest(unsigned, createKeySigner(privateKey), NOW);
    const app = new Hono().put("/*", async (c) => {
      const { method, url, headers } = c.req.raw;
      const received = new Uint8Array(await c.req.raw.arrayBuffer());
      const { keyId } = await verifyRequest({ method, url, headers, body: received }, async () => key, NOW);
      return c.json({ keyId });
    });
    const http = { method: "PUT", path: decodeURIComponent(SHARD) };
    const answer = await createHttpApiHandler(app)(
      anEvent(SHARD, {
        headers: { ...headers, host: "api.example.org" },
        requestContext: { domainName: "api.example.org", http },
        body: body.toString("base64"),
        isBase64Encoded: true,
      }),
    );
    expect(answer).toMatchObject({ statusCode: 200, body: JSON.stringify({ keyId: key.fingerprint }) });
  });
});

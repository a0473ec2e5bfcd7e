import { once } from "node:events";
import { createServer, request as httpRequest, type IncomingHttpHeaders, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { promisify } from "node:util";
import { gunzipSync, gzip } from "node:zlib";
import { SIGNED_BODY_BYTES } from "@cadastre/api/body";
import { SHARD_BYTES } from "@cadastre/contract/digest";
import { toScopePath } from "@cadastre/contract/scope";
import { aKey, type TestKey } from "@cadastre/core/access/testing";
import { getRequestListener } from "@hono/node-server";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { anInstance, aRun, instanceScope } from "../support/estate.ts";
import { ACCOUNT, anApi, aSignedRequest, jsonOf, type Signed, type TestApi } from "./an-api.ts";

let api: TestApi;
let server: Server;
let origin: string;
let key: TestKey;
/** Requests whose head has come. */
let reading = 0;

beforeAll(async () => {
  api = await anApi();
  key = (await api.aReporter()).key;
  server = createServer(getRequestListener(api.app.fetch)).on("request", () => {
    reading += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  await api.close();
});

const sign = async (sent: Signed) => fetch(await aSignedRequest(key, { at: api.now(), ...sent }, origin));
const get = (path: string) => fetch(`${origin}${path}`, { headers: { authorization: `Bearer ${api.admin}` } });

describe("over real HTTP", () => {
  it("a run is opened, uploaded and completed, its scope's name in the path with ~ or with %2F", async () => {
    const resources = Array.from({ length: 300 }, (_, n) => anInstance(n));
    const run = aRun([{ key: instanceScope(), resources }], {
      counts: new Map([[`aws/${ACCOUNT}/us-east-1/instance`, 1]]),
    });
    const post = (path: string, body: unknown) => sign({ method: "POST", path, body, gzip: true });
    const opened = await jsonOf(await post("/api/v1/discovery/runs", run.body()));
    expect(opened).toMatchObject({ state: "open", scopes: [{ verdict: "upload", want: [0] }] });

    const early = await jsonOf(await post(`/api/v1/discovery/runs/${run.run}/complete`, {}));
    const scope = `aws/${ACCOUNT}/us-east-1/instance`;
    expect(early).toMatchObject({ status: 409, code: "discovery.shards_missing", missing: [{ scope, shards: [0] }] });

    const put = (name: string) => {
      const path = `/api/v1/discovery/runs/${run.run}/scopes/${name}/shards/0`;
      return sign({ method: "PUT", path, body: { contract: "cadastre.discovery/v1", resources }, gzip: true });
    };
    const applied = { state: "applied", created: 300, updated: 0, unchanged: 0, missing: 0 };
    expect(await jsonOf(await put(toScopePath(scope)))).toEqual(applied);
    expect(await jsonOf(await put(encodeURIComponent(scope)))).toEqual(applied);

    const completed = await jsonOf(await post(`/api/v1/discovery/runs/${run.run}/complete`, {}));
    expect(completed).toMatchObject({ state: "closed", totals: { resources: 300, created: 300, retired: 0 } });
    const again = aRun([{ key: instanceScope(), resources }]);
    expect(await jsonOf(await post("/api/v1/discovery/runs", again.body()))).toMatchObject({ state: "unchanged" });
    const { items } = await jsonOf(await get("/api/v1/resources?ip=10.0.0.7"));
    expect(items).toMatchObject([{ name: "web-7", lastSeenAt: "2026-11-20T12:00:00.000Z" }]);
  });

  it("a scope's name that was not encoded in the path is nothing that the API has", async () => {
    const path = `/api/v1/discovery/runs/run_01JD0000000000000000000000/scopes/aws/${ACCOUNT}/us-east-1/instance/shards/0`;
    expect((await sign({ method: "PUT", path, body: {} })).status).toBe(404);
  });

  it("a body as large as a shard may be is read, and one that is larger is refused while it arrives", async () => {
    const ofSize = (bytes: number) => new TextEncoder().encode(JSON.stringify({ contract: "x".repeat(bytes - 15) }));
    const largest = await sign({ method: "POST", path: "/api/v1/discovery", body: ofSize(SHARD_BYTES) });
    expect(await jsonOf(largest)).toMatchObject({ status: 422, code: "discovery.version" });
    const larger = await sign({ method: "POST", path: "/api/v1/discovery", body: ofSize(SIGNED_BODY_BYTES + 1) });
    expect(await jsonOf(larger)).toMatchObject({ status: 413, code: "request.too_large" });
  });

  it("a body without an announced length is cut at the limit", async () => {
    const signed = await aSignedRequest(
      key,
      { method: "POST", path: "/api/v1/discovery", body: {}, at: api.now() },
      origin,
    );
    const headers = { ...Object.fromEntries(signed.headers), "transfer-encoding": "chunked" };
    const answer = await new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
      const request = httpRequest(`${origin}/api/v1/discovery`, { method: "POST", headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => resolve({ status: response.statusCode, text: Buffer.concat(chunks).toString() }));
      });
      request.on("error", reject);
      const chunk = Buffer.alloc(256 * 1024, 0x20);
      let left = Math.ceil(SIGNED_BODY_BYTES / chunk.byteLength) + 1;
      const write = () => {
        while (left-- > 0) if (!request.write(chunk)) return void request.once("drain", write);
        request.end();
      };
      write();
    });
    expect([answer.status, JSON.parse(answer.text).code]).toEqual([413, "request.too_large"]);
  });

  it("a gzip bomb is answered 413 and the service goes on", async () => {
    const body = new Uint8Array(await promisify(gzip)(Buffer.alloc(200 * 1024 * 1024), { level: 9 }));
    const answer = await sign({ method: "POST", path: "/api/v1/discovery", body, isCompressed: true });
    expect(await jsonOf(answer)).toMatchObject({ status: 413, code: "request.too_large" });
    expect((await fetch(`${origin}/healthz`)).status).toBe(200);
  });

  /** The head of a request whose body stays away, and the status that comes all the same; then the connection is broken off. */
  async function statusWithoutBody(signedBy: TestKey, change: Record<string, string> = {}): Promise<string> {
    const sent = { method: "POST", path: "/api/v1/discovery", body: {}, at: api.now() };
    const signed = await aSignedRequest(signedBy, sent, origin);
    const headers = { ...Object.fromEntries(signed.headers), "content-length": "1000000", ...change };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    const socket = connect(Number(new URL(origin).port), "127.0.0.1");
    socket.write(["POST /api/v1/discovery HTTP/1.1", "host: a", ...lines, "", ""].join("\r\n"));
    const [first] = (await once(socket, "data")) as [Buffer];
    socket.destroy();
    return `${first.toString().split(" ")[1]} ${/"code":"([\w.]+)"/.exec(first.toString())?.[1]}`;
  }

  it("a body is not waited for from who has not signed the head with a key that is known", async () => {
    expect(await statusWithoutBody(aKey())).toBe("401 signature.unknown_key");
    const { key: other } = await api.aReporter({ name: "other" });
    const wrong = (await aSignedRequest(other, { method: "POST", path: "/api/v1/discovery", body: { a: 1 } })).headers;
    const signature = wrong.get("signature") ?? "";
    expect(await statusWithoutBody(key, { signature })).toBe("401 signature.invalid");
    expect(await statusWithoutBody(key, { "content-length": String(SIGNED_BODY_BYTES + 1) })).toBe(
      "413 request.too_large",
    );
  });

  it("a request that is broken off is no fault of ours in the log", async () => {
    const signed = await aSignedRequest(
      key,
      { method: "POST", path: "/api/v1/discovery", body: {}, at: api.now() },
      origin,
    );
    const lines = Object.entries({ ...Object.fromEntries(signed.headers), "content-length": "1000" });
    const socket = connect(Number(new URL(origin).port), "127.0.0.1");
    api.lines.length = 0;
    reading = 0;
    const head = ["POST /api/v1/discovery HTTP/1.1", "host: a", ...lines.map(([name, value]) => `${name}: ${value}`)];
    socket.write(`${head.join("\r\n")}\r\n\r\n{`);
    await vi.waitFor(() => expect(reading).toBeGreaterThan(0));
    socket.destroy();
    await vi.waitFor(() => expect(api.lines.length).toBeGreaterThan(0));
    expect(api.lines).toMatchObject([{ level: "info", message: "request", status: 400, code: "request.unreadable" }]);
  });

  it("a replayed request is refused", async () => {
    const request = await aSignedRequest(
      key,
      { method: "GET", path: "/api/v1/discovery/triggers", at: api.now() },
      origin,
    );
    expect((await fetch(request.clone())).status).toBe(200);
    expect(await jsonOf(await fetch(request))).toMatchObject({ status: 409, code: "signature.replayed" });
  });

  it("a natural id in the path is found as it was encoded", async () => {
    const { id } = anInstance(1);
    expect(await jsonOf(await get(`/api/v1/resources/${encodeURIComponent(id)}`))).toMatchObject({ id });
  });

  /** The answer as it is sent, by a client that takes what it is told to. */
  const raw = (path: string, encoding?: string, method = "GET") =>
    new Promise<{ headers: IncomingHttpHeaders; bytes: Buffer }>((resolve, reject) => {
      const headers = { authorization: `Bearer ${api.admin}`, ...(encoding ? { "accept-encoding": encoding } : {}) };
      const body = {
        name: "ci",
        scopes: ["resources:read"],
        accounts: Array.from({ length: 90 }, (_, n) => `aws/${1e11 + n}`),
      };
      const request = httpRequest(
        `${origin}${path}`,
        { method, headers: { ...headers, "content-type": "application/json" } },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("end", () => resolve({ headers: response.headers, bytes: Buffer.concat(chunks) }));
        },
      );
      request.on("error", reject);
      request.end(method === "POST" ? JSON.stringify(body) : undefined);
    });

  it("a long answer is compressed for whoever takes gzip, and for nobody else", async () => {
    const path = "/api/v1/resources?limit=200";
    const plain = await raw(path);
    const zipped = await raw(path, "gzip");
    expect([plain.headers["content-encoding"], zipped.headers["content-encoding"]]).toEqual([undefined, "gzip"]);
    expect(zipped.bytes.byteLength).toBeLessThan(plain.bytes.byteLength / 5);
    expect(JSON.parse(gunzipSync(zipped.bytes).toString())).toEqual(JSON.parse(plain.bytes.toString()));
    expect((await raw("/healthz", "gzip")).headers["content-encoding"]).toBeUndefined();
  });

  it("an answer with a version or a secret is sent as it is: its ETag stays, its length tells nothing", async () => {
    const one = await raw(`/api/v1/resources/${encodeURIComponent(anInstance(1).id)}`, "gzip");
    expect(one.headers.etag).toMatch(/^"\d+"$/);
    const made = await raw("/api/v1/tokens", "gzip", "POST");
    expect(made.bytes.toString()).toContain("secret");
    for (const { headers } of [one, made]) {
      expect(headers["content-encoding"]).toBeUndefined();
      expect(headers["cache-control"]).toBe("no-store, no-transform");
    }
  });
});

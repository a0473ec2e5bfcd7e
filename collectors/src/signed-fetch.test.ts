import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { RefusedError, UnavailableError } from "./api-errors.ts";
import { fetchCredential, pollTrigger } from "./poll.ts";
import { backoffMilliseconds, retryAfterMilliseconds } from "./retry.ts";
import { aKey, NOW } from "./session/testing/builders.ts";
import { createSignedFetch, parseApiUrl, type SignedCall, type SignedFetchOptions } from "./signed-fetch.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

async function start(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const answering = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  start(
    (_, response) =>
      void response.writeHead(status, headers).end(typeof body === "string" ? body : JSON.stringify(body)),
  );

const waits: number[] = [];
const signal = new AbortController().signal;

function signed(api: string, more: Partial<SignedFetchOptions> = {}) {
  waits.length = 0;
  return createSignedFetch({
    api,
    signer: aKey().signer,
    now: () => NOW,
    log: () => undefined,
    random: () => 0,
    delay: async (milliseconds) => void waits.push(milliseconds),
    ...more,
  });
}
const get: SignedCall = { method: "GET", path: "/x", signal };

describe("a signed request", () => {
  test("doubles its waits, up to a limit, and gives up with the reason", async () => {
    const api = await answering(503, {});
    const error = await signed(api, { attempts: 9 })(get).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UnavailableError);
    expect((error as Error).message).toBe(`GET /x to ${api} was answered 503; given up after 9 attempts`);
    expect(waits).toEqual([250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
  });

  test.each([400, 401, 403, 404, 409, 413, 422])("that is answered %i is never repeated", async (status) => {
    const api = await answering(status, { code: "request.invalid", detail: "no", requestId: "req_1" });
    const error = await signed(api)(get).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RefusedError);
    expect(error).toMatchObject({ status, code: "request.invalid", requestId: "req_1" });
    expect(waits).toEqual([]);
  });

  test("follows no redirect, since its signature is for this API", async () => {
    const api = await answering(302, "", { location: "http://127.0.0.1:1/" });
    await expect(signed(api)(get)).rejects.toMatchObject({ status: 302 });
  });

  test("ends at its time limit and is tried again", async () => {
    const api = await start(() => undefined);
    await expect(signed(api, { attempts: 2, timeoutMilliseconds: 20 })(get)).rejects.toThrow(
      /timeout.*given up after 2 attempts/,
    );
    expect(waits.length).toBe(1);
  });

  test("ends with its signal, also in the middle of a request", async () => {
    const stop = new AbortController();
    const api = await start(() => stop.abort(new Error("Ctrl-C")));
    await expect(signed(api)({ ...get, signal: stop.signal })).rejects.toThrow("Ctrl-C");
    expect(waits).toEqual([]);
  });

  test("does not sit out a wait that is longer than a run", async () => {
    const api = await answering(429, {}, { "retry-after": "3600" });
    await expect(signed(api)(get)).rejects.toThrow("was answered 429; given up after 1 attempt");
  });

  test("answered 200 without JSON says that this may not be the API, and repeats nothing of the answer", async () => {
    const api = await answering(200, "<html>c4nary</html>");
    const error = (await signed(api)(get).catch((thrown: unknown) => thrown)) as Error;
    expect(error.message).toContain("without JSON; is this the address of the API?");
    expect(`${error.stack} ${String(error.cause)}`).not.toContain("c4nary");
  });

  test("keeps a path in the API's address", async () => {
    const api = await start((request, response) => void response.end(JSON.stringify({ url: request.url })));
    expect(await signed(`${api}/cadastre/`)(get)).toEqual({ url: "/cadastre/x" });
  });

  test.each(["", "cadastre.example.org", "ftp://x", "https://u:p@x", "https://x/?a=1"])("to %j is refused", (api) => {
    expect(() => parseApiUrl(api)).toThrow("the API's address must be a URL like");
  });
});

describe("waits", () => {
  test("lie between half and all of the exponential time", () => {
    expect(backoffMilliseconds(3, () => 0)).toBe(1000);
    expect(backoffMilliseconds(3, () => 1)).toBe(2000);
  });

  test.each([
    ["17", 17_000],
    ["Sun, 01 Mar 2026 12:00:30 GMT", 30_000],
    ["Sun, 01 Mar 2026 11:00:00 GMT", 0],
    ["soon", undefined],
    [null, undefined],
  ])("asked for by Retry-After %j are read", (header, milliseconds) => {
    expect(retryAfterMilliseconds(header, NOW)).toBe(milliseconds);
  });
});

describe("polling", () => {
  const trigger = {
    id: "trg_01JN8Q5ZJ0000000000000000A",
    collector: "col_01JN8Q5ZJ0000000000000000B",
    requestedAt: "2026-03-01T11:59:00Z",
    requestedBy: "token:ops",
  };
  const credential = {
    id: "crd_01JN8Q5ZJ0000000000000000C",
    name: "reader",
    type: "api_token",
    description: "",
    createdAt: "2026-03-01T11:59:00Z",
    createdBy: "token:ops",
    version: 1,
    secret: { type: "api_token", token: "t0ken" },
  };

  test("answers the triggers that wait for the collector", async () => {
    const api = await answering(200, { items: [trigger] });
    expect(await pollTrigger(signed(api), signal)).toEqual([trigger]);
  });

  test("asks only for triggers after the last one that it has seen", async () => {
    const paths: (string | undefined)[] = [];
    const api = await start((request, response) => {
      paths.push(request.url);
      response.end(JSON.stringify({ items: [] }));
    });
    await pollTrigger(signed(api), signal, trigger.id);
    expect(paths).toEqual([`/api/v1/discovery/triggers?after=${trigger.id}`]);
  });

  test("fetches the bound credential", async () => {
    const api = await answering(200, credential);
    expect(await fetchCredential(signed(api), api, signal)).toEqual(credential);
  });

  test("finds no credential where none is bound, and passes other refusals on", async () => {
    const none = await answering(404, { code: "credential.not_bound" });
    expect(await fetchCredential(signed(none), none, signal)).toBeUndefined();
    const revoked = await answering(409, { code: "credential.revoked" });
    await expect(fetchCredential(signed(revoked), revoked, signal)).rejects.toMatchObject({
      code: "credential.revoked",
    });
  });

  test("shows nothing of a credential that it cannot read", async () => {
    const api = await answering(200, { ...credential, type: "other" });
    const error = (await fetchCredential(signed(api), api, signal).catch((thrown: unknown) => thrown)) as Error;
    expect(error.message).toBe("POST /api/v1/discovery/credential was answered in an unknown form");
  });

  test("fetches no credential over a channel that others can read", async () => {
    await expect(fetchCredential(signed("http://api.example.org"), "http://api.example.org", signal)).rejects.toThrow(
      "over https only",
    );
  });
});

import { ENDPOINTS } from "@cadastre/contract/endpoints/all";
import { CLOCK_SKEW_SECONDS, contentDigest, SIGNATURE_LIFE_SECONDS } from "@cadastre/contract/signature";
import { rejectCollector, revokeCollector } from "@cadastre/core/access/decide-collector";
import { registerCollector } from "@cadastre/core/access/register-collector";
import { aCollector, aKey, type TestKey } from "@cadastre/core/access/testing";
import { listAudit } from "@cadastre/core/audit/list";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ACCOUNT, anApi, aSignedRequest, jsonOf, ORIGIN, outcomeOf, SYSTEM, type TestApi } from "./an-api.ts";
import { pathOf } from "./example-requests.ts";

let api: TestApi;
let keys: Record<"ed25519" | "p256", TestKey>;
beforeAll(async () => {
  api = await anApi({ onFile: true });
  keys = {
    ed25519: (await api.aReporter({ name: "ed" })).key,
    p256: (await api.aReporter({ name: "p256" }, "p256")).key,
  };
});
afterAll(() => api.close());

const routes = ENDPOINTS.flatMap((route) =>
  route.access.kind === "signed" ? [{ route, name: `${route.method} ${route.path}` }] : [],
);

describe.each(routes)("$name", ({ route }) => {
  const sent = { method: route.method, path: pathOf(route), ...(route.method === "GET" ? {} : { body: { a: 1 } }) };

  /** The request with parts of it exchanged after it was signed; expects that it changes nothing. */
  async function altered(
    key: TestKey,
    change: { at?: Date; headers?: Record<string, string>; path?: string; body?: string },
  ) {
    const { at = api.now(), headers = {}, path = sent.path, body } = change;
    const signed = await aSignedRequest(key, { ...sent, at });
    const before = api.dump();
    const all = new Headers(signed.headers);
    for (const [name, value] of Object.entries(headers)) {
      if (value === "") all.delete(name);
      else all.set(name, value);
    }
    const bytes = route.method === "GET" ? undefined : (body ?? JSON.stringify(sent.body));
    const init = { method: route.method, headers: all, ...(bytes === undefined ? {} : { body: bytes }) };
    const outcome = await outcomeOf(await api.app.request(`${ORIGIN}${path}`, init));
    expect(api.dump()).toBe(before);
    return outcome;
  }

  const passed = (seconds: number) => new Date(api.now().getTime() - seconds * 1000);

  it("refuses a request that is not signed", async () => {
    expect(await altered(keys.ed25519, { headers: { signature: "" } })).toBe("401 signature.missing");
    expect(await altered(keys.ed25519, { headers: { "signature-input": "" } })).toBe("401 signature.missing");
  });

  it("refuses an operator's token, also the admin's", async () => {
    const headers = { signature: "", authorization: `Bearer ${api.admin}` };
    expect(await altered(keys.ed25519, { headers })).toBe("401 signature.missing");
  });

  it.each(["ed25519", "p256"] as const)("refuses what was altered after it was signed (%s)", async (type) => {
    const key = keys[type];
    expect(await altered(key, { headers: { "content-type": "text/plain" } })).toBe("401 signature.invalid");
    expect(await altered(key, { path: `${sent.path}?more=1` })).toBe("401 signature.invalid");
    expect(await altered(key, { headers: { signature: "sig1=:AAAA:" } })).toBe("401 signature.invalid");
    expect(await altered(key, { headers: { signature: "nonsense" } })).toBe("401 signature.invalid");
    expect(await altered(key, { headers: { "signature-input": "sig1=()" } })).toBe("401 signature.invalid");
  });

  it("refuses another method than the signed one", async () => {
    const signed = await aSignedRequest(keys.ed25519, { ...sent, method: "DELETE", at: api.now() });
    const { status } = await api.app.request(`${ORIGIN}${sent.path}`, {
      method: route.method,
      headers: signed.headers,
      ...(route.method === "GET" ? {} : { body: JSON.stringify(sent.body) }),
    });
    expect(status).toBe(401);
  });

  it("refuses another body than the signed one, also with that body's own digest", async () => {
    const other = await aSignedRequest(keys.ed25519, { ...sent, body: { a: 2 }, at: api.now() });
    const headers = Object.fromEntries(other.headers);
    expect(await altered(keys.ed25519, { headers })).toBe("401 signature.digest");
    const digest = contentDigest(Buffer.from('{"a":3}'));
    expect(await altered(keys.ed25519, { headers: { "content-digest": digest } })).toBe("401 signature.invalid");
  });

  it("refuses a signature that is too old, and one of the future", async () => {
    const old = SIGNATURE_LIFE_SECONDS + CLOCK_SKEW_SECONDS + 1;
    expect(await altered(keys.ed25519, { at: passed(old) })).toBe("401 signature.stale");
    expect(await altered(keys.ed25519, { at: passed(-CLOCK_SKEW_SECONDS - 1) })).toBe("401 signature.future");
  });

  it("refuses a request that it received before", async () => {
    const request = await aSignedRequest(keys.ed25519, { ...sent, at: api.now() });
    expect([401, 403, 405, 500]).not.toContain((await api.app.request(request.clone())).status);
    const before = api.dump();
    expect(await outcomeOf(await api.app.request(request))).toBe("409 signature.replayed");
    expect(api.dump()).toBe(before);
  });

  it("takes a collector whose clock is ten minutes off", async () => {
    for (const seconds of [-600, 600]) {
      const { status } = await api.sign(keys.p256, { ...sent, at: passed(seconds) });
      expect([401, 403, 405, 500]).not.toContain(status);
    }
  });

  it("refuses a key that nobody registered", async () => {
    expect(await altered(aKey(), {})).toBe("401 signature.unknown_key");
  });

  it("refuses a collector that is pending, rejected or revoked", async () => {
    const name = route.name.toLowerCase();
    const [pending, rejected] = [aKey(), aKey()];
    await registerCollector(api.context, SYSTEM, aCollector(pending, { name: `${name}-pending` }));
    const { id } = await registerCollector(api.context, SYSTEM, aCollector(rejected, { name: `${name}-rejected` }));
    await rejectCollector(api.context, SYSTEM, id);
    const revoked = await api.aReporter({ name: `${name}-revoked` });
    await revokeCollector(api.context, SYSTEM, revoked.collector.id);
    expect(await altered(pending, {})).toBe("403 collector.pending");
    expect(await altered(rejected, {})).toBe("403 collector.rejected");
    expect(await altered(revoked.key, {})).toBe("403 collector.revoked");
    if (!route.secret) return;
    const { items } = await listAudit(api.context, { limit: 3, action: "credential.fetch" });
    expect(items.map(({ outcome, detail }) => [outcome, detail.code])).toEqual([
      ["denied", "collector.revoked"],
      ["denied", "collector.rejected"],
      ["denied", "collector.pending"],
    ]);
  });
});

describe("a collector of another account", () => {
  const resource = { provider: "aws", region: "us-east-1", kind: "network", status: "complete" };
  const foreign = { ...resource, account: "999999999999" };
  const contract = "cadastre.discovery/v1";

  it("is refused with the place, and nothing of the request is written, also not of its own account", async () => {
    const scopes = [
      { ...resource, account: ACCOUNT, resources: [] },
      { ...foreign, resources: [] },
    ];
    const before = api.dump();
    const body = { contract, scopes };
    const response = await api.sign(keys.ed25519, { method: "POST", path: "/api/v1/discovery", body });
    const problem = await jsonOf(response);
    expect([response.status, problem.code]).toEqual([403, "collector.foreign_account"]);
    expect(problem.errors).toMatchObject([{ path: "scopes[1].account" }]);
    expect(api.dump()).toBe(before);
  });

  it("cannot open a run, upload a shard, or report another provider", async () => {
    const before = api.dump();
    const silent = { ...foreign, status: "failed", resources: 0, digest: "0".repeat(32), shards: [] };
    const open = {
      contract,
      run: "run_01JD0000000000000000000000",
      startedAt: "2026-11-20T12:00:00Z",
      root: "0".repeat(32),
    };
    const outcomes = [
      await api.sign(keys.ed25519, {
        method: "POST",
        path: "/api/v1/discovery/runs",
        body: { ...open, scopes: [silent] },
      }),
      await api.sign(keys.ed25519, {
        method: "PUT",
        path: `/api/v1/discovery/runs/${open.run}/scopes/${encodeURIComponent("aws/999999999999/us-east-1/network")}/shards/0`,
        body: { contract, resources: [] },
      }),
      await api.sign(keys.ed25519, {
        method: "POST",
        path: "/api/v1/discovery",
        body: { contract, scopes: [{ ...resource, provider: "gcp", account: ACCOUNT, resources: [] }] },
      }),
    ];
    expect(await Promise.all(outcomes.map(outcomeOf))).toEqual(Array(3).fill("403 collector.foreign_account"));
    expect(api.dump()).toBe(before);
  });

  it("cannot tell another collector's run from one that is not there", async () => {
    const { key } = await api.aReporter({ name: "owner" });
    const scopes = [{ ...resource, account: ACCOUNT, resources: [] }];
    const delivered = await api.sign(key, { method: "POST", path: "/api/v1/discovery", body: { contract, scopes } });
    const { run } = await jsonOf(delivered);
    const answers = await Promise.all(
      [String(run), "run_01JD0000000000000000000000"].map(async (id) => {
        const response = await api.sign(keys.ed25519, {
          method: "POST",
          path: `/api/v1/discovery/runs/${id}/complete`,
          body: {},
        });
        const { requestId: _, ...problem } = await jsonOf(response);
        return JSON.stringify(problem).replaceAll(id, "ID");
      }),
    );
    expect(answers[0]).toBe(answers[1]);
    expect(answers[0]).toContain('"status":404');
  });
});

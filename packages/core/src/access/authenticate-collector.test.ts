import { CLOCK_SKEW_SECONDS, NONCE_LIFE_SECONDS, SIGNATURE_LIFE_SECONDS } from "@cadastre/contract/signature";
import { ConflictError } from "@cadastre/store/errors";
import { describe, expect, test } from "vitest";
import { aContext, anAdmin, auditRecords, type TestContext, withEmptyReplica } from "../audit/testing.ts";
import { FIRST_ORGANIZATION } from "../context.ts";
import { createCollectorAuthentication } from "./authenticate-collector.ts";
import { approveCollector, rejectCollector, revokeCollector } from "./decide-collector.ts";
import { NonceItem } from "./items.ts";
import { registerCollector } from "./register-collector.ts";
import { aCollector, aKey, aSignedRequest } from "./testing.ts";

async function anApproved({ context = aContext(), key = aKey() } = {}) {
  const made = await registerCollector(context, anAdmin, aCollector(key), { approved: true });
  return { context, key, made, authenticate: createCollectorAuthentication({ context }) };
}

/** What the request costs when it is refused with this code. */
async function refused(context: TestContext, work: () => Promise<unknown>) {
  const { result, units } = await context.table.meter.measure(() =>
    work().then(
      () => "passed",
      (error: { code: string }) => error.code,
    ),
  );
  return { code: result, ...units };
}

describe("a signed request", () => {
  test.each(["ed25519", "p256"] as const)("of an approved collector's %s key names the collector", async (type) => {
    const { context, key, made, authenticate } = await anApproved({ key: aKey(type) });
    const { collector, principal } = await authenticate(await aSignedRequest(key, context.now()));
    expect(collector).toEqual(made);
    expect(principal).toEqual({
      type: "collector",
      id: made.id,
      name: made.name,
      organization: FIRST_ORGANIZATION,
      groups: [],
      roles: [],
    });
  });

  test("of a collector that was just approved or revoked is judged by that, however far replicas are behind", async () => {
    const { context, key, made, authenticate } = await anApproved({ context: withEmptyReplica(aContext()) });
    await authenticate(await aSignedRequest(key, context.now()));
    await revokeCollector(context, anAdmin, made.id);
    await expect(authenticate(await aSignedRequest(key, context.now()))).rejects.toMatchObject({
      code: "collector.revoked",
      principal: { type: "collector", id: made.id },
    });
  });

  test("costs one strong read and one single write once the key is cached, and makes no audit record", async () => {
    const { context, key, authenticate } = await anApproved();
    await authenticate(await aSignedRequest(key, context.now()));
    const request = await aSignedRequest(key, context.now());
    const { units, calls } = await context.table.meter.measure(() => authenticate(request));
    expect({ units, calls }).toEqual({ units: { read: 1, write: 1 }, calls: 2 });
    expect(await auditRecords(context)).toHaveLength(1);
  });

  test("is refused the second time, and one signed anew passes", async () => {
    const { context, key, authenticate } = await anApproved();
    const request = await aSignedRequest(key, context.now());
    await authenticate(request);
    await expect(authenticate(request)).rejects.toMatchObject({ code: "signature.replayed" });
    await authenticate(await aSignedRequest(key, context.now()));
  });

  test("that comes twice at the same time passes exactly once, also over two processes", async () => {
    const { context, key, authenticate } = await anApproved();
    const other = createCollectorAuthentication({ context });
    const request = await aSignedRequest(key, context.now());
    const results = await Promise.allSettled([authenticate, other, authenticate, other].map((one) => one(request)));
    expect(results.filter((result) => result.status === "fulfilled")).toHaveLength(1);
    for (const result of results) {
      if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "signature.replayed" });
    }
  });

  test("leaves a nonce that ends soon after the signature could pass as fresh", async () => {
    const { context, key, authenticate } = await anApproved();
    const ends: number[] = [];
    const commit: typeof context.table.commit = (writes) => {
      for (const write of writes) {
        if (write.op === "create" && write.entity === NonceItem)
          ends.push((write.item as { expiresAt: number }).expiresAt);
      }
      return context.table.commit(writes);
    };
    const watched = createCollectorAuthentication({ context: { ...context, table: { ...context.table, commit } } });
    await watched(await aSignedRequest(key, context.now()));
    expect(ends).toEqual([context.now().getTime() / 1000 + NONCE_LIFE_SECONDS + 1]);
    await authenticate(await aSignedRequest(key, context.now()));
  });

  test("whose nonce cannot be stored is not called a replay: it may be sent again", async () => {
    const { context, key } = await anApproved();
    const busy = new ConflictError([{ index: 0, reason: "busy" }]);
    for (const [error, expected] of [
      [new Error("the disk is full"), { message: "the disk is full" }],
      [busy, { code: "request.conflict" }],
    ] as const) {
      const table = { ...context.table, commit: () => Promise.reject(error) };
      const authenticate = createCollectorAuthentication({ context: { ...context, table } });
      await expect(authenticate(await aSignedRequest(key, context.now()))).rejects.toMatchObject(expected);
    }
  });

  test("is refused as a replay for as long as its signature is fresh, from the earliest to the latest clock", async () => {
    const { context, key, authenticate } = await anApproved();
    const future = new Date(context.now().getTime() + CLOCK_SKEW_SECONDS * 1000);
    const request = await aSignedRequest(key, future);
    await authenticate(request);
    context.advance(NONCE_LIFE_SECONDS);
    await expect(authenticate(request)).rejects.toMatchObject({ code: "signature.replayed" });
    context.advance(1);
    await expect(authenticate(request)).rejects.toMatchObject({ code: "signature.stale" });
  });

  test("with an altered body, stale, from the future, unsigned or of an unknown key writes nothing", async () => {
    const { context, key, authenticate } = await anApproved();
    const at = (seconds: number) => new Date(context.now().getTime() + seconds * 1000);
    const right = await aSignedRequest(key, context.now());
    const expectations = {
      "signature.digest": { ...right, body: Buffer.from('{"x":1}') },
      "signature.invalid": { ...right, url: "https://cadastre.example/api/v1/other" },
      "signature.missing": { ...right, headers: new Headers() },
      "signature.stale": await aSignedRequest(key, at(-SIGNATURE_LIFE_SECONDS - CLOCK_SKEW_SECONDS - 2)),
      "signature.future": await aSignedRequest(key, at(CLOCK_SKEW_SECONDS + 2)),
      "signature.unknown_key": await aSignedRequest(aKey(), context.now()),
    };
    for (const [code, request] of Object.entries(expectations)) {
      expect(await refused(context, () => authenticate(request))).toMatchObject({ code, write: 0 });
    }
    await authenticate(right);
  });

  test("whose key id is no fingerprint is of an unknown key, without a read", async () => {
    const { context, key, authenticate } = await anApproved();
    const odd = { ...key, signer: { ...key.signer, keyId: "x".repeat(5000) } };
    const request = await aSignedRequest(odd, context.now());
    const answer = await refused(context, () => authenticate(request));
    expect(answer).toEqual({ code: "signature.unknown_key", read: 0, write: 0 });
  });

  test("of a pending, rejected or revoked collector is refused at once, also with a cached key", async () => {
    const context = aContext();
    const authenticate = createCollectorAuthentication({ context });
    const key = aKey();
    const attempt = async () => authenticate(await aSignedRequest(key, context.now()));
    const made = await registerCollector(context, anAdmin, aCollector(key));
    await expect(attempt()).rejects.toMatchObject({ code: "collector.pending", status: 403 });
    await approveCollector(context, anAdmin, made.id);
    await attempt();
    await revokeCollector(context, anAdmin, made.id);
    await expect(attempt()).rejects.toMatchObject({ code: "collector.revoked", status: 403 });

    const second = aKey();
    const rejected = await registerCollector(context, anAdmin, aCollector(second));
    await rejectCollector(context, anAdmin, rejected.id);
    await expect(authenticate(await aSignedRequest(second, context.now()))).rejects.toMatchObject({
      code: "collector.rejected",
      status: 403,
    });
  });

  test("that a revoked collector repeats is told of the replay before the state", async () => {
    const { context, key, made, authenticate } = await anApproved();
    await revokeCollector(context, anAdmin, made.id);
    const request = await aSignedRequest(key, context.now());
    await expect(authenticate(request)).rejects.toMatchObject({ code: "collector.revoked" });
    await expect(authenticate(request)).rejects.toMatchObject({ code: "signature.replayed" });
  });

  test("of a key that was not registered a moment ago passes once it is: what is unknown is not remembered", async () => {
    const context = aContext();
    const authenticate = createCollectorAuthentication({ context });
    const key = aKey();
    await expect(authenticate(await aSignedRequest(key, context.now()))).rejects.toMatchObject({
      code: "signature.unknown_key",
    });
    await registerCollector(context, anAdmin, aCollector(key), { approved: true });
    await authenticate(await aSignedRequest(key, context.now()));
  });

  test("finds its key again when more keys are in use than are cached", async () => {
    const context = aContext();
    const authenticate = createCollectorAuthentication({ context, mostKeys: 2 });
    const keys = [aKey(), aKey(), aKey()];
    for (const [at, key] of keys.entries()) {
      await registerCollector(context, anAdmin, aCollector(key, { name: `c${at}` }), { approved: true });
    }
    const readsOf = async (key: (typeof keys)[number] | undefined) => {
      if (!key) throw new Error("no such key");
      const request = await aSignedRequest(key, context.now());
      return (await context.table.meter.measure(() => authenticate(request))).units.read;
    };
    const order = [0, 1, 0, 2, 0, 1];
    const reads: number[] = [];
    for (const at of order) reads.push(await readsOf(keys[at]));
    expect(reads).toEqual([2, 2, 1, 2, 1, 2]);
  });
});

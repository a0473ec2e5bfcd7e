import { put } from "@cadastre/store/table";
import { beforeEach, describe, expect, it } from "vitest";
import { aContext } from "../audit/testing.ts";
import type { Context } from "../context.ts";
import { IndexItem } from "../subjects/items.ts";
import { resourceEntries } from "./entries.ts";
import type { FoundResource } from "./facts.ts";
import { FoundResources } from "./found.ts";
import { aResourceItem, arn, claimOf, register } from "./testing.ts";
import type { StoredResource } from "./view.ts";

const certificateId = (digit: string) => `sha256:${digit.repeat(64)}`;
const CERTIFICATE = aResourceItem(certificateId("a"), { notAfter: "2027-01-01T00:00:00Z" });

/** An endpoint that presents a certificate with another one above it. */
function anEndpoint(n: number, digit: string, above?: string, account = "one"): StoredResource {
  const chain = above === undefined ? [] : [{ position: 1, fingerprint: above.repeat(64) }];
  const presented = [{ keyAlgorithm: "rsa", certificate: certificateId(digit), chain }];
  return aResourceItem(
    `tls://host-${String(n).padStart(2, "0")}.example:443`,
    { handshakes: [{ address: "192.0.2.7", outcome: "ok", presented }] },
    { account, region: "global", claims: [claimOf(account, "endpoint", { provider: "tls", region: "global" })] },
  );
}

let context: Context;
beforeEach(() => {
  context = aContext();
});

async function having(...resources: StoredResource[]): Promise<void> {
  await register(context, ...resources);
  const entries = resources.flatMap((one) => resourceEntries(one));
  await context.table.load(entries.map((entry) => put(IndexItem, entry)));
}
const shown = async (resource: StoredResource, of = context) =>
  (await FoundResources.view(of, [resource as FoundResource]))[0];
const servedBy = async (of = context) => ((await shown(CERTIFICATE, of)) as { servedBy?: string[] }).servedBy;

describe("a certificate that is found", () => {
  it("says when it ends and where it is served: first by those that present it as their own", async () => {
    const [own, above] = [anEndpoint(1, "a"), anEndpoint(2, "b", "a")];
    await having(above, own, anEndpoint(3, "c"));
    expect(await shown(CERTIFICATE)).toMatchObject({ id: CERTIFICATE.id, expiresAt: "2027-01-01T00:00:00Z" });
    expect(await servedBy()).toEqual([own.id, above.id]);
  });

  it("names five endpoints, each once", async () => {
    const endpoints = Array.from({ length: 7 }, (_, n) => anEndpoint(n, "a", "a"));
    await having(...endpoints);
    const ids = await servedBy();
    expect(ids).toHaveLength(5);
    expect(new Set(ids).size).toBe(5);
    expect(endpoints.map(({ id }) => id)).toEqual(expect.arrayContaining(ids ?? []));
  });

  it("names no certificate that stands below it", async () => {
    const link = {
      position: 1,
      fingerprint: "a".repeat(64),
      subject: "s",
      issuer: "i",
      notAfter: "2027-01-01T00:00:00Z",
    };
    const below = aResourceItem(certificateId("d"), { fingerprint: "d".repeat(64), chain: [link] });
    const endpoint = anEndpoint(1, "b", "a");
    await having(below, endpoint);
    expect(await servedBy()).toEqual([endpoint.id]);
  });

  it("names no endpoint that is gone, or that the caller may not see", async () => {
    const [mine, others] = [anEndpoint(1, "a"), anEndpoint(2, "a", undefined, "two")];
    await having(mine, others);
    await context.table.load(resourceEntries(anEndpoint(3, "a")).map((entry) => put(IndexItem, entry)));
    expect((await servedBy())?.toSorted()).toEqual([mine.id, others.id]);
    expect(await servedBy({ ...context, restriction: { accounts: ["tls/one"] } })).toEqual([mine.id]);
    expect(await servedBy({ ...context, restriction: { accounts: ["tls/three"] } })).toEqual([]);
  });
});

describe("anything else that is found", () => {
  it("is shown as it is, without an end and without where it is served", async () => {
    const instance = aResourceItem(arn("instance/i-1"), {});
    const view = await shown(instance);
    expect(view).toMatchObject({ id: instance.id });
    expect(view).not.toHaveProperty("expiresAt");
    expect(view).not.toHaveProperty("servedBy");
    const none = await servedBy();
    expect(none).toEqual([]);
  });
});

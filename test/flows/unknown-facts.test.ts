import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { aimedAt, observeGcp } from "@cadastre/collectors/gcp/testing";
import { createSession } from "@cadastre/collectors/session/session";
import { startApi } from "@cadastre/collectors/session/testing/api";
import { aKey } from "@cadastre/collectors/session/testing/builders";
import type { Resource, ResourceEvent } from "@cadastre/contract/view";
import { createGcpEstate } from "@cadastre/simulator/estate-gcp";
import { createFaults } from "@cadastre/simulator/faults";
import { startGcpSimulator } from "@cadastre/simulator/gcp/server";
import { expect, it } from "vitest";
import { createClock } from "../support/context.ts";

it("what a further call could not find out changes no resource, and neither does finding it out again", async () => {
  const clock = createClock();
  const faults = createFaults();
  const estate = createGcpEstate({ seed: "unknown", projects: 1, instances: 2 });
  const project = estate.projects[0]?.projectId ?? "";
  const simulator = await startGcpSimulator({ estate, faults, now: clock.now });
  const key = aKey();
  const api = await startApi({ now: clock.now });
  const spoolDirectory = await mkdtemp(join(tmpdir(), "cadastre-unknown-"));
  try {
    await api.register(key.publicKey, { accounts: ["*"] });
    const session = createSession({
      api: api.url,
      signer: key.signer,
      spoolDirectory,
      now: clock.now,
      log: () => undefined,
      collectorVersion: "test",
      signal: new AbortController().signal,
    });
    const networks = async () =>
      (await api.ask<{ items: Resource[] }>("GET", "/api/v1/resources?kind=network&limit=200")).items;
    const told = async () => {
      const all = (await networks()).map(({ id }) =>
        api.ask<{ items: ResourceEvent[] }>("GET", `/api/v1/resources/${encodeURIComponent(id)}/history`),
      );
      return (await Promise.all(all)).flatMap(({ items }) => items.map(({ type }) => type));
    };
    const look = async () => {
      clock.forward(600);
      const { delivered, scopes } = await session.run([
        observeGcp({ projects: { list: [project] }, ...aimedAt(simulator) }),
      ]);
      expect(delivered).toBe(true);
      return scopes.find(({ kind }) => kind === "network");
    };
    expect(await look()).toMatchObject({ status: "complete" });
    const before = await networks();
    expect(before.length).toBeGreaterThan(0);
    for (const { attributes } of before) expect(attributes.sharedVpcHost).toBeTypeOf("boolean");
    const remove = faults.inject({ match: { operation: "projects.get" }, fault: { kind: "deny" } });
    expect(await look()).toMatchObject({ status: "partial", updated: 0 });
    expect((await networks()).map(({ attributes }) => attributes)).toEqual(before.map(({ attributes }) => attributes));
    remove();
    expect(await look()).toMatchObject({ status: "complete", updated: 0 });
    expect((await networks()).map(({ attributes }) => attributes)).toEqual(before.map(({ attributes }) => attributes));
    expect(await told()).toEqual(before.map(() => "created"));
  } finally {
    await simulator.stop();
    await api.end();
    await rm(spoolDirectory, { recursive: true });
  }
});

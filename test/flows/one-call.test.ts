import { deliver } from "@cadastre/core/discovery/deliver";
import { getResource } from "@cadastre/core/register/resources";
import { describe, expect, it } from "vitest";
import { createTestContext } from "../support/context.ts";
import { ACTOR, anInstance, instanceScope, type Raw, REPORTER, type SeenScope } from "../support/estate.ts";
import { found, scopesByName } from "../support/register.ts";

const EAST = instanceScope();
const many = (count: number, more: Parameters<typeof anInstance>[1] = {}): Raw[] =>
  Array.from({ length: count }, (_, n) => anInstance(n, more));
const _scope = (resources: readonly Raw[], more: Partial<SeenScope> = {}): SeenScope => ({
  key: EAST,
  resources,
  ...more,
});

describe("a whole run in one call", () => {
  const payload = (resources: Raw[], more: object = {}) => ({
    contract: "cadastre.discovery/v1",
    scopes: [{ ...EAST, status: "complete", resources, ...more }],
  });

  it("answers what it did, and the second time that nothing changed", async () => {
    const { context } = await createTestContext();
    expect(await deliver(context, ACTOR, REPORTER, payload(many(150)))).toMatchObject({
      imported: 150,
      updated: 0,
      unchanged: 0,
      retired: 0,
      errors: [],
    });
    expect(await deliver(context, ACTOR, REPORTER, payload(many(150)))).toMatchObject({
      imported: 0,
      updated: 0,
      unchanged: 150,
      retired: 0,
    });
    expect(
      await deliver(context, ACTOR, REPORTER, payload([anInstance(0, { state: "stopped" }), ...many(150).slice(2)])),
    ).toMatchObject({
      imported: 0,
      updated: 1,
      unchanged: 148,
      retired: 1,
    });
  });

  it("leaves out a resource that is too large, says so, takes the rest and retires nothing", async () => {
    const { context } = await createTestContext();
    await deliver(context, ACTOR, REPORTER, payload(many(4)));
    const huge = anInstance(1);
    const resources = [{ ...huge, attributes: { ...huge.attributes, console: "x".repeat(160_000) } }, anInstance(9)];
    const answer = await deliver(context, ACTOR, REPORTER, payload(resources));
    expect(answer).toMatchObject({
      imported: 1,
      retired: 0,
      errors: [{ path: "scopes[0].resources[0]", code: "too_large" }],
      scopes: [{ status: "partial" }],
    });
    expect(await found(context, "kind:instance")).toHaveLength(5);
    const [state] = (await scopesByName(context)).values();
    expect(state).toMatchObject({ status: "partial", errors: [{ code: "too_large" }] });
    const wrong = { ...anInstance(3), attributes: {} };
    await expect(deliver(context, ACTOR, REPORTER, payload([...resources, wrong]))).rejects.toThrow(
      /^scopes\[0\]\.resources\[2\]/,
    );
  });

  it("reports an id that is in a scope twice and applies the rest", async () => {
    const { context } = await createTestContext();
    const result = await deliver(
      context,
      ACTOR,
      REPORTER,
      payload([anInstance(1), anInstance(2), anInstance(1, { name: "again" })]),
    );
    expect(result).toMatchObject({
      imported: 2,
      errors: [{ path: "scopes[0].resources[2].id", code: "duplicate_id" }],
    });
    expect(await getResource(context, anInstance(1).id)).toMatchObject({ name: "web-1" });
  });

  it("accepts a newer minor version with members it does not know, and refuses another major one", async () => {
    const { context } = await createTestContext();
    const newer = {
      ...payload([{ ...anInstance(1), colour: "blue" }]),
      contract: "cadastre.discovery/v1.7",
      weather: "fine",
    };
    expect(await deliver(context, ACTOR, REPORTER, newer)).toMatchObject({ imported: 1 });
    await expect(
      deliver(context, ACTOR, REPORTER, { ...newer, contract: "cadastre.discovery/v2" }),
    ).rejects.toMatchObject({ code: "discovery.version" });
  });

  it("names the place of what is not valid and writes none of it", async () => {
    const { context } = await createTestContext();
    const wrong = anInstance(2, { address: "10.0.0.300" });
    await expect(deliver(context, ACTOR, REPORTER, payload([anInstance(1), wrong]))).rejects.toMatchObject({
      code: "request.invalid",
      errors: [{ path: "scopes[0].resources[1].attributes.interfaces[0].privateAddresses[0].address" }],
    });
    expect(await found(context, "kind:instance")).toEqual([]);
  });
});

import { type Ip, newIp } from "@cadastre/contract/addresses/ip";
import { newSpace } from "@cadastre/contract/addresses/space";
import { newTag, tagReplacement } from "@cadastre/contract/addresses/tag";
import { newId } from "@cadastre/contract/ids";
import { createSpace } from "@cadastre/core/addresses/spaces/spaces";
import { listTags } from "@cadastre/core/addresses/tags/list-tags";
import { createTag, deleteTag, getTag, previewTag, replaceTag } from "@cadastre/core/addresses/tags/tags";
import { createIp } from "@cadastre/core/addresses/tree/create-ip";
import { deleteIp } from "@cadastre/core/addresses/tree/delete-ip";
import { replaceIp } from "@cadastre/core/addresses/tree/replace-ip";
import { aContext, anActorOf, auditRecords } from "@cadastre/core/audit/testing";
import { type Context, DEFAULT_HOLD_POLICY, FIRST_ORGANIZATION } from "@cadastre/core/context";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openDynamo } from "../store/open-dynamo.ts";

const ACTOR = anActorOf("service-account", "sva_1");

interface Opened {
  readonly context: Context;
  readonly close: () => Promise<void>;
}

const DRIVERS: Record<string, () => Promise<Opened>> = {
  SQLite: async () => {
    const context = aContext();
    return { context, close: () => context.table.close() };
  },
  DynamoDB: async () => {
    const { table, clock, close } = await openDynamo();
    const rest = { organization: FIRST_ORGANIZATION, holdPolicy: DEFAULT_HOLD_POLICY, retentionDays: 400 };
    return { context: { table, now: clock.now, ...rest }, close };
  },
};

describe.each(Object.keys(DRIVERS))("tags of an address space over %s", (driver) => {
  let opened: Opened;
  let context: Context;
  let space: string;
  beforeAll(async () => {
    opened = await (DRIVERS[driver] as () => Promise<Opened>)();
    context = opened.context;
  });
  afterAll(() => opened.close());
  beforeEach(async () => {
    const name = newId("space", context.now());
    const may = { requireMayClaim: async () => undefined };
    space = (await createSpace(context, ACTOR, newSpace.parse({ name }), may)).id;
  });

  const define = (name: string, of: object = {}) =>
    createTag(context, ACTOR, space, newTag.parse({ name, type: "Inheritable", ...of }));
  const redefine = (name: string, of: object = {}) =>
    replaceTag(context, ACTOR, space, name, tagReplacement.parse({ type: "Inheritable", ...of }));
  const preview = (name: string, of: object = {}) =>
    previewTag(context, space, name, tagReplacement.parse({ type: "Inheritable", ...of }));
  const tagged = (prefix: string, tags: Record<string, string>) =>
    createIp(context, ACTOR, space, newIp.parse({ prefix, tags }));
  const retag = ({ id, prefix }: Ip, tags: Record<string, string>, at = prefix) =>
    replaceIp(context, ACTOR, space, id, newIp.parse({ prefix: at, tags }), {});
  const release = ({ id }: Ip) => deleteIp(context, ACTOR, space, id, {});
  const codeOf = (work: Promise<unknown>) => work.then(() => "done").catch((error: { code?: string }) => error.code);

  it("are defined, listed by name, said otherwise and removed, each with one record", async () => {
    await define("tier");
    const env = await define("env", { knownValues: ["prod", "test"], implies: { tier: { prod: "gold" } } });
    expect(await getTag(context, space, "env")).toEqual(env);
    expect(await codeOf(define("env"))).toBe("tag.exists");
    expect((await listTags(context, space, { limit: 10 })).items.map(({ name }) => name)).toEqual(["env", "tier"]);
    expect((await listTags(context, space, { limit: 10, nameContains: "EN" })).items).toEqual([env]);
    const first = await listTags(context, space, { limit: 1 });
    expect((await listTags(context, space, { limit: 1, cursor: first.cursor })).items).toMatchObject([
      { name: "tier" },
    ]);
    const next = await redefine("env", { knownValues: ["prod"] });
    expect(next).toMatchObject({ knownValues: ["prod"], implies: {} });
    expect((await redefine("env", { knownValues: ["prod"] })).version).toBe(next.version);
    await expect(getTag(context, space, "evn")).rejects.toMatchObject({ code: "tag.not_found", message: /env/ });
    await deleteTag(context, ACTOR, space, "env");
    expect(await codeOf(deleteTag(context, ACTOR, space, "env"))).toBe("tag.not_found");
    const records = (await auditRecords(context)).filter(({ target }) => target.startsWith(`${space}/`));
    expect(records.map(({ action, target }) => `${action} ${target.slice(space.length)}`)).toEqual([
      "space-tag.create /tier",
      "space-tag.create /env",
      "space-tag.replace /env",
      "space-tag.delete /env",
    ]);
  });

  it("that a prefix has, or another tag implies, stay, and it is said where", async () => {
    await define("tier");
    await define("env", { implies: { tier: { prod: "gold" } } });
    const ip = await tagged("10.0.0.0/8", { env: "prod" });
    await expect(deleteTag(context, ACTOR, space, "env")).rejects.toMatchObject({
      code: "tag.in_use",
      extra: { ips: [{ id: ip.id, prefix: "10.0.0.0/8", value: "prod" }], tags: [] },
    });
    await expect(deleteTag(context, ACTOR, space, "tier")).rejects.toMatchObject({
      code: "tag.in_use",
      message: "env implies it",
      extra: { ips: [], tags: ["env"] },
    });
    await release(ip);
    await deleteTag(context, ACTOR, space, "env");
    await deleteTag(context, ACTOR, space, "tier");
  });

  it("lose no value that a prefix has; a preview says which do, and writes nothing", async () => {
    const env = await define("env");
    const values = ["prod", "prod-eu", "test", "ä", "x"];
    const ips = await Promise.all(values.map((value, n) => tagged(`10.${n}.0.0/16`, { env: value })));
    await tagged("2001:db8::/32", { env: "prod" });
    const shown = await preview("env", { knownValues: ["prod", "test", "x"] });
    expect(shown).toMatchObject({ knownValues: ["prod", "test", "x"], version: env.version });
    const wrong = [ips[1], ips[3]].map((ip) => ip?.id).toSorted();
    expect(shown.breaks?.map(({ id }) => id).toSorted()).toEqual(wrong);
    const refused = redefine("env", { knownValues: ["prod", "test", "x"] });
    await expect(refused).rejects.toMatchObject({
      code: "tag.breaks_values",
      extra: { breaks: [{ path: "tags.env" }, { path: "tags.env" }] },
    });
    expect(await getTag(context, space, "env")).toEqual(env);
    expect((await preview("env", { knownValues: values })).breaks).toEqual([]);
    expect(await redefine("env", { knownValues: values })).toMatchObject({ knownValues: values });
  });

  it("are not made to imply what prefixes contradict, there or below", async () => {
    await define("support");
    await define("tier", { implies: { support: { gold: "24x7" } } });
    await define("env");
    await define("other");
    await tagged("10.0.0.0/8", { env: "prod", other: "a" });
    const below = await tagged("10.1.0.0/16", { support: "none" });
    await tagged("11.0.0.0/8", { support: "none" });
    const implies = { implies: { tier: { prod: "gold" } } };
    expect((await preview("env", implies)).breaks).toEqual([
      {
        id: below.id,
        prefix: "10.1.0.0/16",
        path: "tags.support",
        message: "tier=gold, of 10.0.0.0/8, implies support=24x7, but 10.1.0.0/16 has support=none",
      },
    ]);
    expect(await codeOf(redefine("env", implies))).toBe("tag.breaks_values");
    await release(below);
    expect(await redefine("env", implies)).toMatchObject(implies);
    expect(await codeOf(redefine("tier", { implies: { env: { gold: "prod" } } }))).toBe("tag.invalid");
  });

  it("of a prefix are not changed to imply what is said inside it, nor come over it or go away from it so", async () => {
    await define("tier");
    await define("env", { implies: { tier: { prod: "gold" } } });
    const parent = await tagged("10.0.0.0/8", { env: "test" });
    const child = await tagged("10.1.0.0/16", { tier: "tin" });
    await tagged("12.0.0.0/8", { tier: "lead" });
    await expect(retag(parent, { env: "prod" })).rejects.toMatchObject({
      code: "request.invalid",
      errors: [{ path: "tags.tier", message: expect.stringContaining("10.1.0.0/16: env=prod, of 10.0.0.0/8") }],
    });
    expect(await codeOf(tagged("10.0.0.0/12", { env: "prod" }))).toBe("request.invalid");
    const moved = await tagged("13.0.0.0/8", { env: "prod" });
    expect(await codeOf(retag(moved, { env: "prod" }, "8.0.0.0/5"))).toBe("request.invalid");
    expect(await codeOf(retag(moved, { env: "prod" }, "12.0.0.0/7"))).toBe("request.invalid");
    expect(await codeOf(retag(moved, { env: "prod" }, "14.0.0.0/8"))).toBe("done");
    await release(child);
    expect(await retag(parent, { env: "prod" })).toMatchObject({ resolvedTags: { env: "prod", tier: "gold" } });
  });

  it("of a prefix and of what is inside it do not come to contradict each other at once", async () => {
    await define("tier");
    await define("env", { implies: { tier: { prod: "gold" } } });
    for (let n = 0; n < 3; n++) {
      const parent = await tagged(`10.${n}.0.0/16`, {});
      const child = await tagged(`10.${n}.0.0/24`, {});
      const both = [codeOf(retag(parent, { env: "prod" })), codeOf(retag(child, { tier: "tin" }))];
      expect((await Promise.all(both)).toSorted()).toEqual(["done", "request.invalid"]);
    }
  });

  it("at once: one name is one tag, two do not come to imply each other, and none goes while a prefix takes it", async () => {
    const both = await Promise.all([codeOf(define("one")), codeOf(define("one")), codeOf(define("two"))]);
    expect(both.toSorted()).toEqual(["done", "done", "tag.exists"]);
    const circle = [
      codeOf(redefine("one", { implies: { two: { a: "b" } } })),
      codeOf(redefine("two", { implies: { one: { b: "a" } } })),
    ];
    expect((await Promise.all(circle)).toSorted()).toEqual(["done", "tag.invalid"]);
    for (let n = 0; n < 5; n++) {
      await define(`t${n}`);
      const [taken, removed] = await Promise.allSettled([
        tagged(`10.0.${n}.0/24`, { [`t${n}`]: "x" }),
        deleteTag(context, ACTOR, space, `t${n}`),
      ]);
      expect([taken.status, removed.status].toSorted()).toEqual(["fulfilled", "rejected"]);
    }
  });
});

import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { listAudit } from "@cadastre/core/audit/list";
import { asTexts } from "@cadastre/core/audit/testing";
import { LoginItem, LogoutTokenItem, UserIdentityItem } from "@cadastre/core/login/oidc/items";
import { aBentProvider, type BentProvider } from "@cadastre/core/login/oidc/testing";
import { createDynamoTable } from "@cadastre/store/dynamo";
import type { Table, Write } from "@cadastre/store/table";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Crash } from "../support/crashing-table.ts";
import { type DynamoEngine, startDynamoEngine } from "../support/dynamo-engine.ts";
import { createDynamoEngineTable } from "../support/dynamo-table.ts";
import { tableWith } from "../support/table-with.ts";
import { aBrowser, type Browser } from "./a-browser.ts";
import { anApi, jsonOf, ORIGIN, outcomeOf, type TestApi } from "./an-api.ts";

/* Logins by a provider over both tables: killed at any write, at once, and beside what takes them away. */

let bent: BentProvider;
let engine: DynamoEngine;
let client: DynamoDBClient;
let tables = 0;
beforeAll(async () => {
  bent = await aBentProvider(() => new Date());
  engine = await startDynamoEngine();
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  client = new DynamoDBClient({ endpoint: engine.endpoint, region: "us-east-1", credentials });
});
afterAll(async () => {
  await bent.close();
  client.destroy();
  await engine.stop();
});

async function openDynamo(now: () => Date): Promise<Table> {
  const tableName = `oidc-${process.pid}-${tables++}`;
  await createDynamoEngineTable(client, tableName);
  const table = createDynamoTable({ client, tableName, now });
  // The engine's client is for all tables.
  return { ...table, close: async () => undefined };
}

/** What is done before each commit of the app; it may throw, and then nothing is written. */
type Before = (writes: readonly Write[]) => Promise<void> | void;

interface World {
  readonly api: TestApi;
  readonly id: string;
  readonly group: string;
  before: Before | undefined;
  /** What the app asked of the table that the role of the vault's function, which finishes logins, may not. */
  readonly beyond: string[];
}

async function aWorld(openTable: ((now: () => Date) => Promise<Table>) | undefined): Promise<World> {
  const hooks: { before: Before | undefined; beyond: string[] } = { before: undefined, beyond: [] };
  const seen = (table: Table): Table =>
    tableWith(table, {
      getMany(entity, keys, options) {
        hooks.beyond.push(`BatchGetItem of ${entity.type}`);
        return table.getMany(entity, keys, options);
      },
      async commit(writes) {
        const added = writes.filter(({ op }) => op === "increment");
        hooks.beyond.push(...added.map(({ entity }) => `UpdateItem of ${entity.type}`));
        await hooks.before?.(writes);
        await table.commit(writes);
      },
    });
  const api = await anApi({ start: new Date(), seen, ...(openTable ? { openTable } : {}) });
  bent.bend({ claims: { preferred_username: "grace", groups: ["g"] } });
  const made = async (path: string, body: object) =>
    String((await jsonOf(await api.send({ method: "POST", path: `/api/v1/${path}`, body }))).id);
  const group = await made("groups", { name: "by claim" });
  const id = await made("identity-providers", {
    name: "Bent",
    issuer: bent.issuer,
    clientId: "cadastre",
    clientSecret: "a secret",
    createsUsers: true,
    groupsClaim: "groups",
    groups: [{ value: "g", group }],
  });
  return Object.assign(hooks, { api, id, group });
}

async function logIn({ api, id }: World): Promise<{ browser: Browser; response: Response }> {
  const browser = aBrowser(api.app, ORIGIN);
  const path = `/api/v1/auth/providers/${id}`;
  const begun = await browser.send({ method: "POST", path: `${path}/begin`, body: {} });
  if (begun.status !== 200) return { browser, response: begun };
  const response = bent.answer(String((await jsonOf(begun)).url));
  return { browser, response: await browser.send({ method: "POST", path: `${path}/finish`, body: { response } }) };
}

const list = async ({ api }: World, path: string) =>
  ((await jsonOf(await api.send({ method: "GET", path: `/api/v1/${path}` }))) as unknown as { items: { id: string }[] })
    .items;
const logout = async ({ api, id }: World, token: string) =>
  api.app.request(`${ORIGIN}/api/v1/auth/providers/${id}/back-channel-logout`, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ logout_token: token }).toString(),
  });
const me = async (browser: Browser) => (await browser.send({ method: "GET", path: "/api/v1/me" })).status;

/** Has the app die at its n-th commit from now on; answers whether it came so far. */
function dieAt(world: World, at: number): () => boolean {
  let count = 0;
  world.before = () => {
    count += 1;
    if (count >= at) throw new Crash(`at commit ${at}`);
  };
  return () => count >= at;
}

/** One user of the name with one identity, said to be in the group. */
async function expectOne(world: World, userName: string): Promise<void> {
  const users = (await list(world, "users")) as { id: string; userName?: string; groups?: string[] }[];
  const found = users.filter((one) => one.userName === userName);
  expect(found).toMatchObject([{ groups: [world.group] }]);
  expect(await list(world, `users/${found[0]?.id}/identities`)).toHaveLength(1);
}

const DRIVERS: readonly [string, ((now: () => Date) => Promise<Table>) | undefined][] = [
  ["SQLite", undefined],
  ["DynamoDB", openDynamo],
];

describe.each(DRIVERS)("over %s, a login by a provider", (_, openTable) => {
  it("that is killed at any write leaves nothing half done, and the next one makes one user", async () => {
    const world = await aWorld(openTable);
    for (let at = 1, isReached = true; isReached; at++) {
      const userName = `grace ${at}`;
      bent.bend({ claims: { sub: userName, preferred_username: userName, groups: ["g"] } });
      const died = dieAt(world, at);
      const { response, browser } = await logIn(world);
      isReached = died();
      world.before = undefined;
      expect([response.status, browser.cookie === undefined]).toEqual(isReached ? [500, true] : [200, false]);
      expect((await logIn(world)).response.status, String(at)).toBe(200);
      await expectOne(world, userName);
    }
    expect(await list(world, `groups/${world.group}/members`)).toHaveLength((await list(world, "users")).length - 1);
    await world.api.close();
  });

  it("and others at once, the first ones, make one user", async () => {
    const world = await aWorld(openTable);
    world.beyond.splice(0);
    const all = await Promise.all(Array.from({ length: 4 }, () => logIn(world)));
    expect(all.map(({ response }) => response.status)).toEqual([200, 200, 200, 200]);
    expect(world.beyond).toEqual([]);
    await expectOne(world, "grace");
    const { items } = await listAudit(world.api.context, { limit: 200 });
    expect(items.map(asTexts).filter(({ action }) => action === "user.create")).toHaveLength(1);
    await world.api.close();
  });

  it("lets nobody in whose identity is taken away, or who is removed, in the same moment", async () => {
    const world = await aWorld(openTable);
    await logIn(world);
    const [user] = (await list(world, "users")).filter((one) => (one as { userName?: string }).userName === "grace");
    const takeAway = async () => {
      const [identity] = await list(world, `users/${user?.id}/identities`);
      const path = `/api/v1/users/${user?.id}/identities/${identity?.id}`;
      expect((await world.api.send({ method: "DELETE", path })).status).toBe(204);
    };
    let isDone = false;
    world.before = async (writes) => {
      if (isDone || !writes.some(({ op, entity }) => op === "replace" && entity === UserIdentityItem)) return;
      isDone = true;
      await takeAway();
    };
    expect(await outcomeOf((await logIn(world)).response)).toBe("401 auth.invalid");
    expect(isDone).toBe(true);
    world.before = undefined;
    await world.api.close();
  });

  it("that is answered twice at once lets one in", async () => {
    const world = await aWorld(openTable);
    await logIn(world);
    bent.bend({ takesCodesTwice: true, claims: { preferred_username: "grace", groups: ["g"] } });
    const browser = aBrowser(world.api.app, ORIGIN);
    const path = `/api/v1/auth/providers/${world.id}`;
    const begun = await browser.send({ method: "POST", path: `${path}/begin`, body: {} });
    const body = { response: bent.answer(String((await jsonOf(begun)).url)) };
    const { login } = browser;
    const second = Object.assign(aBrowser(world.api.app, ORIGIN), { login });
    let isDone = false;
    world.before = async (writes) => {
      if (isDone || !writes.some(({ op, entity }) => op === "remove" && entity === LoginItem)) return;
      isDone = true;
      expect((await second.send({ method: "POST", path: `${path}/finish`, body })).status).toBe(200);
    };
    const first = await browser.send({ method: "POST", path: `${path}/finish`, body });
    expect([await outcomeOf(first), browser.cookie, isDone]).toEqual(["401 auth.invalid", undefined, true]);
    expect(await me(second)).toBe(200);
    await world.api.close();
  });
});

describe.each(DRIVERS)("over %s, the end of sessions by a provider", (_, openTable) => {
  it("that is killed at any write is done by the same token again, and then no more", async () => {
    const world = await aWorld(openTable);
    for (let at = 1, isReached = true; isReached; at++) {
      const browsers: Browser[] = [];
      // More than a commit ends, where that is quick.
      for (let n = 0; n < (openTable ? 2 : 26); n++) browsers.push((await logIn(world)).browser);
      world.api.pass(200);
      bent.bend({ now: world.api.now, claims: { preferred_username: "grace", groups: ["g"] } });
      const token = await bent.logoutToken("cadastre");
      const died = dieAt(world, at);
      const { status } = await logout(world, token);
      isReached = died();
      world.before = undefined;
      expect(status).toBe(isReached ? 500 : 204);
      expect((await logout(world, token)).status).toBe(isReached ? 204 : 400);
      expect(new Set(await Promise.all(browsers.map(me)))).toEqual(new Set([401]));
      expect(await outcomeOf(await logout(world, token))).toBe("400 identity-provider.logout_token");
    }
    await world.api.close();
  });

  it("counts once of two at once", async () => {
    const world = await aWorld(openTable);
    const token = await bent.logoutToken("cadastre");
    let isDone = false;
    world.before = async (writes) => {
      if (isDone || !writes.some(({ entity }) => entity === LogoutTokenItem)) return;
      isDone = true;
      expect((await logout(world, token)).status).toBe(204);
    };
    expect(await outcomeOf(await logout(world, token))).toBe("400 identity-provider.logout_token");
    world.before = undefined;
    const { items } = await listAudit(world.api.context, { limit: 200 });
    expect(items.map(asTexts).filter(({ action }) => action === "identity-provider.logout")).toHaveLength(1);
    await world.api.close();
  });
});

import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LogLine } from "@cadastre/contract/log";
import { parse } from "@cadastre/contract/parse";
import { newToken } from "@cadastre/contract/token";
import { anOwner } from "@cadastre/core/access/testing";
import { createToken } from "@cadastre/core/access/tokens";
import { systemActor } from "@cadastre/core/context";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LocalConfig } from "./config.ts";
import { type LocalServer, startLocalServer } from "./server.ts";

const STORES = parse(newToken, { name: "t", scopes: ["credentials:write"], expiresInSeconds: 3600 });
let directory: string;
let running: LocalServer[];
let later: number;
const lines: LogLine[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "cadastre-server-"));
  running = [];
  later = 0;
  lines.length = 0;
});
afterEach(async () => {
  await Promise.all(running.map((one) => one.stop()));
  rmSync(directory, { recursive: true });
});

async function start(): Promise<LocalServer> {
  const server = await startLocalServer({ dataDirectory: directory } as LocalConfig, {
    port: 0,
    now: () => new Date(Date.now() + later),
    log: (line) => void lines.push(line),
    onJobStarted: () => undefined,
    onTrigger: () => undefined,
  });
  running.push(server);
  return server;
}

async function stop(server: LocalServer): Promise<void> {
  await server.stop();
  running = running.filter((one) => one !== server);
}

async function store({ url, context }: LocalServer, name: string): Promise<void> {
  const { secret } = await createToken(context, systemActor("req_1"), { ...STORES, principal: await anOwner(context) });
  const { status } = await fetch(`${url}/api/v1/credentials`, {
    method: "POST",
    headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
    body: JSON.stringify({ name, secret: { type: "generic", secret: "s" } }),
  });
  expect(status).toBe(201);
}

const modeOf = (path: string) => (lstatSync(path).mode & 0o777).toString(8);

describe("the folder of the local run", () => {
  it("and all that is in it is for its owner alone, also where it was there and open", async () => {
    chmodSync(directory, 0o755);
    mkdirSync(join(directory, "keys"), { mode: 0o755 });
    for (const name of ["cadastre.db", "keys/a.pem"]) writeFileSync(join(directory, name), "", { mode: 0o644 });
    await store(await start(), "deploy");
    expect(modeOf(directory)).toBe("700");
    expect(modeOf(join(directory, "keys"))).toBe("700");
    const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
    const names = files.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["cadastre.db", "cadastre.db-wal", "vault.key", "lock.db", "a.pem"]));
    for (const { name, parentPath } of files) expect(modeOf(join(parentPath, name)), name).toBe("600");
  });

  it("is refused when it is shared by all users, and stays as it is", async () => {
    chmodSync(directory, 0o1777);
    await expect(start()).rejects.toThrow(/shared by all users; set CADASTRE_DATA/);
    expect(modeOf(directory)).toBe("777");
  });
});

describe("a vault whose key is gone", () => {
  it("is refused when credentials are stored, with what is lost; nothing is made in its place", async () => {
    const server = await start();
    await store(server, "deploy-key");
    await stop(server);
    rmSync(join(directory, "vault.key"));
    await expect(start()).rejects.toThrow(/vault.key is gone, and 1 stored credentials open with it alone: deploy-key/);
    expect(readdirSync(directory)).not.toContain("vault.key");
  });

  it("is made anew when nothing is sealed", async () => {
    await stop(await start());
    rmSync(join(directory, "vault.key"));
    await start();
    expect(readdirSync(directory)).toContain("vault.key");
  });

  it("is not ready while it runs", async () => {
    const { url } = await start();
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    rmSync(join(directory, "vault.key"));
    // What was found out is remembered for half a minute.
    later = 30_000;
    const answer = await fetch(`${url}/readyz`);
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ failed: ["vaultKey"] });
  });
});

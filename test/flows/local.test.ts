import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { type LocalProcess, startLocal } from "../support/local-process.ts";

// A dozen processes, each with all of the product in it.
vi.setConfig({ testTimeout: 180_000 });

let directory: string;
let processes: LocalProcess[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "cadastre-local-"));
  processes = [];
});
afterEach(async () => {
  await Promise.all(processes.map((one) => one.end("SIGKILL")));
  rmSync(directory, { recursive: true, force: true });
});

function start(args: readonly string[], environment: Readonly<Record<string, string>> = {}): LocalProcess {
  const process = startLocal(args, { CADASTRE_DATA: directory, ...environment });
  processes.push(process);
  return process;
}

const count = z.int().min(0);
const counts = { resources: count, created: count, updated: count, unchanged: count, retired: count };
/** What scripts rely on; there may be more. */
const document = z.object({
  scopes: z.array(
    z.object({
      provider: z.enum(["aws", "gcp", "tls"]),
      account: z.string().min(1),
      region: z.string().min(1),
      kind: z.string().min(1),
      status: z.enum(["complete", "partial", "failed", "skipped"]),
      ...counts,
    }),
  ),
  totals: z.strictObject(counts),
  units: z.strictObject({ read: z.number().positive(), write: z.number().positive() }),
});

async function once(environment: Readonly<Record<string, string>> = {}) {
  const { code, stdout } = await start(["--once", "--json"], environment).ended;
  return { code, ...document.parse(JSON.parse(stdout)) };
}

/** What one whole run over the simulated estate has, read from a run that nothing disturbed. */
const ESTATE = /^(\d+) scopes: (\d+) created, (\d+) updated, (\d+) unchanged, (\d+) retired$/m;

describe("--once", () => {
  it("sees the whole simulated estate, says so in one JSON document, and the second time changes nothing", async () => {
    const first = await once();
    expect(first.code).toBe(0);
    expect(new Set(first.scopes.map(({ provider }) => provider))).toEqual(new Set(["aws", "gcp", "tls"]));
    expect(first.scopes.every(({ status }) => status === "complete")).toBe(true);
    expect(first.totals).toMatchObject({ created: first.totals.resources, updated: 0, unchanged: 0, retired: 0 });
    expect(first.totals.resources).toBe(first.scopes.reduce((sum, { resources }) => sum + resources, 0));
    expect(first.totals.resources).toBeGreaterThan(100);

    const second = await once();
    const { resources } = first.totals;
    expect(second.code).toBe(0);
    expect(second.totals).toEqual({ resources, created: 0, updated: 0, unchanged: resources, retired: 0 });
    expect(second.scopes.map(({ status }) => status)).toEqual(first.scopes.map(({ status }) => status));
    expect(second.units.read + second.units.write).toBeLessThan(60);

    const { code, stdout } = await start(["--once"]).ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/^scope +status +resources +created +updated +unchanged +retired *$/im);
    expect(stdout).toMatch(/^tls\/simulated\/global\/certificate +complete +\d+ +0 +0 +\d+ +0 *$/m);
    expect(stdout).toMatch(new RegExp(`^total +${resources} +0 +0 +${resources} +0 *$`, "m"));
    expect(stdout).toMatch(/^cost: [\d.]+ read units, [\d.]+ write units$/m);
  });
});

describe("an environment that cannot be meant", () => {
  const credentials = { AWS_ACCESS_KEY_ID: "AKIA", AWS_SECRET_ACCESS_KEY: "secret-canary" };
  const MIXES: [string, Record<string, string>][] = [
    ["PORT", { PORT: "abc" }],
    ["CADASTRE_SIMULATE", { CADASTRE_SIMULATE: "maybe" }],
    ["CADASTRE_ENDPOINTS", { CADASTRE_SIMULATE: "yes", CADASTRE_ENDPOINTS: "example.org:443" }],
    [
      "CADASTRE_AWS_ORGANIZATION_ROLE",
      { ...credentials, CADASTRE_AWS_ROLES: "a", CADASTRE_AWS_ORGANIZATION_ROLE: "b" },
    ],
  ];

  it("is refused with code 2, the variable's name and nothing made", async () => {
    const all = MIXES.map(async ([name, environment]) => ({ name, ended: await start([], environment).ended }));
    for (const { name, ended } of await Promise.all(all)) {
      expect(ended).toMatchObject({ code: 2, stdout: "" });
      expect(ended.stderr.split("\n")[0]).toContain(name);
      expect(ended.stderr).not.toContain("secret-canary");
    }
    expect((await start(["--twice"]).ended).code).toBe(2);
    expect(readdirSync(directory)).toEqual([]);
  });

  it("as a port that is taken is refused with what to do about it and nothing made, not even the folder", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as { port: number };
    const data = join(directory, "new");
    const { code, stderr } = await start([], { PORT: String(port), CADASTRE_DATA: data, HOME: directory }).ended;
    await new Promise((resolve) => other.close(resolve));
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `port ${port} is taken by another program; set PORT to a free one\n`,
    });
    expect(readdirSync(directory)).toEqual([]);
  });
});

describe("the local server", () => {
  const address = async (process: LocalProcess) =>
    (await process.prints("stdout", /Cadastre is at (\S+)/))[1] as string;
  const status = (url: string, token: string) =>
    fetch(`${url}/api/v1/discovery/status`, { headers: { authorization: `Bearer ${token}` } });

  it("is ready, shows its first token once, ends by SIGTERM with code 0, and has lost nothing when it is back", async () => {
    const first = start([], { PORT: "0" });
    const url = await address(first);
    const ready = await fetch(`${url}/readyz`);
    expect({ status: ready.status, body: await ready.json() }).toMatchObject({ status: 200, body: { status: "ok" } });
    const [, , created] = await first.prints("stderr", ESTATE);
    const [, token = ""] = await first.prints("stdout", /^ {2}(cad_\S+)$/m);
    expect((await status(url, token)).status).toBe(200);
    const beside = await start(["--once"]).ended;
    expect(beside).toMatchObject({ code: 1, stderr: expect.stringContaining(`another Cadastre runs on ${directory}`) });
    const firstEnded = await first.end("SIGTERM");
    expect(firstEnded).toMatchObject({ code: 0, signal: null });
    // Requests are told of in the log, which only its owner can read, and not to who looks on.
    expect(firstEnded.stderr).not.toContain("{");
    const log = join(directory, "cadastre.log");
    expect(statSync(log).mode & 0o777).toBe(0o600);
    expect(readFileSync(log, "utf8")).toMatch(/^\{.*"message":"request".*"route":"\/api\/v1\/discovery\/status"/m);
    expect(readFileSync(log, "utf8")).not.toContain(token);

    const second = start([], { PORT: "0" });
    const again = await address(second);
    const [, , ...effects] = await second.prints("stderr", ESTATE);
    expect(effects).toEqual(["0", "0", created, "0"]);
    expect((await status(again, token)).status).toBe(200);
    const ended = await second.end("SIGTERM");
    expect(ended.code).toBe(0);
    expect(ended.stdout).not.toContain("cad_");
  });

  it.each(["SIGINT", "SIGKILL"] as const)("ended by %s in its first run goes on where it was", async (signal) => {
    const first = start([], { PORT: "0" });
    await first.prints("stderr", /^complete +aws/m);
    expect(await first.end(signal)).toMatchObject(signal === "SIGINT" ? { code: 0 } : { signal: "SIGKILL" });
    const second = start([], { PORT: "0" });
    await second.prints("stderr", ESTATE);
    // Nobody was shown the first token yet.
    await second.prints("stdout", /^ {2}(cad_\S+)$/m);
    expect((await second.end("SIGTERM")).code).toBe(0);
    const last = await once();
    const { resources } = last.totals;
    expect(last.code).toBe(0);
    expect(resources).toBeGreaterThan(100);
    expect(last.totals).toEqual({ resources, created: 0, updated: 0, unchanged: resources, retired: 0 });
  });
});

import { readFileSync, writeFileSync } from "node:fs";
import { useLoginLink } from "@cadastre/core/login/login-links";
import { toRelyingParty } from "@cadastre/core/login/passkeys";
import { createSetupLink } from "@cadastre/core/login/setup-link";
import { cheapPasswords, PASSWORD } from "@cadastre/core/login/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createWorld, type Ended, runHere, type World } from "./support.ts";

let world: World;
/** What the browser of somebody who is logged in sends. */
let headers: Record<string, string>;
const ORIGIN = "http://localhost:8080";

const page = (method: string, path: string, body?: object) =>
  fetch(`${world.url}${path}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });

beforeAll(async () => {
  world = await createWorld({ relyingParty: toRelyingParty(ORIGIN) });
  const { secret = "" } = (await createSetupLink(world.context)) ?? {};
  await useLoginLink(
    world.context,
    cheapPasswords(),
    { secret, userName: "ann", password: PASSWORD },
    { requestId: "req_1" },
  );
  headers = { "content-type": "application/json", origin: ORIGIN };
  const logged = await page("POST", "/api/v1/auth/login", { userName: "ann", password: PASSWORD });
  const { csrf } = (await logged.json()) as { csrf: string };
  headers = { ...headers, cookie: logged.headers.getSetCookie()[0]?.split(";")[0] ?? "", "x-csrf-token": csrf };
});
afterAll(() => world.end());

const env = () => ({ CADASTRE_API: world.url, CADASTRE_TOKEN: "", XDG_CONFIG_HOME: world.path("config") });

/** Runs it; while it waits, the person decides what is shown. */
async function loggingIn(
  decide: "approve" | "deny",
  args: readonly string[] = ["--device"],
  here: object = {},
): Promise<Ended> {
  let shown = "";
  const seen = (text: string) => {
    shown += text;
  };
  const pause = async () => {
    const code = /code=([A-Z-]+)/.exec(shown)?.[1];
    expect((await page("POST", `/api/v1/auth/device/${decide}`, { code })).status).toBe(204);
  };
  return runHere(world, ["login", ...args], { env: env(), pause, seen, ...here });
}

test("who approves the code in a browser is logged in", async () => {
  const done = await loggingIn("approve");
  expect(done, done.stderr).toMatchObject({ code: 0, stdout: "" });
  expect(done.stderr).toMatch(/open http:\/\/localhost:8080\/device\?code=[A-Z]{4}-[A-Z]{4}\nand approve the code/);
  expect(done.stderr).toContain("it reveals no credentials");
  expect((await runHere(world, ["accounts", "list"], { env: env() })).code).toBe(0);
});

test("who refuses it is not, and nothing is kept", async () => {
  const file = () => readFileSync(world.path("config/cadastre/config.json"), "utf8");
  const before = file();
  const refused = await loggingIn("deny");
  expect(refused).toMatchObject({ code: 4, stderr: expect.stringContaining("the person has refused it") });
  expect(await runHere(world, ["login", "--device", "--user", "ann"], { env: env() })).toMatchObject({ code: 2 });
  expect(file()).toBe(before);
});

test("where the API has no such login a terminal asks for a token, and --device says that there is none", async () => {
  const other = await createWorld();
  try {
    const here = { env: { ...env(), CADASTRE_API: other.url, XDG_CONFIG_HOME: other.path("config") } };
    const typed = await runHere(other, ["login"], { ...here, columns: 80, input: `${other.token}\r` });
    expect(typed, typed.stderr).toMatchObject({ code: 0, stderr: expect.stringContaining("API token for") });
    const none = await runHere(other, ["login", "--device"], here);
    expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining("has no login by a browser") });
  } finally {
    await other.end();
  }
});

/** A browser that approves, or refuses, what it is sent to. */
function aBrowser(path: string): string {
  const file = world.path(`browser-${path.length}`);
  const script = `#!${process.execPath}
const asked = new URL(process.argv[2]).searchParams;
const toName = (name) => name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());
const body = JSON.stringify(Object.fromEntries([...asked].map(([name, value]) => [toName(name), value])));
fetch(${JSON.stringify(`${world.url}${path}`)}, { method: "POST", headers: ${JSON.stringify(headers)}, body })
  .then((response) => response.json())
  .then(async ({ redirectTo }) => {
    const stranger = new URL(redirectTo);
    stranger.searchParams.set("state", "another");
    stranger.searchParams.set("code", "another");
    await fetch(stranger);
    await fetch(redirectTo);
  });
`;
  writeFileSync(file, script, { mode: 0o700 });
  return file;
}

test("a browser of this computer brings the token, and what else comes is nothing", async () => {
  const by = (path: string) => runHere(world, ["login"], { env: { ...env(), BROWSER: aBrowser(path) }, columns: 80 });
  const done = await by("/api/v1/auth/authorize");
  expect(done, done.stderr).toMatchObject({ code: 0, stderr: expect.stringContaining("it reveals no credentials") });
  expect((await runHere(world, ["accounts", "list"], { env: env() })).code).toBe(0);
  const refused = await by("/api/v1/auth/authorize/refuse");
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("refused in the browser") });
});

test("where the browser cannot be started a code is shown instead", async () => {
  const more = { BROWSER: world.path("no-browser") };
  const done = await loggingIn("approve", [], { env: { ...env(), ...more }, columns: 80 });
  expect(done, done.stderr).toMatchObject({ code: 0, stderr: expect.stringContaining("and approve the code") });
});

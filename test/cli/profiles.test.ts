import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createWorld, type Ended, runHere, start, type World } from "./support.ts";

let world: World;
let other: World;
const file = () => world.path("config/cadastre/config.json");

beforeAll(async () => {
  [world, other] = await Promise.all([createWorld(), createWorld()]);
});
afterAll(() => Promise.all([world.end(), other.end()]));

/** With the profiles alone: no address or token in the environment. */
function bare(args: readonly string[], more: Record<string, string> = {}, input = ""): Promise<Ended> {
  const env = { CADASTRE_API: "", CADASTRE_TOKEN: "", XDG_CONFIG_HOME: world.path("config"), ...more };
  return runHere(world, args, { env, input });
}

test("login keeps address and token for their owner alone, once the API has taken the token", async () => {
  const wrong = await bare(["login", "--api", world.url], {}, "cad_wrong\n");
  expect(wrong).toMatchObject({ code: 4, stdout: "" });
  expect(() => statSync(file())).toThrow("ENOENT");
  const done = await start(["login", "--api", world.url], {
    env: { HOME: world.path("home"), XDG_CONFIG_HOME: world.path("config") },
    input: `${world.token}\n`,
  }).ended;
  expect(done).toEqual({
    code: 0,
    stdout: "",
    stderr: `logged in to ${world.url} as profile default, kept in ${file()}\n`,
  });
  expect(statSync(file()).mode & 0o777).toBe(0o600);
  expect((await bare(["scopes"])).code).toBe(0);
});

test("a profile is chosen by name, by variable, or for good, and mistyped names are told", async () => {
  await bare(["login", "--api", other.url, "--profile", "other"], {}, other.token);
  const used = async (args: readonly string[], more: Record<string, string> = {}) =>
    JSON.parse((await bare(["accounts", "list", "--json", ...args], more)).stdout) as { account: string }[];
  await runHere(other, ["accounts", "add", "aws", "222222222222"]);
  await runHere(world, ["accounts", "add", "aws", "111111111111"]);
  expect((await used([])).map(({ account }) => account)).toEqual(["222222222222"]);
  expect((await used(["--profile", "default"])).map(({ account }) => account)).toEqual(["111111111111"]);
  expect((await used([], { CADASTRE_PROFILE: "default" })).map(({ account }) => account)).toEqual(["111111111111"]);
  await bare(["profiles", "use", "default"]);
  expect((await used([])).map(({ account }) => account)).toEqual(["111111111111"]);
  const list = await bare(["profiles", "list"]);
  expect(list.stdout).toMatch(/^default +http:\S+ +now\nother +http:\S+$/m);
  expect(list.stdout).not.toContain("cad_");
  const mistyped = await bare(["scopes", "--profile", "othr"]);
  expect(mistyped).toMatchObject({ code: 2, stderr: expect.stringContaining("did you mean other?") });
});

test("a token never goes to another API than the one it was kept for", async () => {
  for (const [args, env] of [
    [["scopes", "--api", other.url], {}],
    [["scopes"], { CADASTRE_API: other.url }],
    [["scopes", "--profile", "default", "--api", other.url], {}],
  ] as const) {
    const { code, stderr } = await bare(args, env);
    expect(code).toBe(2);
    expect(stderr).toContain(`the token of the profile default is for ${world.url}, not for ${other.url}`);
  }
  expect((await bare(["scopes"], { CADASTRE_TOKEN: world.token, CADASTRE_PROFILE: "other" })).code).toBe(2);
  // The environment's own pair stands before what was kept.
  expect((await bare(["scopes"], { CADASTRE_API: other.url, CADASTRE_TOKEN: other.token })).code).toBe(0);
});

test("a file that others may read, or that is not ours, is refused and not repeated; logout forgets the token", async () => {
  chmodSync(file(), 0o644);
  expect(await bare(["scopes"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(`hint: chmod 600 ${file()}`),
  });
  chmodSync(file(), 0o600);
  expect((await bare(["logout", "--profile", "other"])).code).toBe(0);
  expect(readFileSync(file(), "utf8")).not.toContain(other.token);
  writeFileSync(file(), `{"profiles": {"default": {"token": "${world.token}"}}}`);
  const broken = await bare(["scopes"]);
  expect(broken.code).toBe(2);
  expect(broken.stderr).toContain("is not what `cadastre login` writes");
  expect(broken.stderr).not.toContain(world.token);
});

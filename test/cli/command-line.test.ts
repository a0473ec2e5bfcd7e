import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { anOwner } from "@cadastre/core/access/testing";
import { createToken } from "@cadastre/core/access/tokens";
import { systemActor } from "@cadastre/core/context";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import about from "../../package.json" with { type: "json" };
import { createWorld, LAUNCHER, OLD_NODE, start, type World } from "./support.ts";

let world: World;

beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.end());

describe("the launcher", () => {
  test("on an older Node it runs the command with the Node that the project brought, exit code and streams included", async () => {
    expect(await start(["--version"], { env: OLD_NODE }).ended).toEqual({
      code: 0,
      stdout: `${about.version}\n`,
      stderr: "",
    });
    const ended = await start(["resources", "lst"], { env: OLD_NODE }).ended;
    expect(ended).toMatchObject({ code: 2, stdout: "" });
    expect(ended.stderr).toContain("Did you mean list?");
  });

  test("on an older Node without another one it says what to do", async () => {
    const bin = world.path("elsewhere/packages/cli/bin");
    mkdirSync(bin, { recursive: true });
    writeFileSync(world.path("elsewhere/package.json"), '{"type": "module"}');
    cpSync(LAUNCHER, join(bin, "cadastre.js"));
    const ended = await start(["--version"], { env: OLD_NODE, launcher: join(bin, "cadastre.js") }).ended;
    expect(ended).toMatchObject({ code: 1, stdout: "" });
    expect(ended.stderr).toContain("Node 24 or newer is needed; this is v20.0.0");
  });
});

describe("the tarball of a release", () => {
  test("has all that the command needs in it, and cannot be published by mistake", async () => {
    const project = fileURLToPath(new URL("../..", import.meta.url));
    execFileSync(process.execPath, ["packages/cli/pack.ts", world.path("releases")], { cwd: project });
    const tarball = world.path(`releases/cadastre-cli-${about.version}.tgz`);
    execFileSync("tar", ["-xzf", tarball], { cwd: world.directory });
    expect(JSON.parse(readFileSync(world.path("package/package.json"), "utf8"))).toMatchObject({ private: true });
    const launcher = world.path("package/bin/cadastre.js");
    const run = (...args: string[]) => start(args, { env: world.env, cwd: world.directory, launcher }).ended;
    expect(await run("--version")).toEqual({ code: 0, stdout: `${about.version}\n`, stderr: "" });
    expect(JSON.parse((await run("jobs", "schedule", "--json")).stdout)).not.toEqual([]);
    const collecting = await run("collect", "gcp", "--projects", "shop-prod", "--key-file", "none.pem");
    expect(collecting).toMatchObject({ code: 2, stderr: expect.stringContaining("the key file none.pem") });
  });
});

describe("what is wrong is said", () => {
  test("without a token: how to get one, with exit code 2, and nothing is sent", async () => {
    const { code, stderr } = await start(["resources", "list"], { env: { CADASTRE_API: world.url } }).ended;
    expect(code).toBe(2);
    expect(stderr).toContain("CADASTRE_TOKEN is not set");
    expect(stderr).toContain("hint: `npm start` prints the first admin token");
  });

  test("a token that the API does not take gives exit code 4, the code and the request's id", async () => {
    const { code, stderr } = await world.start(["resources", "list"], { CADASTRE_TOKEN: "cad_wrong" }).ended;
    expect(code).toBe(4);
    expect(stderr).toContain("(auth.invalid)");
    expect(stderr).toMatch(/request id: req_/);
    expect(stderr).toContain("hint: ");
  });

  test("a token without the scope gives exit code 4", async () => {
    const actor = systemActor("test");
    const principal = await anOwner(world.context);
    const narrow = { name: "narrow", principal, scopes: ["audit:read" as const], expiresInSeconds: 600 };
    const { secret } = await createToken(world.context, actor, narrow);
    const { code, stderr } = await world.start(["resources", "list"], { CADASTRE_TOKEN: secret }).ended;
    expect(code).toBe(4);
    expect(stderr).toContain("(auth.forbidden)");
  });

  test("a token file stands before the variable; with more than a token in it, it is refused and not repeated", async () => {
    writeFileSync(world.path("token"), `${world.token}\n`);
    const more = { CADASTRE_TOKEN: "cad_wrong" };
    expect((await world.start(["--token-file", "token", "scopes"], more).ended).code).toBe(0);
    writeFileSync(world.path("two"), `${world.token}\ncad_other\n`);
    const { code, stderr } = await world.start(["scopes", "--token-file", "two"], more).ended;
    expect(code).toBe(2);
    expect(stderr).toContain("the token file two holds more than a token");
    expect(stderr).not.toContain(world.token);
  });

  test("with --cost the calls of a command add up on stderr, as JSON with --json, and stdout stays what it is", async () => {
    const plain = await world.run("accounts", "list");
    const told = await world.run("accounts", "list", "--cost");
    expect([told.code, told.stdout]).toEqual([0, plain.stdout]);
    expect(told.stderr).toMatch(/^cost: 1 call, [\d.]+ read units, 0 write units, [\d.]+ ms at the API$/m);
    const json = await world.run("--json", "accounts", "add", "aws", "555566667777", "--cost");
    expect(JSON.parse(json.stdout)).toMatchObject({ account: "555566667777" });
    const { cost } = JSON.parse(json.stderr) as { cost: { readonly reads: number; readonly writes: number } };
    expect(cost.reads).toBeGreaterThan(2);
    expect(cost.writes).toBeGreaterThan(10);
    expect(cost).toEqual({
      calls: 1,
      reads: expect.any(Number),
      writes: expect.any(Number),
      milliseconds: expect.any(Number),
    });
    const failed = await world.run("accounts", "show", "aws", "000000000000", "--cost");
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain("cost: 1 call, 4 read units");
  });

  test("an API that is not there gives exit code 5, and an address that is none 2", async () => {
    const away = await world.run("scopes", "--api", "http://127.0.0.1:1");
    expect(away.code).toBe(5);
    expect(away.stderr).toContain("(api.unreachable)");
    const wrong = await world.run("scopes", "--api", "localhost:8787");
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('not "localhost:8787"');
  });

  test("what the API does not have is a failure, however it is named", async () => {
    for (const [args, message] of [
      [["collectors", "approve", "nobody"], 'no collector has the name "nobody"'],
      [
        ["resources", "show", "i-0123456789abcdef0"],
        'nothing that this token may read has the id or name "i-0123456789abcdef0"',
      ],
      [["resources", "show", `res_${"0".repeat(32)}`], "(resource.not_found)"],
    ] as const) {
      const { code, stdout, stderr } = await world.run(...args);
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toContain(message);
    }
  });

  test("what the API refuses is shown with its place", async () => {
    const { code, stderr } = await world.run("resources", "list", "--cidr", "10.0.0.1/8");
    expect(code).toBe(1);
    expect(stderr).toMatch(/error: cidr: .*10\.0\.0\.1\/8.*\(query\.invalid\)/);
    expect(stderr).toContain("request id: req_");
  });

  test.each([
    [["resources", "list", "--kind", "instances"], "Allowed choices are network, subnet, instance"],
    [["resources", "list", "--limit", "0"], "whole number from 1"],
    [["resources", "list", "--all", "--limit", "3"], "cannot be used with"],
    [["resources", "list", "--columns", "nme"], 'there is no column "nme"; did you mean name?'],
    [["resources", "list", "--sort", "-size"], 'there is no column "size"'],
    [["resources", "list", "-o", "xml"], "Allowed choices are table, wide, json, yaml, csv, name"],
    [["resources", "list", "--json", "-o", "csv"], "--json and -o csv are two formats"],
    [["resources", "list", "--watch", "-o", "csv"], "--watch shows a table"],
    [["changes", "--follow", "-o", "csv"], "--follow has no -o csv: table, wide, json, yaml"],
    [["tokens", "create", "x", "--scopes", "audit:read", "-o", "name"], "a new token has no -o name"],
    [["credentials", "reveal", "crd_1", "-o", "csv"], "a secret has no -o csv"],
    [["collect", "aws", "--key-file", "k", "-o", "csv"], "a collection has no -o csv"],
    [["resources", "annotate", "--owner", "x"], "give the id of a resource, or --search QUERY"],
    [["resources", "annotate", "i-1", "--search", "x", "--owner", "x"], "or --search, not both"],
    [["resources", "list", "extra"], "too many arguments"],
    [["resources", "annotate", "res_1"], "give --notes, --owner, or both"],
    [["resource"], "Did you mean resources?"],
    [["scopes", "--statsu", "failed"], "Did you mean --status?"],
    [["collectors", "add", "x", "--accounts", "1", "--key-file", "k"], "required option '--provider <list>'"],
    [["collectors", "add", "x", "--provider", "aws,azure", "--accounts", "1", "--key-file", "k"], '"azure" is none of'],
    [["collectors", "add", "x", "--provider", "aws", "--accounts", "1,,2", "--key-file", "k"], "without empty parts"],
    [["collectors", "add", "Bad Name", "--provider", "aws", "--accounts", "1", "--key-file", "k"], "name: 1 to 63"],
    [["tokens", "create", "x", "--scopes", "all"], '"all" is none of admin'],
    [["tokens", "create", "x", "--scopes", "admin", "--expires-in", "soon"], "a time such as 90d"],
    [["collect", "aws", "--key-file", "k", "--role-name", "R"], "go with --organization"],
    [["collect", "aws", "--key-file", "k", "--organization"], "--organization needs --role-name"],
    [["collect", "aws", "--key-file", "k", "--regions", "mars"], '"mars" is not an AWS region'],
    [["collect", "aws", "--key-file", "k", "--roles", "me"], '"me" is not a role'],
  ])("%j is refused with exit code 2", async (args, message) => {
    const { code, stdout, stderr } = await world.run(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(message);
  });

  test("a collector that cannot be registered leaves no key behind, and an existing key is never replaced", async () => {
    const add = (...more: string[]) => world.run("collectors", "add", "c", "--provider", "aws", ...more);
    await add("--accounts", "a b", "--key-file", "none.pem");
    expect(() => statSync(world.path("none.pem"))).toThrow("ENOENT");
    expect((await add("--accounts", "1", "--key-file", "c.pem", "--algorithm", "ecdsa-p256")).code).toBe(0);
    const again = await add("--accounts", "1", "--key-file", "c.pem", "--algorithm", "ed25519");
    expect(again.code).toBe(2);
    expect(again.stderr).toContain("holds a key of ecdsa-p256-sha256, not ed25519");
    chmodSync(world.path("c.pem"), 0o644);
    const taken = await add("--accounts", "1", "--key-file", "c.pem");
    expect(taken.code).toBe(1);
    expect(taken.stderr).toContain("warning: c.pem can be read by others");
    expect(taken.stderr).toMatch(/\(collector\.(name|key)_taken\)/);
  });

  test("completion knows every command, its options and their choices, without starting anything", async () => {
    const { code, stdout } = await world.run("completion", "bash");
    expect(code).toBe(0);
    writeFileSync(world.path("completion.bash"), stdout);
    const complete = (line: string) => {
      const words = line.split(" ");
      const list = words.map((word) => `'${word}'`).join(" ");
      const script = `source completion.bash; COMP_WORDS=(${list}); COMP_CWORD=${words.length - 1}; _cadastre; echo "\${COMPREPLY[@]}"`;
      return execFileSync("bash", ["-c", script], { cwd: world.directory, encoding: "utf8" }).trim();
    };
    expect(complete("cadastre res")).toBe("resources");
    expect(complete("cadastre --json resources li")).toBe("list");
    expect(complete("cadastre resources list --exp")).toBe("--expires-before");
    expect(complete("cadastre resources list --kind inst")).toBe("instance");
    expect(complete("cadastre resources list -o y")).toBe("yaml");
    expect(complete("cadastre accounts show g")).toBe("gcp");
    expect(complete("cadastre login --token-file comp")).toBe("completion.bash");
    const zsh = (await world.run("completion", "zsh")).stdout;
    const fish = (await world.run("completion", "fish")).stdout;
    for (const command of ["resources annotate", "collect endpoints", "profiles use"]) {
      expect(zsh).toContain(`'${command}'`);
      expect(fish).toContain(`__cadastre_at "${command}"`);
    }
  });

  test("a reader that has seen enough is no error", async () => {
    const running = world.start(["--help"]);
    running.child.stdout?.destroy();
    expect((await running.ended).code).toBe(0);
  });

  test("help is on stdout with exit code 0, and names examples and exit codes", async () => {
    const { code, stdout } = await world.run("collect", "endpoints", "--help");
    expect(code).toBe(0);
    expect(stdout).toContain("$ cadastre collect endpoints --key-file edge.pem");
    expect(stdout).toContain("5  the API cannot be reached");
    const bare = await world.run();
    expect(bare).toMatchObject({ code: 2, stdout: "" });
  });
});

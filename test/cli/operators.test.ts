import { writeFileSync } from "node:fs";
import type { Account } from "@cadastre/contract/account";
import type { AuditRecord } from "@cadastre/contract/audit/record";
import type { Credential } from "@cadastre/contract/credential";
import type { Token } from "@cadastre/contract/token";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createWorld, type Ended, runHere, start, type World } from "./support.ts";

const CANARY = "canary-9d41f7";
let world: World;

beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.end());

const pipe = (input: string, ...args: string[]): Promise<Ended> =>
  start(args, { env: world.env, cwd: world.directory, input }).ended;

async function stored(input: string, ...args: string[]): Promise<Credential> {
  const { code, stdout, stderr } = await pipe(input, "credentials", "add", ...args, "--json");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).not.toContain(CANARY);
  return JSON.parse(stdout) as Credential;
}

describe("credentials", () => {
  test("what comes in on stdin is what is revealed, to the byte and with nothing beside it", async () => {
    const secret = `${CANARY}\n  with lines é\n`;
    const { id } = await stored(secret, "note", "--type", "generic");
    const revealed = await world.run("credentials", "reveal", id, "--reason", "test");
    expect(revealed).toEqual({ code: 0, stdout: secret, stderr: "" });
    const [record] = (await world.json(["audit", "--action", "credential.reveal"])) as [AuditRecord];
    expect(record).toMatchObject({ resource: { type: "credential", id }, outcome: "done" });
  });

  test("an access key is taken as the AWS CLI prints it, from a file, and its secret is in no list", async () => {
    const secretAccessKey = `${CANARY}${"x".repeat(40 - CANARY.length)}`.replace("-", "+");
    const printed = {
      AccessKey: { UserName: "reader", AccessKeyId: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: secretAccessKey },
    };
    writeFileSync(world.path("key.json"), JSON.stringify(printed));
    const made = await stored(
      "",
      "reader",
      "--type",
      "aws_access_key",
      "--provider",
      "aws",
      "--account",
      "123456789012",
      "--secret-file",
      "key.json",
    );
    expect(made).toMatchObject({ type: "aws_access_key", provider: "aws", account: "123456789012" });
    const revealed = await world.run("credentials", "reveal", made.id);
    expect(JSON.parse(revealed.stdout)).toEqual({ accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey });
    for (const args of [["list"], ["list", "--json"], ["show", made.id]]) {
      const { code, stdout } = await world.run("credentials", ...args);
      expect(code).toBe(0);
      expect(stdout).toContain(made.id);
      expect(stdout).not.toContain(secretAccessKey);
    }
  });

  test("the line's end is not part of an API token", async () => {
    const { id } = await stored(`${CANARY}\n`, "hook", "--type", "api_token");
    expect((await world.run("credentials", "reveal", id)).stdout).toBe(CANARY);
  });

  test("a secret of the wrong form is refused before it is sent, and no part of it is repeated", async () => {
    for (const [type, input, message] of [
      ["aws_access_key", `{"accessKeyId": "${CANARY}`, "the secret is not JSON"],
      [
        "aws_access_key",
        JSON.stringify({ accessKeyId: CANARY, secretAccessKey: CANARY }),
        "accessKeyId: an AWS access key id",
      ],
      ["gcp_service_account_key", JSON.stringify({ private_key: CANARY }), "key.type: "],
      ["ssh_private_key", CANARY, "privateKey: an SSH private key in PEM form"],
      ["generic", "", "secret: "],
    ] as const) {
      const { code, stdout, stderr } = await pipe(input, "credentials", "add", "x", "--type", type);
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(stderr).toContain(message);
      expect(stderr).not.toContain(CANARY);
    }
  });

  test("a revoked credential is revealed no more", async () => {
    const { id } = await stored(CANARY, "old", "--type", "generic");
    expect(await world.run("credentials", "revoke", id)).toMatchObject({ code: 0, stdout: "" });
    const { code, stdout, stderr } = await world.run("credentials", "reveal", id);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("(credential.revoked)");
  });
});

describe("tokens", () => {
  test("a made token is alone on stdout, works, is listed without its secret, and ends when it is revoked", async () => {
    const made = await world.run(
      "tokens",
      "create",
      "ci",
      "--scopes",
      "tokens:read,resources:read",
      "--expires-in",
      "1h",
    );
    expect(made.code).toBe(0);
    expect(made.stdout).toMatch(/^cad_\S+\n$/);
    const use = () => world.start(["resources", "list"], { CADASTRE_TOKEN: made.stdout.trim() }).ended;
    expect((await use()).code).toBe(0);
    const tokens = (await world.json(["tokens", "list"])) as Token[];
    const ci = tokens.find((token) => token.name === "ci");
    expect(JSON.stringify(tokens)).not.toContain(made.stdout.trim());
    expect((await world.run("tokens", "revoke", ci?.id ?? "")).code).toBe(0);
    const ended = await use();
    expect(ended.code).toBe(4);
    expect(ended.stderr).toContain("(auth.revoked)");
    expect((await world.run("tokens", "list")).stdout).toMatch(/ci +revoked/);
  });

  test("a rotated token gives way to another at once, which is alone on stdout; the list tells what ends and what nobody uses", async () => {
    const made = await world.run("tokens", "create", "nightly", "--scopes", "accounts:read", "--expires-in", "3d");
    const find = async (name: string, ...more: string[]) =>
      ((await world.json(["tokens", "list", ...more])) as Token[]).filter((one) => one.name === name);
    const [before] = await find("nightly");
    expect(before?.lastUsedAt).toBeUndefined();
    const use = (token: string) => runHere(world, ["accounts", "list"], { env: { CADASTRE_TOKEN: token.trim() } });
    expect((await use(made.stdout)).code).toBe(0);
    expect((await find("nightly"))[0]?.lastUsedAt).toBeDefined();
    const turned = await runHere(world, ["tokens", "rotate", before?.id ?? "", "--overlap", "0s"]);
    expect(turned, turned.stderr).toMatchObject({ code: 0, stdout: expect.stringMatching(/^cad_\S+\n$/) });
    expect((await use(made.stdout)).stderr).toContain("(auth.expired)");
    expect((await use(turned.stdout)).code).toBe(0);
    expect((await find("nightly", "--ending", "7d")).map(({ rotatedFrom }) => rotatedFrom)).toEqual([before?.id]);
    expect(await find("nightly", "--unused", "1d")).toEqual([]);
    expect((await find("nightly", "--unused", "0s")).length).toBe(1);
    const none = await world.run("tokens", "list", "--unused", "3650d");
    expect(none.stdout + none.stderr).toBe("no unused tokens\n");
    expect((await world.run("tokens", "list")).stdout).toMatch(/nightly +expired[\s\S]*nightly +ends soon/);
    expect(await runHere(world, ["tokens", "rotate", before?.id ?? ""])).toMatchObject({ code: 1 });
  });
});

describe("accounts", () => {
  test("an account is added, shown, changed in the parts that are given, listed and removed", async () => {
    const at = ["aws", "123456789012"];
    await world.json(["accounts", "add", ...at, "--name", "payments-prod", "--tier", "gold", "--regions", "eu-west-1"]);
    await world.json(["accounts", "set", ...at, "--owner", "payments", "--regions", ""]);
    const shown = (await world.json(["accounts", "show", ...at])) as Account;
    expect(shown).toMatchObject({ name: "payments-prod", tier: "gold", owner: "payments", regions: [] });
    expect(await world.json(["accounts", "list", "--tier", "gold"])).toHaveLength(1);
    expect(await world.json(["accounts", "list", "--tier", "silver"])).toEqual([]);
    expect((await world.run("accounts", "set", ...at)).stderr).toContain("nothing to change");
    expect((await world.run("accounts", "remove", ...at)).code).toBe(0);
    const gone = await world.run("accounts", "show", ...at);
    expect(gone.code).toBe(1);
    expect(gone.stderr).toContain("(account.not_found)");
  });
});

describe("audit", () => {
  test("tells who did what, newest first", async () => {
    const records = (await world.json(["audit", "--all"])) as AuditRecord[];
    expect(records.map((record) => record.at)).toEqual(
      records
        .map((record) => record.at)
        .sort()
        .reverse(),
    );
    expect(records.map((record) => record.action)).toContain("token.create");
    const table = await world.run("audit", "--action", "token.revoke");
    expect(table.stdout).toMatch(/^AT +ACTOR +ACTION +TYPE +ENTITY +OUTCOME +REQUEST\n/);
  });
});

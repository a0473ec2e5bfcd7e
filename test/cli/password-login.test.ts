import { readFileSync, statSync } from "node:fs";
import { anAdmin } from "@cadastre/core/audit/testing";
import { authenticateSession } from "@cadastre/core/login/authenticate-session";
import { confirmTotp, createRecoveryCodes, createTotp } from "@cadastre/core/login/enrol";
import { SessionListItem, sessionsPartition } from "@cadastre/core/login/items";
import { createLogIn } from "@cadastre/core/login/log-in";
import { createLoginKey } from "@cadastre/core/login/login-key";
import { useLoginLink } from "@cadastre/core/login/login-links";
import { createSetupLink } from "@cadastre/core/login/setup-link";
import { aPerson, cheapPasswords, codeAt, PASSWORD } from "@cadastre/core/login/testing";
import { createKeyFileEncryption } from "@cadastre/functions/adapters/key-file";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createWorld, type Ended, runHere, type World } from "./support.ts";

let world: World;
let admin: string;
const file = () => world.path("config/cadastre/config.json");

beforeAll(async () => {
  world = await createWorld();
  const { secret = "" } = (await createSetupLink(world.context)) ?? {};
  const request = { secret, userName: "ann", password: PASSWORD };
  admin = (await useLoginLink(world.context, cheapPasswords(), request, { requestId: "req_1" })).user;
  await aPerson(world.context, { userName: "bert" });
});
afterAll(() => world.end());

function bare(args: readonly string[], input = ""): Promise<Ended> {
  const env = { CADASTRE_API: world.url, CADASTRE_TOKEN: "", XDG_CONFIG_HOME: world.path("config") };
  return runHere(world, args, { env, input });
}

const sessions = async () =>
  (await world.context.table.query(SessionListItem, { partition: sessionsPartition(admin) })).items.length;

test("a name and a password are exchanged for a token of half a day, which is all that is kept", async () => {
  const done = await bare(["login", "--user", "Ann"], `${PASSWORD}\n`);
  expect(done, done.stderr).toMatchObject({ code: 0, stdout: "" });
  expect(done.stderr).toContain("it reveals no credentials");
  expect(readFileSync(file(), "utf8")).not.toContain(PASSWORD);
  expect(statSync(file()).mode & 0o777).toBe(0o600);
  expect((await bare(["accounts", "list"])).code).toBe(0);
  const [token] = JSON.parse((await bare(["tokens", "list", "--json"])).stdout).slice(-1) as {
    scopes: string[];
    expiresAt: string;
  }[];
  expect(token?.scopes).not.toContain("credentials:reveal");
  expect(Date.parse(token?.expiresAt ?? "") - Date.now()).toBeLessThanOrEqual(12 * 3_600_000);
  expect(await sessions()).toBe(0);
});

test("a wrong password is told, and so is a user who may do nothing; nothing is kept of either", async () => {
  const before = readFileSync(file(), "utf8");
  expect(await bare(["login", "--user", "ann"], "wrong horse battery\n")).toMatchObject({ code: 4 });
  const nothing = await bare(["login", "--user", "bert"], `${PASSWORD}\n`);
  expect(nothing).toMatchObject({ code: 2, stderr: expect.stringContaining("bert may do nothing yet") });
  expect(await bare(["login", "--user", "ann", "--token-file", "x"])).toMatchObject({ code: 2 });
  expect(readFileSync(file(), "utf8")).toBe(before);
});

test("a second factor is asked for, and a recovery code given", async () => {
  const { context } = world;
  const vault = createKeyFileEncryption({ path: world.path("vault.key") });
  const loginKey = createLoginKey(context);
  const ports = { opener: vault, passwords: cheapPasswords(), loginKey };
  const { text } = await createLogIn()(context, ports, { userName: "ann", password: PASSWORD }, { requestId: "req_1" });
  const enrolling = async (cookie: string) => {
    const { session, principal } = await authenticateSession(context, cookie, undefined);
    return { actor: { ...anAdmin, principal }, session, guard: async () => [] };
  };
  const by = await enrolling(text);
  const { id, secret } = await createTotp(context, vault, by, { name: "phone" });
  const given = await confirmTotp(context, { opener: vault, loginKey }, by, {
    id,
    code: codeAt(secret, context.now()),
  });
  const { codes } = await createRecoveryCodes(context, await enrolling(given.text));
  const due = await bare(["login", "--user", "ann"], `${PASSWORD}\n`);
  expect(due).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("a second factor is due: code or recovery-code"),
  });
  const done = await bare(["login", "--user", "ann", "--code", codes[0] ?? ""], `${PASSWORD}\n`);
  expect(done, done.stderr).toMatchObject({ code: 0 });
});

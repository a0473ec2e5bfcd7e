import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { TrustRule } from "@cadastre/contract/trust-rule";
import { createOutside } from "@cadastre/functions/adapters/outside";
import { awsEnvironment } from "@cadastre/simulator/aws/environment";
import { type AwsSimulator, startAwsSimulator } from "@cadastre/simulator/aws/server";
import { createAwsEstate } from "@cadastre/simulator/estate-aws";
import { createFaults } from "@cadastre/simulator/faults";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { aSigningKey, type SigningKey } from "../api/an-issuer.ts";
import { createWorld, runHere, type World } from "./support.ts";

const ISSUER = "https://issuer.test";

let world: World;
let key: SigningKey;
let simulator: AwsSimulator;
/** Gives tokens as the platforms do, and keeps how it was asked. */
let platform: Server;
let place: string;
const asked: { url: string; headers: NodeJS.Dict<string | string[]> }[] = [];
let serviceAccount: string;

beforeAll(async () => {
  key = await aSigningKey();
  const estate = createAwsEstate({ seed: "cli", now: () => new Date() });
  simulator = await startAwsSimulator({ estate, faults: createFaults() });
  world = await createWorld({ outside: createOutside({ loopback: true }), stsEndpoint: simulator.url });
  platform = createServer((request, response) => {
    asked.push({ url: request.url ?? "", headers: request.headers });
    const audience = new URL(request.url ?? "", place).searchParams.get("audience") ?? "";
    void subject(audience).then((token) =>
      response.end(request.url?.startsWith("/computeMetadata/") ? `${token}\n` : JSON.stringify({ value: token })),
    );
  });
  await new Promise<void>((resolve) => platform.listen(0, "127.0.0.1", resolve));
  place = `http://127.0.0.1:${(platform.address() as AddressInfo).port}`;
  const made = (await world.json(["service-accounts", "add", "robot"])) as { id: string };
  serviceAccount = made.id;
  await world.run(
    "bindings",
    "add",
    `service-account/${serviceAccount}`,
    "viewer",
    `organization/${world.context.organization}`,
  );
  writeFileSync(world.path("keys.json"), JSON.stringify({ keys: [key.jwk] }));
});
afterEach(() => vi.unstubAllEnvs());
afterAll(async () => {
  platform.closeAllConnections();
  platform.close();
  await simulator.stop();
  await world.end();
});

const subject = (aud: string, sub = "job") =>
  key.sign({ iss: ISSUER, aud, sub, exp: Math.floor(Date.now() / 1000) + 120 });

async function aRule(...how: string[]): Promise<TrustRule> {
  const args = ["trust-rules", "add", "ci", "--service-account", serviceAccount, "--scopes", "accounts:read", ...how];
  const done = await runHere(world, [...args, "--json"]);
  expect(done.code, done.stderr).toBe(0);
  return JSON.parse(done.stdout) as TrustRule;
}

const anOidcRule = () => aRule("--oidc", ISSUER, "--claim", "sub=job", "--keys", world.path("keys.json"));

const bare = (args: readonly string[], env: Record<string, string>) =>
  runHere(world, args, { env: { CADASTRE_TOKEN: "", XDG_CONFIG_HOME: world.path("config"), ...env } });

test("a rule is made, listed, disabled and removed; a rule for a workload of nobody is refused", async () => {
  const rule = await aRule("--github", "acme/infra", "--ref", "refs/heads/main");
  expect(rule.trusts).toMatchObject({ type: "github", audience: world.url, repository: "acme/infra" });
  expect((await runHere(world, ["trust-rules", "list"])).stdout).toContain("acme/infra refs/heads/main");
  expect((await runHere(world, ["trust-rules", "disable", rule.id])).code).toBe(0);
  expect((await runHere(world, ["trust-rules", "list"])).stdout).toMatch(/ci +disabled/);
  expect((await runHere(world, ["trust-rules", "remove", rule.id])).code).toBe(0);
  const wrong = ["trust-rules", "add", "x", "--service-account", serviceAccount, "--scopes", "accounts:read"];
  for (const how of [
    [],
    ["--github", "*/*"],
    ["--aws", "1/x"],
    ["--kubernetes", "a/b"],
    ["--github", "a/b", "--gcp", "1"],
  ])
    expect((await runHere(world, [...wrong, ...how])).code, how.join(" ")).toBeGreaterThan(0);
});

test("commands exchange by themselves what a platform gives, once each, and keep nothing", async () => {
  const { id: CADASTRE_TRUST_RULE } = await anOidcRule();
  writeFileSync(world.path("subject"), await subject(world.url), { mode: 0o600 });
  const byFile = await bare(["accounts", "list"], {
    CADASTRE_TRUST_RULE,
    CADASTRE_SUBJECT_TOKEN_FILE: world.path("subject"),
  });
  expect(byFile, byFile.stderr).toMatchObject({ code: 0 });
  asked.length = 0;
  const github = {
    ACTIONS_ID_TOKEN_REQUEST_URL: `${place}/token?api-version=2.0`,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: "canary",
  };
  const byGithub = await bare(["accounts", "list"], { CADASTRE_TRUST_RULE, ...github });
  expect(byGithub, byGithub.stderr).toMatchObject({ code: 0 });
  expect(asked).toMatchObject([
    {
      url: `/token?api-version=2.0&audience=${encodeURIComponent(world.url)}`,
      headers: { authorization: "Bearer canary" },
    },
  ]);
  const gcp = { GCE_METADATA_HOST: new URL(place).host };
  const byGcp = await bare(["accounts", "list"], { CADASTRE_TRUST_RULE, ...gcp });
  expect(byGcp, byGcp.stderr).toMatchObject({ code: 0 });
  expect(asked[1]?.headers["metadata-flavor"]).toBe("Google");
  const refused = await bare(["audit"], { CADASTRE_TRUST_RULE, ...github });
  expect(refused).toMatchObject({ code: 4, stderr: expect.stringContaining("(auth.forbidden)") });
});

test("login keeps the short token in a profile, and says what keeps it from one without what is secret", async () => {
  const { id } = await anOidcRule();
  writeFileSync(world.path("subject"), await subject(world.url), { mode: 0o600 });
  const args = ["login", "--workload", "--rule", id, "--subject-token-file", world.path("subject")];
  const done = await bare(args, {});
  expect(done, done.stderr).toMatchObject({
    code: 0,
    stderr: expect.stringContaining("a token for 900 seconds, for accounts:read"),
  });
  expect((await bare(["accounts", "list"], {})).code).toBe(0);
  const wrong = await subject(world.url, "other");
  writeFileSync(world.path("subject"), wrong, { mode: 0o600 });
  const refused = await bare(args, {});
  expect(refused).toMatchObject({ code: 4, stderr: expect.stringContaining("(grant.refused)") });
  expect(refused.stderr).not.toContain(wrong.slice(40));
  expect(await bare(["login", "--workload", "--rule", id], {})).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("--platform"),
  });
  expect(await bare(["login", "--workload"], {})).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("trust rule"),
  });
  expect(await bare(["login", "--workload", "--user", "ann", "--rule", id], {})).toMatchObject({ code: 2 });
});

test("a role of AWS signs for this server alone, and is what the rule says", async () => {
  const account = simulator.estate.accounts[1]?.id ?? "";
  const { id: CADASTRE_TRUST_RULE } = await aRule("--aws", `${account}/deploy`);
  const keys = simulator.estate.principals.issue(1, "deploy", "job-7", 3600);
  const own = {
    ...awsEnvironment(simulator),
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    AWS_SESSION_TOKEN: keys.sessionToken,
  };
  for (const [name, value] of Object.entries(own)) vi.stubEnv(name, value);
  const done = await bare(["accounts", "list"], { CADASTRE_TRUST_RULE, ...own });
  expect(done, done.stderr).toMatchObject({ code: 0 });
  const other = await bare(["accounts", "list"], {
    CADASTRE_TRUST_RULE,
    CADASTRE_AUDIENCE: "https://other.test",
    ...own,
  });
  expect(other).toMatchObject({ code: 4, stderr: expect.stringContaining("(grant.refused)") });
});

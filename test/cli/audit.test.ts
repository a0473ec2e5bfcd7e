import { readFileSync, writeFileSync } from "node:fs";
import { type AuditProof, faultOfProof } from "@cadastre/contract/audit/proof";
import type { AuditRecord } from "@cadastre/contract/audit/record";
import { aSealing, seal } from "@cadastre/core/seals/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createWorld, runHere, type World } from "./support.ts";

let world: World;
const sealing = aSealing();

beforeAll(async () => {
  world = await createWorld();
  for (const name of ["one", "two", "three"])
    await world.json(["accounts", "create", "aws", `11111111111${name.length}`, "--name", name]).catch(() => undefined);
  // A minute later, when the records above are of a minute that is over.
  await seal({ ...world.context, sealing, now: () => new Date(Date.now() + 60_000) });
});
afterAll(() => world.end());

const here = (...args: readonly string[]) => runHere(world, args);
const path = (name: string) => world.path(name);
const linesOf = (name: string) => readFileSync(world.path(name), "utf8").trimEnd().split("\n");

test("an export is a file once it is whole, and is verified without the API by the public key", async () => {
  const key = await here("audit", "public-key");
  expect(key).toMatchObject({ code: 0, stdout: sealing.publicKey.pem });
  writeFileSync(path("audit.pem"), key.stdout);
  expect(await here("audit", "export", "--out", path("log.jsonl"))).toEqual({ code: 0, stdout: "", stderr: "" });
  const offline = { CADASTRE_API: "http://127.0.0.1:9", CADASTRE_TOKEN: "" };
  const verified = await world.start(
    ["audit", "verify", "--export", path("log.jsonl"), "--public-key", path("audit.pem")],
    offline,
  ).ended;
  expect(verified).toMatchObject({ code: 0, stdout: expect.stringContaining("The log holds: ") });
  expect(await here("audit", "verify", "--since", "1h")).toMatchObject({ code: 0 });
  expect(await world.json(["audit", "verify"])).toMatchObject({ holds: true, checkpoints: 1, unsealed: 0 });
});

describe("an export that was changed", () => {
  const verify = (lines: readonly string[]) => {
    writeFileSync(path("changed.jsonl"), `${lines.join("\n")}\n`);
    return here("audit", "verify", "--export", path("changed.jsonl"), "--public-key", path("audit.pem"));
  };

  test("is refused with the record and what is wrong with it", async () => {
    const lines = linesOf("log.jsonl");
    const { id } = JSON.parse(lines[0] ?? "") as AuditRecord;
    const edited = lines.with(0, (lines[0] ?? "").replace('"outcome":"done"', '"outcome":"failed"'));
    expect(await verify(edited)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining(`record ${id}: was edited`),
    });
    expect(await verify(lines.slice(1))).toMatchObject({
      code: 1,
      stdout: expect.stringContaining(`record ${id}: was deleted`),
    });
    expect(await verify(lines.slice(0, -1))).toMatchObject({ code: 1, stdout: expect.stringContaining("cut off") });
  });

  test("is refused by another key, and a file that is no key or no export is told apart from that", async () => {
    writeFileSync(path("other.pem"), aSealing().publicKey.pem);
    expect(
      await here("audit", "verify", "--export", path("log.jsonl"), "--public-key", path("other.pem")),
    ).toMatchObject({
      code: 1,
      stdout: expect.stringContaining("not among those given"),
    });
    expect(
      await here("audit", "verify", "--export", path("log.jsonl"), "--public-key", path("log.jsonl")),
    ).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("no PEM public key"),
    });
    expect(
      await here("audit", "verify", "--export", path("none.jsonl"), "--public-key", path("audit.pem")),
    ).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("there is no such file"),
    });
  });
});

test("a proof is checked by whoever has it and the public key", async () => {
  const [record] = (await world.json(["audit", "--oldest", "--limit", "1"])) as [AuditRecord];
  const { code, stdout } = await here("audit", "prove", record.id, "--public-key", path("audit.pem"));
  const proof = JSON.parse(stdout) as AuditProof;
  expect({ code, record: proof.record }).toEqual({ code: 0, record });
  expect(await faultOfProof(proof, [sealing.publicKey])).toBeUndefined();
  expect(await faultOfProof({ ...proof, record: { ...record, outcome: "denied" } }, [sealing.publicKey])).toBeDefined();
  // Kept as a file it is checked without the API, by whoever has the key.
  const alone = (...args: readonly string[]) =>
    here("audit", "verify", "--api", "http://127.0.0.1:1", "--proof", ...args);
  writeFileSync(path("proof.json"), stdout);
  writeFileSync(path("edited.json"), JSON.stringify({ ...proof, record: { ...record, outcome: "denied" } }));
  expect(await alone(path("proof.json"), "--public-key", path("audit.pem"))).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(`${record.id} was sealed at`),
  });
  expect(await alone(path("edited.json"), "--public-key", path("audit.pem"))).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("not the one that the leaf is of"),
  });
  writeFileSync(path("more.json"), JSON.stringify({ ...proof, record: { ...record, note: "x" } }));
  expect(await alone(path("more.json"), "--public-key", path("audit.pem"))).toMatchObject({ code: 1 });
  expect(await alone(path("audit.pem"), "--public-key", path("audit.pem"))).toMatchObject({ code: 2 });
  expect(await here("audit", "prove", record.id, "--public-key", path("other.pem"))).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("does not hold"),
  });
});

test("is exported as CSV and CEF, a line for each record", async () => {
  const records = (await world.json(["audit", "--oldest", "--all"])) as AuditRecord[];
  const csv = (await here("audit", "export", "--format", "csv")).stdout.trimEnd().split("\r\n");
  expect(csv[0]).toMatch(/^id,at,organization,actorType,/);
  expect(csv.slice(1).map((line) => line.split(",")[0])).toEqual(records.map(({ id }) => id));
  const cef = (await here("audit", "export", "--format", "cef")).stdout.trimEnd().split("\n");
  expect(cef.map((line) => /externalId=(\S+)/.exec(line)?.[1])).toEqual(records.map(({ id }) => id));
  expect(cef[0]).toMatch(/^CEF:0\|Cadastre\|Cadastre\|[\d.]+\|token\.create\|token create\|3\|rt=\d+ /);
});

test("checkpoints are listed", async () => {
  const { stdout } = await here("audit", "checkpoints");
  expect(stdout).toMatch(/^SEQUENCE +FROM +TO +RECORDS/);
});

test("is sent on by forwarders: made with a secret that is shown once, listed, changed, tested and removed", async () => {
  const ca = world.path("authority.pem");
  writeFileSync(ca, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  const webhook = await here("audit", "forwarders", "add-webhook", "https://siem.example.com/in?a=1");
  expect(webhook.stdout).toMatch(/^whsec_[A-Za-z0-9+/=]{44}\n$/);
  const syslog = await here("audit", "forwarders", "add-syslog", "logs.example.com", "--ca", ca, "--json");
  expect(syslog.code).toBe(0);
  const made = JSON.parse(syslog.stdout);
  expect(made).toMatchObject({ type: "syslog", port: 6514, personal: "ids", ca: readFileSync(ca, "utf8") });
  expect(made.secret).toBeUndefined();
  const listed = await here("audit", "forwarders", "list", "--json");
  expect(listed.stdout).not.toContain("whsec_");
  const [first] = (JSON.parse(listed.stdout).items ?? JSON.parse(listed.stdout)) as { id: string }[];
  const rotated = await here("audit", "forwarders", "rotate", first?.id ?? "", "--overlap", "2h");
  expect(rotated.stdout).toMatch(/^whsec_/);
  expect(rotated.stdout).not.toBe(webhook.stdout);
  const paused = await here("audit", "forwarders", "pause", made.id, "--json");
  expect(JSON.parse(paused.stdout)).toMatchObject({ paused: true });
  const set = await here("audit", "forwarders", "set", made.id, "--no-ca", "--port", "7000", "--json");
  expect(JSON.parse(set.stdout)).toMatchObject({ port: 7000, paused: true });
  expect(JSON.parse(set.stdout).ca).toBeUndefined();
  expect((await here("audit", "forwarders", "set", made.id)).code).toBe(2);
  const wrong = await here("audit", "forwarders", "set", made.id, "--url", "https://x.example.com");
  expect(wrong.stderr).toContain("is for webhook");
  expect((await here("audit", "forwarders", "rotate", made.id)).stderr).toContain("forwarder.unsigned");
  for (const url of ["http://x.example.com", "https://a:b@x.example.com", "x"])
    expect((await here("audit", "forwarders", "add-webhook", url)).code, url).not.toBe(0);
  const tested = await here("audit", "forwarders", "test", made.id, "--json");
  expect(JSON.parse(tested.stdout).state.test).toMatchObject({ askedAt: expect.any(String) });
  expect((await here("audit", "forwarders", "delete", made.id)).code).toBe(0);
  expect((await here("audit", "forwarders", "show", made.id)).stderr).toContain("forwarder.not_found");
});

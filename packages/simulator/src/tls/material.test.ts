import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { issueCertificate, type KeyType } from "./certificates.ts";
import { openMaterial } from "./material.ts";

let directory: string;
const host = "127.0.0.1";

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "cadastre-material-"));
});
afterAll(() => rm(directory, { recursive: true }));

const make = (keyType: KeyType) => () =>
  issueCertificate({
    commonName: "kept.cadastre.test",
    purpose: "server",
    notBefore: new Date("2030-01-01T00:00:00Z"),
    notAfter: new Date("2030-04-01T00:00:00Z"),
    keyType,
  });

it.each(["P-256", "RSA-1024", "RSA-2048"] as const)(
  "a kept %s certificate comes back with a key that signs for it",
  async (keyType) => {
    const before = await openMaterial({ host, directory });
    const made = await before.certificate(keyType, "recipe", make(keyType));
    await before.save();
    const after = await openMaterial({ host, directory });
    const kept = await after.certificate(keyType, "recipe", () => Promise.reject(new Error("made again")));
    expect([kept.pem, kept.keyPem, kept.fingerprint]).toEqual([made.pem, made.keyPem, made.fingerprint]);
    const { name } = kept.keys.privateKey.algorithm;
    const data = Buffer.from("data");
    const signature = await crypto.subtle.sign({ name, hash: "SHA-256" }, kept.keys.privateKey, data);
    const verified = await crypto.subtle.verify({ name, hash: "SHA-256" }, made.keys.publicKey, signature, data);
    expect(verified).toBe(true);
  },
);

it("a certificate that is to be made otherwise now is made anew, and this is said", async () => {
  const before = await openMaterial({ host, directory });
  const made = await before.certificate("name", "ten days", make("P-256"));
  before.usePort("fine", 20_443);
  await before.save();
  const after = await openMaterial({ host, directory });
  const anew = await after.certificate("name", "twenty days", make("P-256"));
  expect(anew.fingerprint).not.toBe(made.fingerprint);
  expect(after.renewed).toEqual([
    expect.stringContaining("the certificate of name was not made as it is asked for now"),
  ]);
  expect(after.ports.get("fine")).toBe(20_443);
  await after.save();
  const last = await openMaterial({ host, directory });
  expect((await last.certificate("name", "twenty days", make("P-256"))).fingerprint).toBe(anew.fingerprint);
});

it("nothing reaches the file before it is saved", async () => {
  const file = join(directory, "tls-endpoints.json");
  const before = await readFile(file, "utf8");
  const material = await openMaterial({ host, directory });
  await material.certificate("unsaved", "recipe", make("P-256"));
  material.usePort("unsaved", 20_444);
  expect(await readFile(file, "utf8")).toBe(before);
});

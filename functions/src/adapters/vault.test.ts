import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { CredentialSecret, NewCredential } from "@cadastre/contract/credential";
import { aContext, anActor, auditRecords } from "@cadastre/core/audit/testing";
import { createCredential, getCredential, listCredentials, revokeCredential } from "@cadastre/core/vault/credentials";
import { CredentialItem, SealedItem } from "@cadastre/core/vault/items";
import { fetchBoundCredential, revealCredential } from "@cadastre/core/vault/reveal";
import { put, replace, type Stored } from "@cadastre/store/table";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createKeyFileEncryption, ensureKeyFile } from "./key-file.ts";

const CANARY = "canary7f3a91c0ffee";
const SECRETS: readonly CredentialSecret[] = [
  { type: "aws_access_key", accessKeyId: "AKIAABCDEFGHIJKLMNOP", secretAccessKey: CANARY.padEnd(40, "x") },
  {
    type: "gcp_service_account_key",
    key: {
      type: "service_account",
      project_id: "p",
      private_key_id: CANARY,
      private_key: `-----BEGIN PRIVATE KEY-----${CANARY}`,
      client_email: "a@b.example",
    },
  },
  {
    type: "ssh_private_key",
    privateKey: `-----BEGIN OPENSSH PRIVATE KEY-----\n${CANARY}\n-----END OPENSSH PRIVATE KEY-----`,
  },
  { type: "api_token", token: CANARY },
  { type: "generic", secret: CANARY },
];

const aGeneric = (more: Partial<NewCredential> = {}): NewCredential => ({
  name: "n",
  description: "",
  secret: { type: "generic", secret: CANARY },
  ...more,
});

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cadastre-vault-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function aVault() {
  const key = join(folder, "vault.key");
  ensureKeyFile({ path: key });
  const path = join(folder, "table.sqlite");
  return { path, context: aContext({ path }), encryption: createKeyFileEncryption({ path: key }) };
}

/** Whether a dump holds the text, as it is or in another coding. */
function holds(dump: Buffer, text: string): boolean {
  const base64 = [0, 1, 2].map((shift) =>
    Buffer.concat([Buffer.alloc(shift), Buffer.from(text)])
      .toString("base64")
      .slice(4, -4),
  );
  return [text, Buffer.from(text).toString("hex"), ...base64].some((form) => dump.includes(form));
}

test("the search for a canary finds it in each coding", () => {
  for (const coding of ["utf8", "hex", "base64", "base64url"] as const) {
    for (const before of ["", "1", "12", "123"]) {
      expect(holds(Buffer.from(Buffer.from(`${before}${CANARY}..`).toString(coding)), CANARY)).toBe(true);
    }
  }
});

describe("the vault over a key file and a table in a file", () => {
  test.each(SECRETS)("stores and reveals a secret of type $type unchanged", async (secret) => {
    const { context, encryption } = aVault();
    const made = await createCredential(context, encryption, anActor, { name: "n", description: "", secret });
    expect(await revealCredential(context, encryption, anActor, made.id)).toEqual({ ...made, secret });
  });

  test("ciphertexts that were swapped between two rows do not open, and open again when put back", async () => {
    const { context, encryption } = aVault();
    const [one, two] = await Promise.all(
      ["first", "second"].map((secret) =>
        createCredential(context, encryption, anActor, {
          name: "n",
          description: "",
          provider: "aws",
          account: "1",
          secret: { type: "generic", secret },
        }),
      ),
    );
    if (!one || !two) throw new Error("both are made");
    const sealedOf = async (id: string) => {
      const sealed = await context.table.get(SealedItem, { id });
      if (!sealed) throw new Error("it is sealed");
      return sealed.ciphertext;
    };
    const [ofOne, ofTwo] = [await sealedOf(one.id), await sealedOf(two.id)];
    const store = (first: Uint8Array, second: Uint8Array) =>
      context.table.commit([
        put(SealedItem, { id: one.id, ciphertext: first }),
        put(SealedItem, { id: two.id, ciphertext: second }),
      ]);
    await store(ofTwo, ofOne);
    for (const { id } of [one, two]) {
      await expect(revealCredential(context, encryption, anActor, id)).rejects.toMatchObject({
        code: "credential.unreadable",
      });
    }
    await store(ofOne, ofTwo);
    expect((await revealCredential(context, encryption, anActor, one.id)).secret).toMatchObject({ secret: "first" });
    const outcomes = (await auditRecords(context)).map((record) => record.outcome);
    expect(outcomes).toEqual(["done", "done", "failed", "failed", "done"]);
  });

  test.each<[string, Partial<CredentialItem>]>([
    ["another name", { name: "other" }],
    ["another description", { description: "other" }],
    ["another creator", { createdBy: "user:usr_other" }],
    ["another time", { createdAt: "2026-01-01T00:00:00.000Z" }],
    ["another generation", { generation: 2 }],
    ["another account", { account: "2" }],
    ["no generation, as if it were older", { generation: undefined }],
  ])("a row that was given %s does not open", async (_, change) => {
    const { context, encryption } = aVault();
    const made = await createCredential(context, encryption, anActor, aGeneric({ provider: "aws", account: "1" }));
    const { version, ...stored } = (await context.table.get(CredentialItem, made)) as Stored<CredentialItem>;
    await context.table.commit([replace(CredentialItem, { ...stored, ...change } as CredentialItem, version)]);
    await expect(revealCredential(context, encryption, anActor, made.id)).rejects.toMatchObject({
      code: "credential.unreadable",
    });
    await context.table.commit([put(CredentialItem, stored)]);
    expect((await revealCredential(context, encryption, anActor, made.id)).secret).toMatchObject({ secret: CANARY });
  });

  test("a revoked credential whose rows are put back to how they were does not open", async () => {
    const { context, encryption, path } = aVault();
    const made = await createCredential(context, encryption, anActor, aGeneric());
    const table = new DatabaseSync(path);
    const of =
      "FROM items i JOIN partitions p ON p.id = i.partition WHERE i.type IN ('credential', 'sealed-credential')";
    const rows = table.prepare(`SELECT p.pk, i.* ${of}`).all();
    await revokeCredential(context, anActor, made.id);
    for (const row of rows) {
      table.prepare("INSERT OR IGNORE INTO partitions (pk) VALUES (?)").run(row.pk as string);
      table.prepare("DELETE FROM items WHERE type = ?").run(row.type as string);
      table
        .prepare(
          "INSERT INTO items (partition, sk, type, body, version, size) SELECT id, ?, ?, ?, ?, ? FROM partitions WHERE pk = ?",
        )
        .run(...(["sk", "type", "body", "version", "size", "pk"].map((name) => row[name]) as string[]));
    }
    table.close();
    expect(await getCredential(context, made.id)).not.toHaveProperty("revokedAt");
    await expect(revealCredential(context, encryption, anActor, made.id)).rejects.toMatchObject({
      code: "credential.unreadable",
      message: "it was put back to how it once was",
    });
  });

  test.each([
    ["is no JSON", "nothing"],
    ["has another form", "{}"],
    ["has bytes that are none", 'b{"id":"x","ciphertext":{"$bytes":7}}'],
    ["has other bytes", 'b{"id":"ID","ciphertext":{"$bytes":"AAAA"}}'],
  ])("a stored ciphertext that %s is an error of the credential, not of the service", async (_, body) => {
    const { context, encryption, path } = aVault();
    const made = await createCredential(context, encryption, anActor, aGeneric());
    const table = new DatabaseSync(path);
    table.prepare("UPDATE items SET body = ? WHERE type = 'sealed-credential'").run(body.replace("ID", made.id));
    table.close();
    await expect(revealCredential(context, encryption, anActor, made.id)).rejects.toMatchObject({
      code: "credential.unreadable",
    });
    const [, access] = await auditRecords(context);
    expect(access).toMatchObject({ outcome: "failed", detail: { code: "credential.unreadable" } });
  });

  test("revoking leaves nothing of the ciphertext in the file or its log, while both are in use", async () => {
    const { context, encryption, path } = aVault();
    const made = await createCredential(context, encryption, anActor, aGeneric());
    const sealed = await context.table.get(SealedItem, { id: made.id });
    const text = Buffer.from(sealed?.ciphertext ?? []).toString("base64");
    // Any part of it: it may lie across pages.
    const parts = Array.from({ length: Math.floor(text.length / 60) }, (_, n) => text.slice(n * 60, n * 60 + 60));
    const kept = () => {
      const all = Buffer.concat([readFileSync(path), readFileSync(`${path}-wal`)]);
      return parts.filter((part) => all.includes(part)).length;
    };
    expect(parts.length).toBeGreaterThan(3);
    expect(kept()).toBeGreaterThan(0);
    await revokeCredential(context, anActor, made.id);
    expect(kept()).toBe(0);
  });

  test("a canary is in no stored item, index, audit record, list or error, in any form", async () => {
    const { path, context, encryption } = aVault();
    const shown: unknown[] = [];
    for (const secret of SECRETS) {
      const input = { name: secret.type, description: "", secret };
      const made = await createCredential(context, encryption, anActor, input);
      await revealCredential(context, encryption, anActor, made.id, { reason: "look" });
      const collector = { id: "col_1", name: "c", credential: made.id };
      await fetchBoundCredential(context, encryption, collector, anActor);
      shown.push(made, await getCredential(context, made.id), await revokeCredential(context, anActor, made.id));
      shown.push(await revealCredential(context, encryption, anActor, made.id).catch((error: Error) => error.stack));
    }
    const kept = await createCredential(context, encryption, anActor, {
      name: "kept",
      description: "",
      secret: { type: "generic", secret: CANARY },
    });
    shown.push(await listCredentials(context, { limit: 100 }), await auditRecords(context));
    expect((await revealCredential(context, encryption, anActor, kept.id)).secret).toEqual({
      type: "generic",
      secret: CANARY,
    });
    await context.table.close();

    const database = new DatabaseSync(path, { readOnly: true });
    const tables = database.prepare("select name from sqlite_master where type = 'table'").all();
    const rows = tables.flatMap(({ name }) => database.prepare(`select * from "${String(name)}"`).all());
    database.close();
    expect(rows.length).toBeGreaterThan(30);
    const cells = rows
      .flatMap((row) => Object.values(row))
      .map((cell) => (cell instanceof Uint8Array ? Buffer.from(cell) : Buffer.from(String(cell))));
    const dump = Buffer.concat([await readFile(path), ...cells, Buffer.from(JSON.stringify(shown))]);
    expect(holds(dump, CANARY)).toBe(false);
    expect(holds(dump, "credential.reveal")).toBe(true);
  });
});

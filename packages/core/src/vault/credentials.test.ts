import { credential } from "@cadastre/contract/credential";
import { describe, expect, test } from "vitest";
import { aContext, anActor, auditRecords, withEmptyReplica } from "../audit/testing.ts";
import { actorName } from "../context.ts";
import { createCredential, getCredential, listCredentials, revokeCredential } from "./credentials.ts";
import { SealedItem } from "./items.ts";
import { aNewCredential, aVault } from "./testing.ts";

const NOBODY = "crd_01JD0000000000000000000000";

describe("storing a credential", () => {
  test("answers and lists metadata alone, and leaves one audit record", async () => {
    const context = aContext();
    const made = await createCredential(context, aVault(), anActor, aNewCredential({ provider: "aws", account: "1" }));
    expect(credential.strict().parse(made)).toMatchObject({
      name: "deploy",
      type: "generic",
      provider: "aws",
      account: "1",
    });
    expect(await getCredential(context, made.id)).toEqual(made);
    expect(await listCredentials(context, { limit: 10 })).toEqual({ items: [made] });
    expect(await auditRecords(context)).toMatchObject([
      { action: "credential.create", target: made.id, detail: { name: "deploy", type: "generic" } },
    ]);
  });

  test("binds the ciphertext to the row, the type and the account, and shows the key service no name", async () => {
    const context = aContext();
    const vault = aVault();
    const bound = await createCredential(context, vault, anActor, aNewCredential({ provider: "aws", account: "1" }));
    const free = await createCredential(context, vault, anActor, aNewCredential());
    expect(vault.contexts).toStrictEqual([
      { credential: bound.id, type: "generic", provider: "aws", account: "1", row: expect.stringMatching(/^\w{64}$/) },
      { credential: free.id, type: "generic", row: expect.stringMatching(/^\w{64}$/) },
    ]);
  });

  test("zeroes the plaintext's bytes", async () => {
    const vault = aVault();
    await createCredential(aContext(), vault, anActor, aNewCredential());
    expect(vault.buffers).toHaveLength(1);
    expect(vault.buffers[0]?.every((byte) => byte === 0)).toBe(true);
  });

  test("writes nothing when the key service does not answer", async () => {
    const context = aContext();
    const vault = aVault();
    vault.isUp = false;
    await expect(createCredential(context, vault, anActor, aNewCredential())).rejects.toMatchObject({
      code: "service.unavailable",
    });
    expect(await listCredentials(context, { limit: 10 })).toEqual({ items: [] });
    expect(await auditRecords(context)).toEqual([]);
  });
});

describe("who is limited to accounts", () => {
  const limitedTo = (context: ReturnType<typeof aContext>) => ({ ...context, restriction: { accounts: ["aws/1"] } });

  test("stores a credential of these alone; for another, or for none, nothing is sealed and nothing written", async () => {
    const context = aContext();
    const limited = limitedTo(context);
    const vault = aVault();
    for (const place of [{ provider: "aws", account: "2" } as const, { provider: "gcp", account: "1" } as const, {}])
      await expect(createCredential(limited, vault, anActor, aNewCredential(place))).rejects.toMatchObject({
        code: "auth.forbidden",
        message: expect.stringContaining("aws/1"),
      });
    expect(vault.buffers).toEqual([]);
    expect(await auditRecords(context)).toEqual([]);
    const own = await createCredential(limited, vault, anActor, aNewCredential({ provider: "aws", account: "1" }));
    expect(await listCredentials(context, { limit: 10 })).toEqual({ items: [own] });
  });

  test("neither sees nor revokes those of others", async () => {
    const context = aContext();
    const limited = limitedTo(context);
    const other = await createCredential(context, aVault(), anActor, aNewCredential({ provider: "aws", account: "2" }));
    await expect(getCredential(limited, other.id)).rejects.toMatchObject({ code: "credential.not_found" });
    await expect(revokeCredential(limited, anActor, other.id)).rejects.toMatchObject({ code: "credential.not_found" });
    expect(await listCredentials(limited, { limit: 10 })).toEqual({ items: [] });
    expect(await getCredential(context, other.id)).toEqual(other);
  });
});

test("what was just stored can be read and revoked at once, however far replicas are behind", async () => {
  const context = withEmptyReplica(aContext());
  const made = await createCredential(context, aVault(), anActor, aNewCredential());
  expect(await getCredential(context, made.id)).toEqual(made);
  expect((await revokeCredential(context, anActor, made.id)).revokedAt).toBeDefined();
});

describe("revoking a credential", () => {
  test("removes its ciphertext, keeps its metadata, and a repeat changes nothing", async () => {
    const context = aContext();
    const made = await createCredential(context, aVault(), anActor, aNewCredential());
    context.advance(5);
    const revoked = await revokeCredential(context, anActor, made.id);
    expect(revoked).toMatchObject({ revokedAt: "2026-11-22T05:00:05.000Z", revokedBy: actorName(anActor) });
    expect(await context.table.get(SealedItem, { id: made.id }, { consistent: true })).toBeUndefined();
    context.advance(5);
    expect(await revokeCredential(context, anActor, made.id)).toEqual(revoked);
    expect(await auditRecords(context)).toMatchObject([
      { action: "credential.create", target: made.id },
      { action: "credential.revoke", target: made.id, detail: { name: "deploy", type: "generic" } },
    ]);
  });

  test("of an unknown id finds nothing", async () => {
    const context = aContext();
    await expect(revokeCredential(context, anActor, NOBODY)).rejects.toMatchObject({ code: "credential.not_found" });
    await expect(getCredential(context, NOBODY)).rejects.toMatchObject({ code: "credential.not_found" });
  });
});

test("the list of credentials is paged, oldest first, and never reads a ciphertext", async () => {
  const context = aContext();
  const big = { type: "generic" as const, secret: "x".repeat(32_000) };
  for (const name of ["a", "b", "c"]) {
    context.advance(1);
    await createCredential(
      context,
      { seal: async (plaintext) => Uint8Array.from(plaintext) },
      anActor,
      aNewCredential({ name, secret: big }),
    );
  }
  const { result: first, units } = await context.table.meter.measure(() => listCredentials(context, { limit: 2 }));
  expect(first.items.map((item) => item.name)).toEqual(["a", "b"]);
  expect(units.read).toBe(1);
  const second = await listCredentials(context, { limit: 2, cursor: first.cursor });
  expect(second.items.map((item) => item.name)).toEqual(["c"]);
  await expect(listCredentials(context, { limit: 2, cursor: "x" })).rejects.toMatchObject({ code: "cursor.invalid" });
});

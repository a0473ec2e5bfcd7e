import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { createCollectorAuthentication } from "@cadastre/core/access/authenticate-collector";
import { authenticateToken } from "@cadastre/core/access/authenticate-token";
import { bootstrapAdminToken } from "@cadastre/core/access/bootstrap";
import { listCollectors } from "@cadastre/core/access/collectors";
import { approveCollector, rejectCollector } from "@cadastre/core/access/decide-collector";
import { registerCollector } from "@cadastre/core/access/register-collector";
import { aCollector, aKey, aSignedRequest } from "@cadastre/core/access/testing";
import { createAccount } from "@cadastre/core/accounts/accounts";
import { listAudit } from "@cadastre/core/audit/list";
import { aContext, anAdmin, auditRecords } from "@cadastre/core/audit/testing";
import { createCredential, revokeCredential } from "@cadastre/core/vault/credentials";
import { revealCredential } from "@cadastre/core/vault/reveal";
import { aNewCredential, aVault } from "@cadastre/core/vault/testing";
import { createDynamoTable } from "@cadastre/store/dynamo";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DynamoEngine, startDynamoEngine } from "../../../test/support/dynamo-engine.ts";
import { createDynamoEngineTable } from "../../../test/support/dynamo-table.ts";

let engine: DynamoEngine;
let client: DynamoDBClient;
let tables = 0;

beforeAll(async () => {
  engine = await startDynamoEngine();
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  client = new DynamoDBClient({ endpoint: engine.endpoint, region: "us-east-1", credentials });
});
afterAll(async () => {
  client.destroy();
  await engine.stop();
});

async function aDynamoContext() {
  const tableName = `access-${process.pid}-${tables++}`;
  await createDynamoEngineTable(client, tableName);
  return aContext({ table: (now) => createDynamoTable({ client, tableName, now }) });
}

const outcomes = (results: readonly PromiseSettledResult<unknown>[]) =>
  results.map((result) => (result.status === "fulfilled" ? "done" : String(result.reason.code))).sort();

describe("on the DynamoDB driver", () => {
  test("of registrations of one name at the same time exactly one wins", async () => {
    const context = await aDynamoContext();
    const results = await Promise.allSettled(
      [1, 2, 3, 4].map(() => registerCollector(context, anAdmin, aCollector(aKey()))),
    );
    const [done, ...refused] = outcomes(results).reverse();
    expect(done).toBe("done");
    for (const code of refused) expect(["collector.name_taken", "request.conflict"]).toContain(code);
    const { items } = await listCollectors(context, { limit: 10, lastSeen: async () => undefined });
    expect(items).toHaveLength(1);
    expect(await auditRecords(context)).toHaveLength(1);
  });

  test("of one signed request that comes several times at once exactly one passes, at one unit each way", async () => {
    const context = await aDynamoContext();
    const key = aKey("p256");
    await registerCollector(context, anAdmin, aCollector(key), { approved: true });
    const authenticate = createCollectorAuthentication({ context });
    const request = await aSignedRequest(key, context.now());
    const results = await Promise.allSettled([1, 2, 3, 4].map(() => authenticate(request)));
    expect(outcomes(results)).toEqual(["done", ...Array(3).fill("signature.replayed")]);
    const next = await aSignedRequest(key, context.now());
    const { units, calls } = await context.table.meter.measure(() => authenticate(next));
    expect({ units, calls }).toEqual({ units: { read: 1, write: 1 }, calls: 2 });
  });

  test("an approval and a rejection at the same time: exactly one is done", async () => {
    const context = await aDynamoContext();
    const { id } = await registerCollector(context, anAdmin, aCollector(aKey()));
    const results = await Promise.allSettled([
      approveCollector(context, anAdmin, id),
      rejectCollector(context, anAdmin, id),
    ]);
    expect(outcomes(results)).toEqual(["collector.state", "done"]);
    expect(await auditRecords(context)).toHaveLength(2);
  });

  test("the first admin token is made once by processes that start at the same time, and authenticates", async () => {
    const context = await aDynamoContext();
    const made = await Promise.all([1, 2, 3].map(() => bootstrapAdminToken(context)));
    expect(new Set(made.map((one) => one.tokenId)).size).toBe(1);
    const { secret = "" } = made.find((one) => one.secret !== undefined) ?? {};
    const { units } = await context.table.meter.measure(() => authenticateToken(context, secret));
    expect(units).toEqual({ read: 3, write: 0 });
  });

  test("a credential is sealed, revealed and revoked with its records", async () => {
    const context = await aDynamoContext();
    const vault = aVault();
    const { id } = await createCredential(context, vault, anAdmin, aNewCredential());
    expect((await revealCredential(context, vault, anAdmin, id)).secret).toEqual(aNewCredential().secret);
    await revokeCredential(context, anAdmin, id);
    await expect(revealCredential(context, vault, anAdmin, id)).rejects.toMatchObject({ code: "credential.revoked" });
    await createAccount(context, anAdmin, {
      provider: "aws",
      account: "1",
      name: "",
      platform: "",
      tier: "",
      environment: "",
      owner: "",
      regions: [],
      notes: "",
    });
    const first = await listAudit(context, { limit: 3 });
    const second = await listAudit(context, { limit: 3, cursor: first.cursor });
    expect([...first.items, ...second.items].map((record) => `${record.action} ${record.outcome}`)).toEqual([
      "account.create done",
      "credential.reveal failed",
      "credential.revoke done",
      "credential.reveal done",
      "credential.create done",
    ]);
  });
});

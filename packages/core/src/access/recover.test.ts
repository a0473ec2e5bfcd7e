import { expect, test } from "vitest";
import { aContext, auditRecords } from "../audit/testing.ts";
import { systemActor } from "../context.ts";
import { authenticateToken } from "./authenticate-token.ts";
import { recoverAdminToken } from "./recover.ts";
import { listTokens } from "./tokens.ts";

const REASON = "both admins have left";

test("a recovered admin token can do what the first one can, is listed, and its record says why it was made", async () => {
  const context = aContext();
  const { tokenId, secret } = await recoverAdminToken(context, systemActor("inv-1"), { reason: REASON });
  expect(await authenticateToken(context, secret)).toMatchObject({
    type: "service-account",
    roles: [{ role: "SystemAdmin" }, { role: "vault-user" }],
    token: { id: tokenId, scopes: ["admin", "credentials:reveal"] },
  });
  expect((await listTokens(context, { limit: 10 })).items.map(({ id }) => id)).toEqual([tokenId]);
  const records = await auditRecords(context);
  expect(records).toMatchObject([
    { action: "token.recover", target: tokenId, actor: "system", requestId: "inv-1", detail: { reason: REASON } },
  ]);
  expect(JSON.stringify(records)).not.toContain(secret);
  context.advance(366 * 86_400 - 1);
  await authenticateToken(context, secret);
  context.advance(1);
  await expect(authenticateToken(context, secret)).rejects.toMatchObject({ code: "auth.expired" });
});

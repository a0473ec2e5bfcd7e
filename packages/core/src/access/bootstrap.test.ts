import { describe, expect, test } from "vitest";
import { aContext, anAdmin, auditRecords, withEmptyReplica } from "../audit/testing.ts";
import { authenticateToken } from "./authenticate-token.ts";
import { bootstrapAdminToken, markFirstTokenShown } from "./bootstrap.ts";
import { listTokens, revokeToken } from "./tokens.ts";

const TEXT = "an-operators-own-token";

describe("the first admin token", () => {
  test("is made once, its text is answered once, and it may do everything", async () => {
    const context = aContext();
    const first = await bootstrapAdminToken(context);
    expect(await authenticateToken(context, first.secret ?? "")).toMatchObject({
      type: "user",
      name: "admin",
      roles: [{ role: "SystemAdmin" }, { role: "vault-user" }],
      token: { id: first.tokenId, scopes: ["admin", "credentials:reveal"] },
    });
    expect(await bootstrapAdminToken(context)).toEqual({ tokenId: first.tokenId });
    expect((await listTokens(context, { limit: 10 })).items).toHaveLength(1);
    expect(await auditRecords(context)).toHaveLength(1);
  });

  test("is made once, however far replicas are behind, ends after 366 days, and its record says what it may", async () => {
    const context = withEmptyReplica(aContext());
    const { tokenId, secret = "" } = await bootstrapAdminToken(context);
    expect(await bootstrapAdminToken(context)).toEqual({ tokenId });
    expect(await auditRecords(context)).toMatchObject([
      {
        action: "token.create",
        target: tokenId,
        actor: "system",
        detail: { name: "first admin", scopes: ["admin", "credentials:reveal"] },
      },
    ]);
    context.advance(366 * 86_400 - 1);
    await authenticateToken(context, secret);
    context.advance(1);
    await expect(authenticateToken(context, secret)).rejects.toMatchObject({ code: "auth.expired" });
  });

  test("that nobody was shown is made again where that is asked for, and the lost one ends in the same commit", async () => {
    const context = aContext();
    const lost = await bootstrapAdminToken(context);
    const made = await bootstrapAdminToken(context, { untilShown: true });
    expect(await authenticateToken(context, made.secret ?? "")).toMatchObject({ token: { id: made.tokenId } });
    await expect(authenticateToken(context, lost.secret ?? "")).rejects.toMatchObject({ code: "auth.revoked" });
    expect((await auditRecords(context)).map(({ action, detail }) => [action, detail.insteadOf])).toEqual([
      ["token.create", undefined],
      ["token.create", lost.tokenId],
    ]);
    await markFirstTokenShown(context);
    await markFirstTokenShown(context);
    expect(await bootstrapAdminToken(context, { untilShown: true })).toEqual({ tokenId: made.tokenId });
    await authenticateToken(context, made.secret ?? "");
  });

  test("that was revoked before anybody was shown it stays so", async () => {
    const context = aContext();
    const { tokenId } = await bootstrapAdminToken(context);
    await revokeToken(context, anAdmin, tokenId);
    expect(await bootstrapAdminToken(context, { untilShown: true })).toEqual({ tokenId });
  });

  test("is made once by two processes that start at the same time", async () => {
    const context = aContext();
    const made = await Promise.all([1, 2, 3, 4].map(() => bootstrapAdminToken(context)));
    expect(new Set(made.map((one) => one.tokenId)).size).toBe(1);
    expect(made.filter((one) => one.secret !== undefined)).toHaveLength(1);
    expect((await listTokens(context, { limit: 10 })).items).toHaveLength(1);
  });

  test("can have a text that the operator gave, which counts only where it is configured", async () => {
    const context = aContext();
    const { tokenId } = await bootstrapAdminToken(context, { secret: TEXT });
    const given = { text: TEXT, tokenId };
    expect(await bootstrapAdminToken(context, { secret: TEXT })).toEqual({ tokenId });
    expect(await authenticateToken(context, TEXT, given)).toMatchObject({ token: { id: tokenId } });
    const other = await bootstrapAdminToken(context);
    expect(await authenticateToken(context, other.secret ?? "", given)).toMatchObject({ token: { id: other.tokenId } });
    await expect(authenticateToken(context, TEXT)).rejects.toMatchObject({ code: "auth.invalid" });
    await expect(authenticateToken(context, `${TEXT}x`, given)).rejects.toMatchObject({ code: "auth.invalid" });
  });

  test("a given text that was configured wrongly for another token does not open it", async () => {
    const context = aContext();
    const first = await bootstrapAdminToken(context);
    const given = { text: TEXT, tokenId: first.tokenId };
    await expect(authenticateToken(context, TEXT, given)).rejects.toMatchObject({ code: "auth.invalid" });
  });

  test("a given text that is a token already is that token", async () => {
    const context = aContext();
    const { tokenId, secret = "" } = await bootstrapAdminToken(context);
    expect(await bootstrapAdminToken(context, { secret })).toEqual({ tokenId });
    expect((await listTokens(context, { limit: 10 })).items).toHaveLength(1);
  });

  test("a given text in our form needs no configuration to authenticate", async () => {
    const { secret = "" } = await bootstrapAdminToken(aContext());
    const elsewhere = aContext();
    const { tokenId } = await bootstrapAdminToken(elsewhere, { secret });
    expect(await authenticateToken(elsewhere, secret)).toMatchObject({ token: { id: tokenId } });
  });

  test("stays revoked when it was revoked; another text makes another token", async () => {
    const context = aContext();
    const { tokenId } = await bootstrapAdminToken(context, { secret: TEXT });
    await revokeToken(context, anAdmin, tokenId);
    await bootstrapAdminToken(context, { secret: TEXT });
    await expect(authenticateToken(context, TEXT, { text: TEXT, tokenId })).rejects.toMatchObject({
      code: "auth.revoked",
    });
    const second = await bootstrapAdminToken(context, { secret: `${TEXT}-2` });
    expect(second.tokenId).not.toBe(tokenId);
  });

  test("a given text that is short or has spaces is refused with what is allowed, and not repeated", async () => {
    for (const secret of ["x".repeat(16), "x".repeat(512)])
      expect(await bootstrapAdminToken(aContext(), { secret })).toMatchObject({ secret });
    for (const secret of ["x".repeat(15), "x".repeat(513), "has spaces in between it", "é".repeat(20)]) {
      const attempt = bootstrapAdminToken(aContext(), { secret });
      await expect(attempt).rejects.toThrow(RangeError);
      await expect(attempt).rejects.toThrow(
        "a given admin token must have 16 to 512 visible ASCII characters without spaces",
      );
    }
  });
});

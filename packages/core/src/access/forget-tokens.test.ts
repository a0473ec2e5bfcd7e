import { newToken } from "@cadastre/contract/token";
import { ConflictError } from "@cadastre/store/errors";
import { check, put } from "@cadastre/store/table";
import { expect, test } from "vitest";
import { aContext, anAdmin } from "../audit/testing.ts";
import { systemActor } from "../context.ts";
import { forgetTokens } from "./forget-tokens.ts";
import { BootstrapItem, TokenItem } from "./items.ts";
import { anOwner } from "./testing.ts";
import { createToken, revokeToken } from "./tokens.ts";

test("a token that is revoked while it is to be forgotten stays: it ended just now", async () => {
  const context = aContext();
  const principal = await anOwner(context);
  const input = newToken.parse({ name: "t", principal, scopes: ["audit:read"], expiresInSeconds: 60 });
  const { id } = await createToken(context, systemActor("req_1"), input);
  context.advance(1000);
  const key = { source: "guard" };
  await context.table.commit([put(BootstrapItem, { ...key, token: "x" })]);
  const forget = { endedBefore: context.now(), after: undefined, guard: check(BootstrapItem, key, "present") };
  const commit: typeof context.table.commit = async (writes) => {
    await revokeToken(context, anAdmin, id);
    return context.table.commit(writes);
  };
  const late = { ...context, table: { ...context.table, commit } };
  await expect(forgetTokens(late, forget)).rejects.toThrow(ConflictError);
  expect(await forgetTokens(context, forget)).toEqual({ removed: 0 });
  expect(await context.table.get(TokenItem, { id })).toBeDefined();
});

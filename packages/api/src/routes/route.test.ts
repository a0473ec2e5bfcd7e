import { accounts } from "@cadastre/contract/endpoints/accounts";
import { audit } from "@cadastre/contract/endpoints/audit";
import { tokens } from "@cadastre/contract/endpoints/tokens";
import { expect, test } from "vitest";
import { implement } from "./route.ts";

const empty = async () => ({ items: [] });

test("an area is implemented whole, by handlers that its definitions type, or the compiler refuses it", () => {
  const routes = implement(audit, { list: empty });
  expect(routes.map(({ endpoint }) => endpoint)).toEqual([audit.list]);

  // @ts-expect-error: an endpoint is not implemented
  implement(audit, {});
  // @ts-expect-error: there is no such endpoint
  implement(audit, { list: empty, drop: empty });
  // @ts-expect-error: not what the endpoint answers
  implement(audit, { list: async () => ({ items: [{ id: 1 }] }) });
  const { create: _, ...others } = accounts;
  const anAccount = async () => {
    throw new Error("never called");
  };
  implement(others, {
    list: empty,
    // @ts-expect-error: the query has no such filter
    get: ({ query }) => query.wheel,
    patch: ({ body }) => Promise.reject(new Error(body.tier)),
    delete: anAccount,
  });
  // @ts-expect-error: takes an Idempotency-Key, and must say what a repeat is answered
  implement({ create: tokens.create }, { create: anAccount });
});

test("an endpoint that does not say what it does, and to what, is no route", () => {
  const { list } = audit;
  const { access: _, ...silent } = list;
  for (const broken of [
    silent,
    { ...list, access: { kind: "operator" } },
    { ...list, access: { kind: "operator", action: "audit:read" } },
  ])
    expect(() => implement({ list: broken as unknown as typeof list }, { list: empty })).toThrow("who may call it");
});

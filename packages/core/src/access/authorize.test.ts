import { COLLECTOR_ACTIONS, OPERATOR_ACTIONS, type ResourceType } from "@cadastre/contract/actions";
import { describe, expect, test } from "vitest";
import { type Principal, principalOf, systemActor, type UsedToken } from "../context.ts";
import { authorize, decideAccess, may } from "./authorize.ts";

const aPrincipal = (type: Principal["type"], token?: UsedToken): Principal => ({
  ...principalOf({ type, id: "x" }),
  ...(token ? { token } : {}),
});
const aToken = (scopes: string[], accounts?: string[]) =>
  aPrincipal("user", { id: "tok_x", scopes, ...(accounts ? { accounts } : {}) });
const A_RESOURCE = { type: "resource" } as const;

describe("a token", () => {
  test("may do what its scopes name, and nothing else", () => {
    for (const scope of OPERATOR_ACTIONS) {
      const allowed = OPERATOR_ACTIONS.filter((action) => may(aToken([scope]), action, A_RESOURCE));
      expect(allowed).toEqual([scope]);
    }
    expect(OPERATOR_ACTIONS.some((action) => may(aToken([]), action, A_RESOURCE))).toBe(false);
  });

  test("of an admin may do all but reveal credentials", () => {
    const denied = OPERATOR_ACTIONS.filter((action) => !may(aToken(["admin"]), action, A_RESOURCE));
    expect(denied).toEqual(["credentials:reveal"]);
    expect(may(aToken(["credentials:reveal"]), "credentials:reveal", { type: "credential" })).toBe(true);
  });

  test("is not a collector, whatever its scopes say", () => {
    for (const action of COLLECTOR_ACTIONS)
      expect(may(aToken(["admin", action]), action, { type: "run" }), action).toBe(false);
  });

  test("is told which scope is missing, and a collector that it may only deliver", () => {
    expect(() => authorize(aPrincipal("collector"), "audit:read", { type: "audit" })).toThrow(
      expect.objectContaining({ code: "auth.forbidden", message: "a collector may only deliver" }),
    );
    expect(() => authorize(aToken(["resources:read"]), "audit:read", { type: "audit" })).toThrow(
      expect.objectContaining({ code: "auth.forbidden", message: "this needs the scope audit:read" }),
    );
  });

  test("that is not limited may see everything", () => {
    expect(authorize(aToken(["admin"]), "resources:read", A_RESOURCE)).toBeUndefined();
  });

  test("that is limited to accounts may see of things that belong to accounts only theirs, and nothing of others", () => {
    const limited = aToken(["admin"], ["aws/1"]);
    expect(authorize(limited, "resources:read", A_RESOURCE)).toEqual({ accounts: ["aws/1"] });
    const theirs: ResourceType[] = ["account", "credential", "hold", "resource", "scope", "token"];
    for (const type of theirs)
      expect(decideAccess(limited, "audit:read", { type })).toEqual({
        allowed: true,
        restriction: { accounts: ["aws/1"] },
      });
    const ofAll: ResourceType[] = ["audit", "collector", "consumer", "job", "run", "trigger"];
    for (const type of ofAll)
      expect(decideAccess(limited, "audit:read", { type })).toEqual({
        allowed: false,
        reason: "the token is limited to aws/1, and this concerns all accounts",
      });
  });
});

test("a collector may do its three things and nothing that operators do", () => {
  const collector = aPrincipal("collector");
  for (const action of COLLECTOR_ACTIONS) expect(may(collector, action, { type: "run" }), action).toBe(true);
  for (const action of OPERATOR_ACTIONS) expect(may(collector, action, A_RESOURCE), action).toBe(false);
});

test("the service itself may do everything", () => {
  const { principal } = systemActor("r");
  expect([...OPERATOR_ACTIONS, ...COLLECTOR_ACTIONS].every((action) => may(principal, action, A_RESOURCE))).toBe(true);
});

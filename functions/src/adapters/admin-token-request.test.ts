import { describe, expect, test } from "vitest";
import { readAdminTokenRequest } from "./admin-token-request.ts";

const REASON = "both admins have left";

describe("an invocation of admin-token", () => {
  test.each([undefined, null, {}])("with %o is for the first token", (event) => {
    expect(readAdminTokenRequest(event, "prod")).toEqual({ recover: false });
  });

  test("recovers when it names the deployment and says why", () => {
    expect(readAdminTokenRequest({ recover: "prod", reason: ` ${REASON} ` }, "prod")).toEqual({
      recover: true,
      reason: REASON,
    });
  });

  test.each([
    [{ recover: "staging", reason: REASON }, 'recover must be the deployment\'s name, "prod"'],
    [{ recover: true, reason: REASON }, "recover must be"],
    [{ reason: REASON }, "recover must be"],
    [{ recover: "prod" }, "reason is missing"],
    [{ recover: "prod", reason: "lost" }, "reason is too short"],
    [{ recover: "prod", reason: "x".repeat(501) }, "reason is too long"],
    [{ recover: "prod", reason: REASON, scopes: ["admin"] }, "scopes is not known"],
    ["prod", "allowed are {}"],
  ] as const)("with %o makes no token, and says what is allowed", (event, problem) => {
    expect(() => readAdminTokenRequest(event, "prod")).toThrow(problem);
    expect(() => readAdminTokenRequest(event, "prod")).toThrow('{"recover":"prod","reason":"…"}');
  });
});

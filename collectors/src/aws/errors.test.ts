import { expect, test } from "vitest";
import { MalformedError } from "../values.ts";
import { AssumeRoleError, toScopeError } from "./errors.ts";

/** An error as the SDK makes it: its class does not matter, its members do. */
function sdkError(name: string, members: object = {}, message = "words"): Error {
  return Object.assign(new Error(message), { name, ...members });
}
const answered = (httpStatusCode: number) => ({ $metadata: { httpStatusCode } });

test.each([
  ["denied", sdkError("UnauthorizedOperation", answered(403), "You are not authorized to perform this operation.")],
  ["denied", sdkError("AccessDeniedException", answered(400))],
  ["denied_by_scp", sdkError("UnauthorizedOperation", answered(403), "an explicit deny in a service control policy")],
  ["throttled", sdkError("RequestLimitExceeded", answered(503))],
  ["throttled", sdkError("TooManyRequestsException", answered(400))],
  ["not_opted_in", sdkError("OptInRequired", answered(401))],
  ["region_disabled", sdkError("RegionDisabledException", answered(403))],
  ["invalid_credentials", sdkError("AuthFailure", answered(401))],
  ["invalid_credentials", sdkError("ExpiredTokenException", answered(403))],
  ["invalid_credentials", sdkError("UnrecognizedClient", answered(403))],
  ["invalid_credentials", sdkError("RequestTimeTooSkewed", answered(403))],
  ["invalid_credentials", sdkError("CredentialsProviderError")],
  ["service_error", sdkError("InternalError", answered(500))],
  ["service_error", sdkError("Unknown", answered(502))],
  ["network", sdkError("TimeoutError", { code: "ECONNRESET" }, "socket hang up")],
  ["network", sdkError("Error", { code: "ENOTFOUND" })],
  ["network", sdkError("Error", { code: "CERT_HAS_EXPIRED" })],
  ["timeout", sdkError("TimeoutError", { code: "ETIMEDOUT" })],
  ["timeout", sdkError("TimeoutError")],
  ["malformed", sdkError("Error", { ...answered(200), $response: {} })],
  ["malformed", new MalformedError("VpcId is missing")],
  ["unexpected", sdkError("InvalidParameterValue", answered(400))],
  ["unexpected", "a text"],
] as const)("what the SDK reports is told apart: %s", (code, error) => {
  expect(toScopeError(error, "ec2:DescribeVpcs")).toMatchObject({ code, operation: "ec2:DescribeVpcs" });
});

test("only a refusal of the role itself is assume_role_denied", () => {
  const of = (cause: unknown) => toScopeError(new AssumeRoleError("arn:aws:iam::111122223333:role/r", cause), "x").code;
  expect(of(sdkError("AccessDenied", answered(403)))).toBe("assume_role_denied");
  expect(of(sdkError("AccessDenied", answered(403), "explicit deny in a service control policy"))).toBe(
    "denied_by_scp",
  );
  expect(of(sdkError("ExpiredToken", answered(403)))).toBe("invalid_credentials");
  expect(of(sdkError("Throttling", answered(400)))).toBe("throttled");
});

test("messages name the error, fit the contract and leave out the SDK's advice to programmers", () => {
  const advice =
    "unexpected end\n  Deserialization error: to see the raw response, inspect the hidden field {error}.$response on this object.";
  expect(toScopeError(sdkError("Error", answered(200), advice), "x").message).toBe("unexpected end");
  expect(toScopeError(sdkError("AuthFailure", {}, "no\nsuch key"), "x").message).toBe("AuthFailure: no such key");
  expect(toScopeError(sdkError("UnauthorizedOperation", {}, "x".repeat(5_000)), "x").message).toHaveLength(1_000);
  expect(toScopeError(sdkError("AggregateError", { code: "ECONNREFUSED" }, ""), "x").message).toContain("ECONNREFUSED");
});

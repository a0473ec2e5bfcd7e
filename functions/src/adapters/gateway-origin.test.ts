import { parsePrefix } from "@cadastre/net/prefix";
import { describe, expect, test } from "vitest";
import { createGatewayOrigin } from "./gateway-origin.ts";

const TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

function anEnv(sourceIp: string | undefined, headers: Record<string, string> = {}) {
  return {
    event: { requestContext: { requestId: "JKJaXmPLvHcESHA=", http: { sourceIp } }, headers },
    lambdaContext: { awsRequestId: "c6af9ac6" },
  };
}
const allowed = [parsePrefix("203.0.113.0/24"), parsePrefix("2001:db8::/32")];

describe("how a request came through the gateway", () => {
  test("is told by the ids that it has there, in Lambda and in a trace", () => {
    const { line } = createGatewayOrigin({ allowed: undefined })(anEnv("1.2.3.4", { "x-amzn-trace-id": TRACE }));
    expect(line).toEqual({ gatewayRequestId: "JKJaXmPLvHcESHA=", invocation: "c6af9ac6", trace: TRACE });
  });

  test.each(["a b", "x\n{}", "é", "x".repeat(257), '"'])("leaves out a trace that is none: %j", (trace) => {
    const { line } = createGatewayOrigin({ allowed: undefined })(anEnv("1.2.3.4", { "x-amzn-trace-id": trace }));
    expect(line).not.toHaveProperty("trace");
  });

  test.each([
    ["203.0.113.255", true],
    ["203.0.114.0", false],
    ["2001:db8:ffff::1", true],
    ["2001:db9::1", false],
    ["::ffff:203.0.113.1", false],
    ["", false],
    ["unknown", false],
    [undefined, false],
  ])("from %s people may call, of two blocks: %s", (address, isAllowed) => {
    expect(createGatewayOrigin({ allowed })(anEnv(address)).isAllowed).toBe(isAllowed);
  });

  test("is the address that the gateway saw, whatever headers claim", () => {
    const env = anEnv("198.51.100.1", { "x-forwarded-for": "203.0.113.1", forwarded: "for=203.0.113.1" });
    expect(createGatewayOrigin({ allowed })(env).isAllowed).toBe(false);
  });

  test("is from anywhere without a list, and from nowhere with one when nothing is known of it", () => {
    expect(createGatewayOrigin({ allowed: undefined })(undefined).isAllowed).toBe(true);
    expect(createGatewayOrigin({ allowed })(undefined)).toEqual({ line: {}, isAllowed: false });
  });
});

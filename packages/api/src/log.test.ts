import { ProblemError } from "@cadastre/contract/errors";
import { expect, it } from "vitest";
import { faultLine, toLoggedError } from "./log.ts";

const nested = new Error("outer canary", { cause: new TypeError("inner canary") });

it("a fault is logged with its stack and its causes", () => {
  const line = faultLine(new ProblemError("service.internal", undefined, { cause: nested }), "req_1", false);
  expect(line).toMatchObject({
    level: "error",
    requestId: "req_1",
    code: "service.internal",
    error: { name: "Error", message: "outer canary", cause: { name: "TypeError", message: "inner canary" } },
  });
  expect(JSON.stringify(line)).toContain("log.test.ts");
});

it("of a request with a secret only names and places are logged", () => {
  const line = faultLine(new ProblemError("service.unavailable", undefined, { cause: nested }), "req_1", true);
  expect(JSON.stringify(line)).not.toContain("canary");
  expect(line).toMatchObject({ error: { name: "Error", cause: { name: "TypeError" } } });
});

it("a message of several lines is not taken for a stack", () => {
  const logged = toLoggedError(new Error("first\n    at canary"), true);
  expect(JSON.stringify(logged)).not.toContain("canary");
});

it("what was thrown and is no error is logged by its type, and an endless chain of causes ends", () => {
  expect(toLoggedError("canary", false)).toEqual({ name: "string", stack: [] });
  const circle = new Error("a");
  circle.cause = circle;
  expect(JSON.stringify(toLoggedError(circle, false)).match(/"message"/g)).toHaveLength(5);
});

import { ApiError } from "@cadastre/client/api-error";
import { expect, test } from "vitest";
import { EXIT, exitCodeOf, UsageError } from "../exit-codes.ts";
import { renderFailure, toFailure } from "./failure.ts";
import { aScreen } from "./testing.ts";

const anError = (more: Partial<ConstructorParameters<typeof ApiError>[0]> = {}) =>
  new ApiError({ code: "request.invalid", status: 422, detail: "two things are wrong", ...more });

test("an API error says what was wrong, its code, every place, the request's id and what can be done", () => {
  const error = anError({
    code: "collector.name_taken",
    errors: [{ path: "name", message: "is \u001b[31mtaken" }],
    requestId: "req_1",
  });
  expect(renderFailure(toFailure(error), aScreen()).split("\n")).toEqual([
    "error: two things are wrong (collector.name_taken)",
    "  name: is \\u001b[31mtaken",
    "  request id: req_1",
    "hint: `cadastre collectors show NAME` shows it; a revoked collector's name is free again",
    "",
  ]);
});

test("a place that the message names already is not said twice", () => {
  const error = anError({ detail: "cidr: has host bits", errors: [{ path: "cidr", message: "has host bits" }] });
  expect(renderFailure(toFailure(error), aScreen())).toBe("error: cidr: has host bits (request.invalid)\n");
});

test("exit codes tell usage, authorisation, an API that is away, and all other failures apart", () => {
  expect(exitCodeOf(new UsageError("no"))).toBe(EXIT.usage);
  expect(exitCodeOf(anError({ status: 401 }))).toBe(EXIT.unauthorised);
  expect(exitCodeOf(anError({ status: 403 }))).toBe(EXIT.unauthorised);
  expect(exitCodeOf(anError({ code: "api.unreachable", status: 0 }))).toBe(EXIT.unreachable);
  expect(exitCodeOf(anError())).toBe(EXIT.failure);
  expect(exitCodeOf(new Error("no"))).toBe(EXIT.failure);
});

import { expect, test } from "vitest";
import { RefusedError, UnavailableError } from "../api-errors.ts";
import { decideVerdict, toProblem } from "./problems.ts";

const refused = (status: number, code?: string) => new RefusedError("POST /x", status, code ? { code } : {});

test.each([
  ["rejected", 422, "discovery.digest_mismatch"],
  ["rejected", 422, "discovery.version"],
  ["rejected", 422, "request.invalid"],
  ["rejected", 413, "request.too_large"],
  ["rejected", 409, "discovery.scope_not_open"],
  ["rejected", 403, "collector.foreign_account"],
  ["waiting", 403, "collector.pending"],
  ["waiting", 403, "collector.revoked"],
  ["waiting", 401, "signature.unknown_key"],
  ["waiting", 401, "signature.stale"],
  ["waiting", 404, "request.not_found"],
  ["waiting", 404, "discovery.run_not_found"],
  ["waiting", 409, "request.conflict"],
  ["waiting", 409, "signature.replayed"],
  ["waiting", 409, "discovery.shards_missing"],
  ["waiting", 422, undefined],
] as const)("a run is %s after %i %s", (verdict, status, code) => {
  expect(decideVerdict(refused(status, code))).toBe(verdict);
});

test("a run waits when there was no answer, and when it was told to end", () => {
  expect(decideVerdict(new UnavailableError("no answer"))).toBe("waiting");
  expect(decideVerdict(new Error("Ctrl-C"))).toBe("waiting");
  expect(toProblem(new Error("Ctrl-C"), true).code).toBe("session.interrupted");
  expect(toProblem(new Error("a fault of ours"), false).code).toBe("session.failed");
});

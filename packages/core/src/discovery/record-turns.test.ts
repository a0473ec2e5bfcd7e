import type { ScopeStatus } from "@cadastre/contract/scope";
import { describe, expect, it } from "vitest";
import { decideTurn } from "./record-turns.ts";

const said = (status: ScopeStatus, ...codes: string[]) => ({
  status,
  errors: codes.map((code) => ({ code, message: "no" })),
});

describe("a turn of a scope", () => {
  it("is none when its status is what it was, whatever the errors, and when it is complete the first time", () => {
    expect(decideTurn(said("complete"), said("complete"))).toBeUndefined();
    expect(decideTurn(said("failed", "denied"), said("failed", "throttled"))).toBeUndefined();
    expect(decideTurn(undefined, said("complete"))).toBeUndefined();
  });

  it("is any other status, with the codes of its errors, each once and in order, where they differ", () => {
    expect(decideTurn(said("complete"), said("failed", "throttled", "denied", "denied"))).toEqual([
      { path: "status", before: "complete", after: "failed" },
      { path: "errors", before: [], after: ["denied", "throttled"] },
    ]);
    expect(decideTurn(said("failed", "a", "b"), said("partial", "b", "a"))).toEqual([
      { path: "status", before: "failed", after: "partial" },
    ]);
    expect(decideTurn(undefined, said("skipped"))).toEqual([{ path: "status", after: "skipped" }]);
  });
});

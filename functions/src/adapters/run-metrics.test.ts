import type { SessionResult } from "@cadastre/collectors/session/session";
import { describe, expect, test } from "vitest";
import { writeRunMetrics } from "./run-metrics.ts";

type Scope = SessionResult["scopes"][number];
const aScope = (status: Scope["status"], ...codes: string[]): Scope => ({
  provider: "tls",
  account: "main",
  region: "global",
  kind: "certificate",
  status,
  errors: codes.map((code) => ({ code, message: "m" })),
  resources: 1,
  created: 0,
  updated: 0,
  unchanged: 1,
  retired: 0,
  held: 0,
});

function figuresOf(scopes: readonly Scope[], more: Partial<SessionResult> = {}) {
  const lines: string[] = [];
  const result = { delivered: true, failures: [], scopes, totals: { resources: 7 }, ...more } as SessionResult;
  const write = (line: string) => void lines.push(line);
  writeRunMetrics({ deployment: "prod", collector: "tls", result, now: new Date(1000), write });
  return JSON.parse(lines.join());
}

describe("a run's figures", () => {
  test("are kept by the deployment and the collector", () => {
    const line = figuresOf([aScope("complete")]);
    expect(line).toMatchObject({
      Deployment: "prod",
      Collector: "tls",
      DeliveredRuns: 1,
      CompleteRuns: 1,
      Resources: 7,
    });
    expect(line._aws).toMatchObject({
      Timestamp: 1000,
      CloudWatchMetrics: [{ Namespace: "Cadastre", Dimensions: [["Deployment", "Collector"]] }],
    });
  });

  test("an endpoint that does not answer makes a run less than complete, and nothing of it failing", () => {
    expect(figuresOf([aScope("complete"), aScope("partial", "endpoints_unreachable")])).toMatchObject({
      DeliveredRuns: 1,
      CompleteRuns: 0,
      ScopesNotComplete: 1,
      ScopesFailing: 0,
    });
  });

  test("a scope that fails for another reason is failing, also when endpoints do not answer beside it", () => {
    const scopes = [
      aScope("partial", "endpoints_unreachable", "timeout"),
      aScope("failed", "denied"),
      aScope("skipped"),
    ];
    expect(figuresOf(scopes)).toMatchObject({ Scopes: 3, ScopesNotComplete: 2, ScopesFailing: 2 });
  });

  test("a scope without a reason is failing: nobody said that it is an endpoint's fault", () => {
    expect(figuresOf([aScope("failed")])).toMatchObject({ ScopesFailing: 1 });
  });

  test.each([[{ delivered: false }], [{ failures: [new Error("no accounts")] }]])(
    "a run with %o is none that was delivered",
    (more) => {
      expect(figuresOf([aScope("complete")], more)).toMatchObject({ DeliveredRuns: 0, CompleteRuns: 0 });
    },
  );
});

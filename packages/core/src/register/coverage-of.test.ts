import type { ScopeKey } from "@cadastre/contract/scope";
import { describe, expect, it } from "vitest";
import { parseSearch } from "../subjects/parse-search.ts";
import { coverageFiltersOf } from "./coverage-of.ts";

const of = (q: string) => coverageFiltersOf(parseSearch(q, new Date(0)));
const aScope = (more: Partial<ScopeKey> = {}): ScopeKey => ({
  provider: "aws",
  account: "111122223333",
  region: "us-east-1",
  kind: "network",
  ...more,
});
const means = (q: string, more: Partial<ScopeKey> = {}) => of(q).matches?.(aScope(more));

describe("the scopes that a search is of", () => {
  it("are all where nothing that must hold says where", () => {
    for (const q of ["", "web", "status:any", "kind:vpc OR kind:subnet", "-kind:vpc", "has:owner"])
      expect(of(q), q).toEqual({});
  });

  it("are a provider's where nothing else is said: those are counted", () => {
    expect(of("provider:aws web")).toEqual({ provider: "aws" });
    expect(of("provider:aws kind:vpc")).not.toHaveProperty("provider");
    expect(of("provider:aws,gcp")).not.toHaveProperty("provider");
    expect(of("kind:vpc")).not.toHaveProperty("provider");
  });

  it("are looked up by the account and the region where there is one of each, and it is whole", () => {
    expect(of("account:aws/111122223333 region:us-east-1")).toMatchObject({
      account: "111122223333",
      region: "us-east-1",
    });
    expect(of("region:us-east-1 account:1")).toMatchObject({ account: "1", region: "us-east-1" });
    expect(of("region:us-* account:1*")).toMatchObject({ account: undefined, region: undefined });
    expect(of("kind:vpc")).toMatchObject({ account: undefined, region: undefined });
    expect(of("account:1 kind:vpc")).toMatchObject({ account: "1", region: undefined });
  });

  it("are those that can have all that is asked for", () => {
    expect(means("kind:vpc")).toBe(true);
    expect(means("kind:vpc,subnet", { kind: "subnet" })).toBe(true);
    expect(means("kind:vpc", { kind: "subnet" })).toBe(false);
    expect(means("provider:aws,gcp")).toBe(true);
    expect(means("provider:gcp,tls")).toBe(false);
    expect(means("account:1111*")).toBe(true);
    expect(means("account:2*")).toBe(false);
    expect(means("region:us-*")).toBe(true);
    expect(means("region:eu-*")).toBe(false);
    expect(means("region:us-east-1 kind:subnet")).toBe(false);
    expect(means("kind:vpc web")).toBe(true);
  });
});

import { describe, expect, it } from "vitest";
import { parseSearch } from "../subjects/parse-search.ts";
import { countFiltersOf } from "./counted-query.ts";

const of = (q: string) => countFiltersOf(parseSearch(q, new Date(0)));

describe("a search that counts alone can tell the number of", () => {
  it.each([
    ["", {}],
    ["type:resource", {}],
    ["type:resource kind:vpc", { kind: "network" }],
    ["status:any", { status: "any" }],
    ["status:retired", { status: "retired" }],
    ["status:active", { status: "active" }],
    ["kind:vpc provider:aws", { kind: "network", provider: "aws" }],
    ["account:aws/111122223333", { provider: "aws", account: "111122223333" }],
    ["region:us-east-1 (kind:vm AND status:any)", { region: "us-east-1", kind: "instance", status: "any" }],
  ])("has the filters that it is: %s", (q, filters) => {
    expect(of(q)).toEqual(filters);
  });
});

describe("of a search that is more than filters, or another thing, counts tell nothing:", () => {
  it.each([
    "web",
    "status:active,retired",
    "type:account",
    "kind:vpc OR kind:subnet",
    "-kind:vpc",
    "kind:vpc web",
    "kind:vpc,subnet",
    "provider:aws,gcp",
    "account:1*",
    "account:111122223333,444455556666",
    "region:us-*",
    "region:us-east-1,us-east-2",
    "has:owner",
    "expires:<60d",
    "name:web",
    "tag:env",
    "kind:vm AND kind:vm",
    "status:active AND status:any",
    "status:any AND status:active",
    "status:active AND status:active",
    "status:any AND status:any",
    "provider:aws AND provider:aws",
    "region:us-east-1 AND region:us-east-1",
    "account:1 AND account:1",
  ])("%s", (q) => {
    expect(of(q)).toBeUndefined();
  });
});

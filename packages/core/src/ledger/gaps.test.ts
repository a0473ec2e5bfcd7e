import { scopeName } from "@cadastre/contract/scope";
import { put } from "@cadastre/store/table";
import { describe, expect, it } from "vitest";
import { aContext } from "../audit/testing.ts";
import type { Context } from "../context.ts";
import { GapItem, readCoverage } from "./gaps.ts";

const SINCE = "2026-01-01T00:00:00.000Z";

/** A context in which so many scopes of an account have a problem. */
async function having(count: number, account = "2"): Promise<Context> {
  const context = aContext();
  const gaps = Array.from({ length: count }, (_, n): GapItem => {
    const name = scopeName({ provider: "aws", account, region: `r${n}`, kind: "instance" });
    return { source: "s", name, cause: "failed", since: SINCE };
  });
  await context.table.load(gaps.map((gap) => put(GapItem, gap)));
  return context;
}
const limitedTo = (context: Context, account: string): Context => ({
  ...context,
  restriction: { accounts: [`aws/${account}` as "aws/1"] },
});

describe("on what a list can rely, as who is limited to accounts is told,", () => {
  it("is the same of an account that it may not see and of one that is not there, however much there is", async () => {
    const context = limitedTo(await having(201), "1");
    const nothing = await readCoverage(context, { account: "3" });
    expect(nothing).toEqual({ complete: true, gaps: 0, some: [] });
    for (const of of [{}, { provider: "aws" as const }, { region: "r1" }])
      expect(await readCoverage(context, { account: "2", ...of })).toEqual(nothing);
    expect(await readCoverage(context, {})).toEqual(nothing);
  });

  it("is all of an account that it may", async () => {
    const context = limitedTo(await having(201), "2");
    for (const of of [{}, { account: "2" }, { account: "2", provider: "aws" as const }])
      expect(await readCoverage(context, of)).toMatchObject({ complete: false, gaps: 200, more: true });
    expect(await readCoverage(context, { account: "2", provider: "gcp" })).toMatchObject({ complete: true, gaps: 0 });
  });
});

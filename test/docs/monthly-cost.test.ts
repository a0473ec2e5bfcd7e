import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../support/access-patterns.ts";
import { costTables, fixedCost, growingCost, MEASURED, PRICES, SIZES, SUPPOSED } from "./monthly-cost.ts";

const page = readFileSync(join(root, "docs/operations.md"), "utf8");

test("the page of operations shows what a month costs as it is worked out, and with which prices of when", () => {
  const { month, prices } = costTables();
  expect(page).toContain(month);
  expect(page).toContain(prices);
});

test("what is supposed stands on the page", () => {
  for (const text of ["1 % of the resources change in a day", `${SUPPOSED.keptDays} days`, "100,000 requests"]) {
    expect(page).toContain(text);
  }
  for (const { runSeconds } of SIZES) expect(page).toContain(`${runSeconds} s`);
});

test("a month of 10,000 resources by hand is the same", () => {
  const changes = (10_000 * 0.01 * 730) / 24;
  const growing = growingCost(SIZES[0]);
  expect(growing["changes, in the table"]).toBeCloseTo((changes * (16.5 * 0.125 + 39 * 0.625)) / 1e6, 10);
  expect(growing["unchanged runs, in the table"]).toBeCloseTo((730 * 5 * (2 * 0.125 + 5 * 0.625)) / 1e6, 10);
  expect(fixedCost().keys).toBe(6 * PRICES.key.dollars);
  expect(MEASURED.firstWrites * 0.625).toBeCloseTo(6.6875, 10);
});

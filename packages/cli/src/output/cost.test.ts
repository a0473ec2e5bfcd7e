import { expect, test } from "vitest";
import { createSpending } from "./cost.ts";

test("costs of a command's calls add up, for people and as one line of JSON", () => {
  const spending = createSpending();
  expect(spending.render({ json: true })).toBe('{"cost":{"calls":0,"reads":0,"writes":0,"milliseconds":0}}\n');
  expect(spending.render({ json: false })).toContain("nothing was told");
  spending.add({ reads: 1.5, writes: 0, milliseconds: 1.1 });
  expect(spending.render({ json: false })).toBe("cost: 1 call, 1.5 read units, 0 write units, 1.1 ms at the API\n");
  spending.add({ reads: 2, writes: 4, milliseconds: 2.2 });
  expect(spending.render({ json: false })).toBe("cost: 2 calls, 3.5 read units, 4 write units, 3.3 ms at the API\n");
  expect(spending.render({ json: true })).toBe('{"cost":{"calls":2,"reads":3.5,"writes":4,"milliseconds":3.3}}\n');
});

import { expect, test } from "vitest";
import { createFaults } from "./faults.ts";

const listing = { service: "ec2", operation: "DescribeVpcs", account: "111111111111", region: "eu-west-1" };

test("a fault hits only requests that have every field of its match", () => {
  const faults = createFaults();
  faults.inject({ match: { operation: "DescribeVpcs", region: "eu-west-1" }, fault: { kind: "throttle" } });
  expect(faults.take(listing)?.kind).toBe("throttle");
  expect(faults.take({ ...listing, region: "eu-west-2" })).toBeUndefined();
  expect(faults.take({ operation: "DescribeVpcs" })).toBeUndefined();
});

test("an empty match hits every request", () => {
  const faults = createFaults();
  faults.inject({ match: {}, fault: { kind: "hang" } });
  expect(faults.take({})?.kind).toBe("hang");
  expect(faults.take(listing)?.kind).toBe("hang");
});

test("the first matching rule wins and the next takes over when it is used up", () => {
  const faults = createFaults();
  faults.inject({ match: { service: "ec2" }, fault: { kind: "throttle", times: 2 } });
  faults.inject({ match: { region: "eu-west-1" }, fault: { kind: "deny" } });
  expect([1, 2, 3].map(() => faults.take(listing)?.kind)).toEqual(["throttle", "throttle", "deny"]);
});

test("a fault with after lets that many requests pass first", () => {
  const faults = createFaults();
  faults.inject({ match: {}, fault: { kind: "warning", after: 2, times: 1 } });
  expect([1, 2, 3, 4].map(() => faults.take(listing)?.kind)).toEqual([undefined, undefined, "warning", undefined]);
});

test("a removed fault hits nothing, removing twice is harmless and clear removes all", () => {
  const faults = createFaults();
  const remove = faults.inject({ match: {}, fault: { kind: "deny" } });
  faults.inject({ match: {}, fault: { kind: "hang" } });
  remove();
  remove();
  expect(faults.take(listing)?.kind).toBe("hang");
  faults.clear();
  expect(faults.take(listing)).toBeUndefined();
});

test("times and after that are not whole numbers are refused", () => {
  const faults = createFaults();
  expect(() => faults.inject({ match: {}, fault: { kind: "deny", times: -1 } })).toThrow(
    "times must be a whole number",
  );
  expect(() => faults.inject({ match: {}, fault: { kind: "deny", after: 0.5 } })).toThrow(
    "after must be a whole number",
  );
});

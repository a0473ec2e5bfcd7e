import { MOST_SCOPES } from "@cadastre/contract/discovery";
import { awsEnvironment } from "@cadastre/simulator/aws/environment";
import { type AwsSimulator, startAwsSimulator } from "@cadastre/simulator/aws/server";
import { createAwsEstate } from "@cadastre/simulator/estate-aws";
import { createFaults } from "@cadastre/simulator/faults";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import type { Observe } from "../observe.ts";
import { aTestRun } from "../testing-recorder.ts";
import { splitAws } from "./observe.ts";
import { checkOptions } from "./options.ts";
import { AWS_STEPS } from "./steps.ts";

const faults = createFaults();
const estate = createAwsEstate({ seed: "split", accounts: 30, regions: ["eu-west-1"], instancesPerAccountRegion: 1 });
const active = estate.accounts.filter(({ state }) => state === "ACTIVE").map(({ id }) => id);
const organization = { roleName: estate.role.name, externalId: estate.role.externalId };
const regions = ["eu-west-1"];
let simulator: AwsSimulator;

beforeAll(async () => {
  simulator = await startAwsSimulator({ estate, faults });
  for (const [name, value] of Object.entries(awsEnvironment(simulator))) vi.stubEnv(name, value);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await simulator.stop();
});
beforeEach(() => faults.clear());

const split = (only?: readonly string[]) =>
  splitAws({ accounts: { organization: { ...organization, ...(only ? { only } : {}) } }, regions, accountsPerRun: 5 })(
    aTestRun().context,
  );

/** Runs each part; answers the accounts that each saw whole, and the error that it ended with. */
async function runAll(parts: readonly Observe[]) {
  const seen = [];
  for (const observe of parts) {
    const run = aTestRun();
    const error: unknown = await observe(run.context).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    const accounts = new Set([...run.scopes.values()].map(({ key }) => key.account));
    expect(run.scopes.size).toBe(accounts.size * AWS_STEPS.length);
    expect([...run.scopes.values()].map(({ status }) => status)).not.toContain(undefined);
    seen.push({ accounts: [...accounts].sort(), error });
  }
  return seen;
}

test("an organization's accounts are each in one part, none is too large, and they are the same parts the next time", async () => {
  const first = await runAll(await split());
  expect(first.length).toBeGreaterThan(4);
  expect(first.flatMap(({ accounts }) => accounts).sort()).toEqual(active.toSorted());
  for (const { accounts, error } of first) {
    expect(accounts.length).toBeLessThanOrEqual(5);
    expect(error).toBeUndefined();
  }
  expect(await runAll(await split())).toEqual(first);
  const one = active[7] as string;
  const without = await runAll(await split(active.filter((account) => account !== one)));
  const kept = without.filter(({ accounts }) => first.some((part) => part.accounts.join() === accounts.join()));
  expect(kept.length).toBeGreaterThanOrEqual(first.length - 2);
});

test("accounts that were not all found out are looked at, and the last part says so", async () => {
  faults.inject({ match: { operation: "ListAccounts" }, fault: { kind: "deny", after: 1 } });
  const seen = await runAll(await split());
  expect(seen.flatMap(({ accounts }) => accounts)).toHaveLength(20);
  expect(seen.map(({ error }) => error !== undefined)).toEqual(seen.map((_, at) => at === seen.length - 1));
  expect(seen.at(-1)?.error).toMatchObject({
    name: "AwsAccountsError",
    problem: { operation: "organizations:ListAccounts" },
  });
});

test("however many accounts and regions are asked for, a part fits a run", () => {
  const own = { own: true } as const;
  const many = Array.from({ length: 90 }, (_, n) => `eu-west-${n + 1}`);
  for (const chosen of [undefined, many.slice(0, 1), many.slice(0, 40), many.slice(0, 41), many]) {
    const options = { accounts: own, accountsPerRun: 100, ...(chosen ? { regions: chosen } : {}) };
    const { accountsPerRun } = checkOptions(options);
    // 17 regions are there by default, and some 20 more for who opts in to all of them.
    expect(accountsPerRun * (chosen?.length ?? 40) * AWS_STEPS.length).toBeLessThanOrEqual(MOST_SCOPES);
    expect(accountsPerRun).toBeGreaterThan(40);
  }
  expect(checkOptions({ accounts: own }).accountsPerRun).toBe(50);
});

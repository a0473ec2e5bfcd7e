import { awsEnvironment } from "@cadastre/simulator/aws/environment";
import { type AwsSimulator, startAwsSimulator } from "@cadastre/simulator/aws/server";
import { type AwsEstate, createAwsEstate } from "@cadastre/simulator/estate-aws";
import { createFaults } from "@cadastre/simulator/faults";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { createAwsClients } from "./client.ts";
import { AssumeRoleError, toScopeError } from "./errors.ts";
import { createRoleCredentials } from "./role.ts";

const start = Date.parse("2026-03-01T12:00:00Z");
const minutes = (count: number) => new Date(start + count * 60_000);
let now = minutes(0);
let estate: AwsEstate;
let simulator: AwsSimulator;

beforeAll(async () => {
  estate = createAwsEstate({ seed: "roles", accounts: 2, now: () => now });
  simulator = await startAwsSimulator({ estate, faults: createFaults() });
});
afterAll(() => simulator.stop());
beforeEach(() => {
  now = minutes(0);
  simulator.requests.reset();
  estate.accountsWithoutRole.clear();
  for (const [name, value] of Object.entries(awsEnvironment(simulator))) vi.stubEnv(name, value);
  return () => vi.unstubAllEnvs();
});

const member = () => estate.accounts[1]?.id ?? "";

function credentials(externalId?: string) {
  return createRoleCredentials({
    role: {
      roleArn: `arn:aws:iam::${member()}:role/${estate.role.name}`,
      ...(externalId === undefined ? {} : { externalId }),
    },
    sessionName: "cadastre",
    clients: createAwsClients({
      maxAttempts: 1,
      connectTimeoutMilliseconds: 1_000,
      requestTimeoutMilliseconds: 5_000,
    }),
    preferredRegion: "us-east-1",
    now: () => now,
  });
}

test("one session serves all regions at once and is renewed before it ends", async () => {
  const provide = credentials(estate.role.externalId);
  const [first, second] = await Promise.all([provide(), provide()]);
  expect(second).toBe(first);
  now = minutes(45);
  expect(await provide()).toBe(first);
  now = minutes(51);
  const renewed = await provide();
  expect(renewed.accessKeyId).not.toBe(first.accessKeyId);
  expect(renewed.expiration?.getTime()).toBeGreaterThan(first.expiration?.getTime() ?? 0);
  expect(simulator.requests.count({ operation: "AssumeRole", region: "us-east-1" })).toBe(2);
});

test("a role is not assumed without its external id", async () => {
  for (const wrong of [undefined, "another"]) {
    const refused = await credentials(wrong)().catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(AssumeRoleError);
    expect(toScopeError(refused, "ec2:DescribeVpcs")).toMatchObject({
      code: "assume_role_denied",
      operation: "sts:AssumeRole",
    });
  }
});

test("a role that could not be assumed is tried again when it is needed again", async () => {
  const provide = credentials(estate.role.externalId);
  estate.accountsWithoutRole.add(member());
  await expect(provide()).rejects.toThrow(AssumeRoleError);
  estate.accountsWithoutRole.clear();
  expect((await provide()).sessionToken).toBeTruthy();
});

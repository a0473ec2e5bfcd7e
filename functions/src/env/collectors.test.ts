import { describe, expect, test } from "vitest";
import { readCollectAwsConfig } from "./collect-aws.ts";
import { readCollectEndpointsConfig } from "./collect-endpoints.ts";
import { readCollectGcpConfig } from "./collect-gcp.ts";
import { COLLECTOR, refusal } from "./testing.ts";

const GCP = { ...COLLECTOR, COLLECT_TIMEOUT_SECONDS: "60" };
const ROLE = "arn:aws:iam::123456789012:role/reader";

describe("the environment of the AWS collector", () => {
  test("means the own account, some roles or an organization", () => {
    expect(readCollectAwsConfig(COLLECTOR)).toMatchObject({ accounts: { own: true }, regions: undefined });
    const roles = { ...COLLECTOR, COLLECT_AWS_ROLES: `${ROLE}, ${ROLE}2`, COLLECT_AWS_EXTERNAL_ID: "agreed" };
    expect(readCollectAwsConfig(roles).accounts).toEqual({
      roles: [
        { roleArn: ROLE, externalId: "agreed" },
        { roleArn: `${ROLE}2`, externalId: "agreed" },
      ],
    });
    const organization = {
      ...COLLECTOR,
      COLLECT_AWS_ORGANIZATION_ROLE: "reader",
      COLLECT_AWS_MANAGEMENT_ROLE: ROLE,
      COLLECT_AWS_REGIONS: "eu-west-1,us-east-1",
    };
    expect(readCollectAwsConfig(organization)).toMatchObject({
      accounts: { organization: { roleName: "reader", managementRoleArn: ROLE } },
      regions: ["eu-west-1", "us-east-1"],
    });
  });

  test.each([
    [
      { COLLECT_AWS_ROLES: ROLE, COLLECT_AWS_ORGANIZATION_ROLE: "r" },
      "COLLECT_AWS_ROLES and COLLECT_AWS_ORGANIZATION_ROLE",
    ],
    [{ COLLECT_AWS_MANAGEMENT_ROLE: ROLE }, "COLLECT_AWS_MANAGEMENT_ROLE needs COLLECT_AWS_ORGANIZATION_ROLE"],
    [{ COLLECT_AWS_ONLY_ACCOUNTS: "123456789012" }, "COLLECT_AWS_ONLY_ACCOUNTS needs COLLECT_AWS_ORGANIZATION_ROLE"],
    [
      {
        COLLECT_AWS_ORGANIZATION_ROLE: "r",
        COLLECT_AWS_ONLY_ACCOUNTS: "123456789012",
        COLLECT_AWS_EXCEPT_ACCOUNTS: "123456789013",
      },
      "COLLECT_AWS_ONLY_ACCOUNTS and COLLECT_AWS_EXCEPT_ACCOUNTS are given",
    ],
    [
      { COLLECT_AWS_ORGANIZATION_ROLE: "r", COLLECT_AWS_EXCEPT_ACCOUNTS: "12345678901" },
      "COLLECT_AWS_EXCEPT_ACCOUNTS must be accounts' numbers of 12 digits",
    ],
    [{ COLLECT_CONCURRENCY: "0" }, "COLLECT_CONCURRENCY must be a whole number from 1 to 1000"],
    [{ COLLECT_PAGE_SIZE: "4" }, "COLLECT_PAGE_SIZE must be a whole number from 5 to 1000"],
    [{ DEPLOYMENT_NAME: "Prod" }, "DEPLOYMENT_NAME must be 2 to 20"],
    [{ COLLECT_AWS_EXTERNAL_ID: "agreed" }, "COLLECT_AWS_EXTERNAL_ID is sent to roles"],
    [{ SIGNING_KEY_FILE: "/key.pem" }, "SIGNING_KEY_ID and SIGNING_KEY_FILE"],
    [{ SIGNING_KEY_ID: "" }, "one of SIGNING_KEY_ID, SIGNING_KEY_FILE is needed"],
    [{ COLLECT_AWS_REGION: "eu-west-1" }, "COLLECT_AWS_REGION is not known here; known: "],
    [{ CADASTRE_API: "ftp://x" }, "CADASTRE_API must be an http or https URL"],
    [{ COLLECTOR_NAME: "Upper" }, "COLLECTOR_NAME 1 to 63"],
    [{ COLLECT_SCOPE_DEADLINE_SECONDS: "1m" }, "COLLECT_SCOPE_DEADLINE_SECONDS must be a whole number"],
  ])("is refused with %o", (wrong, reason) => {
    expect(refusal(() => readCollectAwsConfig({ ...COLLECTOR, ...wrong }))).toContain(reason);
  });
});

test("how much the cloud collectors ask for at once is a setting, within the clouds' limits", () => {
  const load = { COLLECT_CONCURRENCY: "3", COLLECT_PAGE_SIZE: "100" };
  expect(readCollectAwsConfig({ ...COLLECTOR, ...load, COLLECT_AWS_ACCOUNTS_PER_RUN: "20" }).load).toEqual({
    concurrency: 3,
    pageSize: 100,
    accountsPerRun: 20,
  });
  expect(readCollectAwsConfig(COLLECTOR).load).toEqual({});
  expect(readCollectGcpConfig({ ...GCP, ...load, COLLECT_GCP_FOLDER: "12" }).load).toEqual({
    concurrency: 3,
    pageSize: 100,
  });
  for (const [wrong, allowed] of [
    [{ COLLECT_CONCURRENCY: "0" }, "COLLECT_CONCURRENCY must be a whole number from 1 to 1000"],
    [{ COLLECT_PAGE_SIZE: "4" }, "COLLECT_PAGE_SIZE must be a whole number from 5 to 1000"],
    [{ COLLECT_AWS_ACCOUNTS_PER_RUN: "101" }, "COLLECT_AWS_ACCOUNTS_PER_RUN must be a whole number from 1 to 100"],
  ] as const) {
    expect(refusal(() => readCollectAwsConfig({ ...COLLECTOR, ...wrong }))).toContain(allowed);
  }
  const page = { ...GCP, COLLECT_GCP_FOLDER: "12", COLLECT_PAGE_SIZE: "501" };
  expect(refusal(() => readCollectGcpConfig(page))).toContain("COLLECT_PAGE_SIZE must be a whole number from 1 to 500");
});

test("the endpoint collector has its targets from one place", () => {
  const account = { ...COLLECTOR, COLLECT_ENDPOINTS_ACCOUNT: "main" };
  const inline = { ...account, COLLECT_ENDPOINTS: "a.example:443\nb.example", COLLECT_ENDPOINTS_FAMILIES: "4,6" };
  expect(readCollectEndpointsConfig(inline)).toMatchObject({
    targets: { list: ["a.example:443", "b.example"] },
    families: [4, 6],
  });
  const path = { ...account, COLLECT_ENDPOINTS_PARAMETERS: "/cadastre/endpoints" };
  expect(readCollectEndpointsConfig(path).targets).toEqual({ parametersPath: "/cadastre/endpoints" });
  expect(refusal(() => readCollectEndpointsConfig(account))).toContain("one of COLLECT_ENDPOINTS");
  expect(refusal(() => readCollectEndpointsConfig({ ...inline, ...path }))).toContain("only one of them");
});

test("the GCP collector looks at projects, a folder or an organization", () => {
  expect(readCollectGcpConfig({ ...GCP, COLLECT_GCP_PROJECTS: "a-1,b-2" }).projects).toEqual({ list: ["a-1", "b-2"] });
  expect(readCollectGcpConfig({ ...GCP, COLLECT_GCP_FOLDER: "12" })).toMatchObject({
    projects: { folder: "12" },
    timeoutMilliseconds: 60_000,
  });
  expect(refusal(() => readCollectGcpConfig(GCP))).toContain("one of COLLECT_GCP_PROJECTS");
  const both = { ...GCP, COLLECT_GCP_FOLDER: "12", COLLECT_GCP_ORGANIZATION: "13" };
  expect(refusal(() => readCollectGcpConfig(both))).toContain("COLLECT_GCP_FOLDER and COLLECT_GCP_ORGANIZATION");
  expect(refusal(() => readCollectGcpConfig(COLLECTOR))).toContain("COLLECT_TIMEOUT_SECONDS is missing");
});

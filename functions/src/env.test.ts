import { describe, expect, test } from "vitest";
import {
  EnvironmentError,
  readApiConfig,
  readCollectAwsConfig,
  readCollectEndpointsConfig,
  readCollectGcpConfig,
  readFeedConfig,
  readJobsConfig,
  readVaultConfig,
} from "./env.ts";

const API = {
  TABLE_NAME: "cadastre",
  DATA_KEY_ARN: "arn:aws:kms:eu-west-1:123456789012:key/abc-1",
  EVENT_BUS_NAME: "triggers",
};
const COLLECTOR = { CADASTRE_API: "https://cadastre.example.org", COLLECTOR_NAME: "aws", SIGNING_KEY_ID: "alias/a" };
const GCP = { ...COLLECTOR, COLLECT_TIMEOUT_SECONDS: "60" };
const ROLE = "arn:aws:iam::123456789012:role/reader";

const refusal = (read: () => unknown): string => {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(EnvironmentError);
    return (error as Error).message;
  }
  throw new Error("it was accepted");
};

test("the environment of the feed is a table and a bus", () => {
  const given = { TABLE_NAME: "cadastre", EVENT_BUS_NAME: "cadastre" };
  expect(readFeedConfig(given)).toEqual({ tableName: "cadastre", eventBusName: "cadastre", deployment: "cadastre" });
  expect(refusal(() => readFeedConfig({ ...given, EVENT_BUS_NAME: "a bus" }))).toContain("EVENT_BUS_NAME must be");
});

describe("the environment of the API", () => {
  test("has the product's own hold policy unless it says otherwise", () => {
    expect(readApiConfig(API).holdPolicy).toEqual({ share: 0.25, floor: 3 });
    const given = { ...API, CADASTRE_HOLD_SHARE: "0.5", CADASTRE_HOLD_FLOOR: "0" };
    expect(readApiConfig(given).holdPolicy).toEqual({ share: 0.5, floor: 0 });
  });

  test("knows blocks of addresses from where people may call, and refuses what is none", () => {
    expect(readApiConfig(API).allowedAddresses).toBeUndefined();
    const given = { ...API, CADASTRE_ALLOWED_ADDRESSES: "203.0.113.0/24, 2001:db8::1" };
    expect(readApiConfig(given).allowedAddresses?.map(({ length }) => length)).toEqual([24, 128]);
    expect(readVaultConfig(given).allowedAddresses).toHaveLength(2);
    const wrong = refusal(() => readApiConfig({ ...API, CADASTRE_ALLOWED_ADDRESSES: "203.0.113.1/24,all" }));
    expect(wrong.match(/CADASTRE_ALLOWED_ADDRESSES must be/g)).toHaveLength(2);
    expect(wrong).toContain("the prefix is 203.0.113.0/24");
  });

  test("is refused with every variable that is wrong, and what is allowed", () => {
    const message = refusal(() =>
      readApiConfig({
        DATA_KEY_ARN: "alias/x",
        EVENT_BUS_NAME: "",
        TABLE_NAME: "cadastre",
        CADASTRE_HOLD_SHARE: "2",
      }),
    );
    expect(message.split("\n").slice(1).sort()).toEqual([
      "- CADASTRE_HOLD_SHARE must be a number from 0 to 1",
      "- DATA_KEY_ARN must be a KMS key's ARN, arn:aws:kms:region:account:key/id",
      "- EVENT_BUS_NAME is missing",
    ]);
  });

  test("of the vault needs no bus", () => {
    const { EVENT_BUS_NAME: _, ...rest } = API;
    expect(readVaultConfig(rest)).toMatchObject({ tableName: "cadastre", dataKeyArn: API.DATA_KEY_ARN });
  });
});

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

test("jobs keep what has ended for 400 days, or for as long as it is set", () => {
  expect(readJobsConfig({ TABLE_NAME: "table" })).toMatchObject({ tableName: "table", retentionDays: 400 });
  expect(readJobsConfig({ TABLE_NAME: "table", CADASTRE_RETENTION_DAYS: "30" }).retentionDays).toBe(30);
  for (const wrong of ["0", "-1", "1.5", "a year"]) {
    const given = { TABLE_NAME: "table", CADASTRE_RETENTION_DAYS: wrong };
    expect(refusal(() => readJobsConfig(given))).toContain("CADASTRE_RETENTION_DAYS must be a whole number");
  }
});

import type { Deployment } from "@cadastre/infra/deployment";

const ARN = "arn:aws:kms:eu-west-1:123456789012:key/0a1b2c3d-0000-4000-8000-00000000000";

/** A deployment in which every setting that can be beside the others is given. */
export const EVERY_SETTING = {
  name: "prod",
  alarmEmail: "alarms@example.org",
  tags: { "cost center": "42", team: "platform" },
  holdPolicy: { share: 0.5, floor: 10 },
  retentionDays: 30,
  forwardTo: ["10.2.0.0/16"],
  tableName: "restored",
  tableStreamArn: "arn:aws:dynamodb:eu-west-1:123456789012:table/restored/stream/2026-11-30T00:00:00.000",
  domain: {
    name: "cadastre.example.org",
    certificateArn: "arn:aws:acm:eu-west-1:123456789012:certificate/0a1b2c3d",
    hostedZoneId: "Z0123456789ABC",
  },
  allowedAddresses: ["203.0.113.0/24", "2001:db8::/32"],
  reservedConcurrency: { api: 50, vault: 5, jobs: 1, feed: 10, collectors: 2 },
  aws: [
    {
      name: "organization",
      everyMinutes: 30,
      signingKeyArn: `${ARN}1`,
      scopeSeconds: 300,
      concurrency: 16,
      pageSize: 200,
      accountsPerRun: 20,
      regions: ["eu-west-1", "eu-central-1"],
      accounts: {
        organization: {
          roleName: "teams/{account}/reader",
          externalId: "0123456789abcdef",
          managementRoleArn: "arn:aws:iam::999999999999:role/lister",
          only: ["111111111111", "222222222222"],
        },
      },
    },
    {
      name: "rest",
      everyMinutes: 360,
      accounts: { organization: { roleName: "reader", except: ["111111111111", "222222222222"] } },
    },
    {
      name: "roles.two",
      everyMinutes: 1,
      accounts: { roles: ["arn:aws:iam::333333333333:role/a/reader"], externalId: "agreed" },
    },
    { name: "own", everyMinutes: 5, accounts: { own: true } },
  ],
  endpoints: {
    name: "tls",
    everyMinutes: 60,
    signingKeyArn: `${ARN}2`,
    scopeSeconds: 600,
    concurrency: 40,
    account: "main",
    targets: ["example.org:443", "[2001:db8::1]:8443", "example.net?sni=www.example.net"],
    vpc: { subnetIds: ["subnet-0a1b2c3d"], securityGroupIds: ["sg-0a1b2c3d4e5f60718"] },
    families: "4,6",
  },
} satisfies Deployment;

/** What cannot be given beside a restored table. */
export const CAPPED = { name: "capped", mostWritesPerSecond: 4000, mostReadsPerSecond: 12_000 } satisfies Deployment;

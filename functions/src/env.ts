import { collectorName } from "@cadastre/contract/collector";
import { DEFAULT_HOLD_POLICY, DEFAULT_RETENTION_DAYS, type HoldPolicy } from "@cadastre/core/context";
import { AddressError } from "@cadastre/net/address";
import { type Prefix, parsePrefix } from "@cadastre/net/prefix";
import * as z from "zod";
import { isSchedule } from "./schedule.ts";

/*
 * Environment → configuration. Each function has a schema of the variables that it reads (texts, checked one by one), then a
 * function that makes configuration of them and refuses what cannot be meant together. Secrets are never in the environment:
 * it names where they are, and adapters read them from there.
 */

/** Variables that cannot be worked with. The message names each of them, what is wrong and what is allowed. */
export class EnvironmentError extends Error {
  override readonly name = "EnvironmentError";
  constructor(problems: readonly string[]) {
    super(`the environment cannot be used:\n${problems.map((problem) => `- ${problem}`).join("\n")}`);
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

const listed = (text: string): string[] =>
  text
    .split(/[\s,]+/)
    .map((item) => item.trim())
    .filter((item) => item !== "");

const keyArn = z
  .string()
  .regex(
    /^arn:aws[\w-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/,
    "must be a KMS key's ARN, arn:aws:kms:region:account:key/id",
  );
const tableName = z.string().regex(/^[\w.-]{3,255}$/, "must be a DynamoDB table's name");
const busName = z.string().regex(/^[\w./-]{1,256}$/, "must be an EventBridge bus's name");
const wholeNumberFrom = (least: number, most: number) =>
  z
    .string()
    .refine(
      (text) => /^\d{1,9}$/.test(text) && Number(text) >= least && Number(text) <= most,
      `must be a whole number from ${least} to ${most}`,
    );
const wholeNumber = z.string().regex(/^\d{1,9}$/, "must be a whole number");
const days = z.string().regex(/^[1-9]\d{0,4}$/, "must be a whole number of days from 1 to 99999");
const apiUrl = z.url({
  protocol: /^https?$/,
  error: "must be an http or https URL such as https://cadastre.example.org",
});

const tableVariables = z.object({ TABLE_NAME: tableName });

/** The deployment, by which metrics are kept. */
const deploymentName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,18}[a-z0-9]$/, "must be 2 to 20 lower-case letters, digits and hyphens");
const DEFAULT_DEPLOYMENT = "cadastre";

export const adminTokenVariables = tableVariables.extend({ DEPLOYMENT_NAME: deploymentName.optional() });

export const vaultVariables = tableVariables.extend({
  /** The key under which credentials are sealed. */
  DATA_KEY_ARN: keyArn,
  /** From where people may call, separated by commas. From anywhere when absent; collectors, which sign, always may. */
  CADASTRE_ALLOWED_ADDRESSES: z.string().optional(),
});

export const apiVariables = vaultVariables.extend({
  /** The EventBridge bus on which collectors are told to run now. */
  EVENT_BUS_NAME: busName,
  CADASTRE_HOLD_SHARE: z
    .string()
    .regex(/^(0(\.\d+)?|1(\.0+)?)$/, "must be a number from 0 to 1")
    .optional(),
  CADASTRE_HOLD_FLOOR: wholeNumber.optional(),
  CADASTRE_RETENTION_DAYS: days.optional(),
});

export const jobsVariables = tableVariables.extend({
  /** For how many days what has ended is kept. */
  CADASTRE_RETENTION_DAYS: days.optional(),
  DEPLOYMENT_NAME: deploymentName.optional(),
});

export const feedVariables = tableVariables.extend({
  /** The EventBridge bus that is told of changes. */
  EVENT_BUS_NAME: busName,
  DEPLOYMENT_NAME: deploymentName.optional(),
});

const collectorVariables = z.object({
  CADASTRE_API: apiUrl,
  /** As it is registered at the API; metrics are kept by it. */
  COLLECTOR_NAME: collectorName,
  /** The signing key: a KMS key, or a file with a private key in PEM. Exactly one of the two. */
  SIGNING_KEY_ID: z.string().optional(),
  SIGNING_KEY_FILE: z.string().optional(),
  DEPLOYMENT_NAME: deploymentName.optional(),
  COLLECT_SCOPE_DEADLINE_SECONDS: wholeNumber.optional(),
  /** From one run to the next: what it reports is stale after three of them. */
  COLLECT_INTERVAL_SECONDS: wholeNumberFrom(10, 31_708_800).optional(),
});

const accountNumbers = z
  .string()
  .refine((text) => listed(text).length > 0 && listed(text).every((one) => /^\d{12}$/.test(one)), {
    error: "must be accounts' numbers of 12 digits, separated by commas",
  })
  .optional();

export const collectAwsVariables = collectorVariables.extend({
  /** ARNs of roles, separated by commas. */
  COLLECT_AWS_ROLES: z.string().optional(),
  /** Name of the role in every account of the organization. */
  COLLECT_AWS_ORGANIZATION_ROLE: z.string().optional(),
  COLLECT_AWS_MANAGEMENT_ROLE: z.string().optional(),
  /** Of the organization's accounts these and no others, or all but these. */
  COLLECT_AWS_ONLY_ACCOUNTS: accountNumbers,
  COLLECT_AWS_EXCEPT_ACCOUNTS: accountNumbers,
  COLLECT_AWS_EXTERNAL_ID: z.string().min(2).max(1224).optional(),
  COLLECT_AWS_REGIONS: z.string().optional(),
  /** About how many accounts one run looks at; more are split into several runs. */
  COLLECT_AWS_ACCOUNTS_PER_RUN: wholeNumberFrom(1, 100).optional(),
  /** Regions at once, over all accounts. */
  COLLECT_CONCURRENCY: wholeNumberFrom(1, 1_000).optional(),
  /** Resources a page. */
  COLLECT_PAGE_SIZE: wholeNumberFrom(5, 1_000).optional(),
});

export const collectEndpointsVariables = collectorVariables.extend({
  /** Targets (`host:port`), separated by commas, or the SSM path under which parameters hold them, one a line. */
  COLLECT_ENDPOINTS: z.string().optional(),
  COLLECT_ENDPOINTS_PARAMETERS: z
    .string()
    .regex(/^(\/[\w.-]+)+$/, "must be an SSM path such as /cadastre/endpoints")
    .optional(),
  COLLECT_ENDPOINTS_ACCOUNT: z.string().min(1).max(128),
  COLLECT_ENDPOINTS_FAMILIES: z.enum(["4", "6", "4,6"], "must be 4, 6 or 4,6").optional(),
  /** Endpoints at once. */
  COLLECT_CONCURRENCY: wholeNumberFrom(1, 1_000).optional(),
});

export const collectGcpVariables = collectorVariables.extend({
  /** Ids of projects, separated by commas. */
  COLLECT_GCP_PROJECTS: z.string().optional(),
  COLLECT_GCP_FOLDER: z
    .string()
    .regex(/^\d{1,32}$/, "must be a folder's number")
    .optional(),
  COLLECT_GCP_ORGANIZATION: z
    .string()
    .regex(/^\d{1,32}$/, "must be an organization's number")
    .optional(),
  /** Projects at once, with five lists each. */
  COLLECT_CONCURRENCY: wholeNumberFrom(1, 100).optional(),
  /** Resources a page. */
  COLLECT_PAGE_SIZE: wholeNumberFrom(1, 500).optional(),
  /** When it runs, in cron's five fields (UTC): instead of the interval, which is then the longest from one time to the next. */
  COLLECT_SCHEDULE: z.string().refine(isSchedule, "must be five fields of cron").optional(),
  /** How long the runtime lets a run take. */
  COLLECT_TIMEOUT_SECONDS: wholeNumber,
});

export type AdminTokenEnvironment = z.input<typeof adminTokenVariables>;
export type VaultEnvironment = z.input<typeof vaultVariables>;
export type ApiEnvironment = z.input<typeof apiVariables>;
export type JobsEnvironment = z.input<typeof jobsVariables>;
export type FeedEnvironment = z.input<typeof feedVariables>;
export type CollectAwsEnvironment = z.input<typeof collectAwsVariables>;
export type CollectEndpointsEnvironment = z.input<typeof collectEndpointsVariables>;

/** Reads the variables of a schema; an empty one counts as absent. A misspelt `COLLECT_…` would be ignored in silence, so it is refused. */
function readVariables<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  environment: Environment,
): z.output<z.ZodObject<Shape>> {
  const names = Object.keys(schema.shape);
  const isCollector = names.includes("COLLECTOR_NAME");
  const given = Object.entries(environment).filter(([, value]) => value !== undefined && value !== "");
  const parsed = schema.safeParse(Object.fromEntries(given.filter(([name]) => names.includes(name))));
  const unknown = given.filter(([name]) => isCollector && name.startsWith("COLLECT_") && !names.includes(name));
  const problems = unknown.map(
    ([name]) => `${name} is not known here; known: ${names.filter((known) => known.startsWith("COLLECT_")).join(", ")}`,
  );
  for (const { path, message } of parsed.error?.issues ?? []) {
    const name = String(path[0]);
    const isGiven = given.some(([variable]) => variable === name);
    problems.push(isGiven ? `${name} ${message}` : `${name} is missing`);
  }
  if (!parsed.success || problems.length > 0) throw new EnvironmentError(problems);
  return parsed.data;
}

/** Throws unless exactly one (or, with `none`, at most one) of the variables is given. */
function requireOne(variables: Environment, names: readonly string[], none = false): void {
  const given = names.filter((name) => variables[name] !== undefined);
  if (given.length > 1) throw new EnvironmentError([`${given.join(" and ")} are given; only one of them may be`]);
  if (given.length === 0 && !none) throw new EnvironmentError([`one of ${names.join(", ")} is needed`]);
}

export interface VaultConfig {
  readonly tableName: string;
  readonly allowedAddresses: readonly Prefix[] | undefined;
  readonly dataKeyArn: string;
  readonly holdPolicy: HoldPolicy;
  readonly retentionDays: number;
}

export interface ApiConfig extends VaultConfig {
  readonly eventBusName: string;
}

/** Blocks of addresses; a single address is one, too. Throws EnvironmentError. */
function toPrefixes(text: string | undefined): Prefix[] | undefined {
  if (text === undefined) return undefined;
  const problems: string[] = [];
  const prefixes = listed(text).flatMap((one) => {
    try {
      return parsePrefix(one, { allowAddress: true });
    } catch (error) {
      if (!(error instanceof AddressError)) throw error;
      problems.push(`CADASTRE_ALLOWED_ADDRESSES must be blocks of addresses, separated by commas: ${error.message}`);
      return [];
    }
  });
  if (problems.length > 0) throw new EnvironmentError(problems);
  return prefixes;
}

export interface AdminTokenConfig {
  readonly tableName: string;
  readonly deployment: string;
}

export function readAdminTokenConfig(environment: Environment): AdminTokenConfig {
  const { TABLE_NAME, DEPLOYMENT_NAME } = readVariables(adminTokenVariables, environment);
  return { tableName: TABLE_NAME, deployment: DEPLOYMENT_NAME ?? DEFAULT_DEPLOYMENT };
}

export interface JobsConfig {
  readonly tableName: string;
  readonly deployment: string;
  readonly retentionDays: number;
}

export function readJobsConfig(environment: Environment): JobsConfig {
  const { TABLE_NAME, CADASTRE_RETENTION_DAYS, DEPLOYMENT_NAME } = readVariables(jobsVariables, environment);
  return {
    tableName: TABLE_NAME,
    deployment: DEPLOYMENT_NAME ?? DEFAULT_DEPLOYMENT,
    retentionDays: Number(CADASTRE_RETENTION_DAYS ?? DEFAULT_RETENTION_DAYS),
  };
}

export interface FeedConfig {
  readonly tableName: string;
  readonly deployment: string;
  readonly eventBusName: string;
}

export function readFeedConfig(environment: Environment): FeedConfig {
  const { TABLE_NAME, EVENT_BUS_NAME, DEPLOYMENT_NAME } = readVariables(feedVariables, environment);
  return { tableName: TABLE_NAME, eventBusName: EVENT_BUS_NAME, deployment: DEPLOYMENT_NAME ?? DEFAULT_DEPLOYMENT };
}

export function readVaultConfig(environment: Environment): VaultConfig {
  const { TABLE_NAME, DATA_KEY_ARN, CADASTRE_ALLOWED_ADDRESSES } = readVariables(vaultVariables, environment);
  return {
    tableName: TABLE_NAME,
    allowedAddresses: toPrefixes(CADASTRE_ALLOWED_ADDRESSES),
    dataKeyArn: DATA_KEY_ARN,
    holdPolicy: DEFAULT_HOLD_POLICY,
    retentionDays: DEFAULT_RETENTION_DAYS,
  };
}

export function readApiConfig(environment: Environment): ApiConfig {
  const variables = readVariables(apiVariables, environment);
  return {
    tableName: variables.TABLE_NAME,
    allowedAddresses: toPrefixes(variables.CADASTRE_ALLOWED_ADDRESSES),
    dataKeyArn: variables.DATA_KEY_ARN,
    eventBusName: variables.EVENT_BUS_NAME,
    holdPolicy: {
      share: Number(variables.CADASTRE_HOLD_SHARE ?? DEFAULT_HOLD_POLICY.share),
      floor: Number(variables.CADASTRE_HOLD_FLOOR ?? DEFAULT_HOLD_POLICY.floor),
    },
    retentionDays: Number(variables.CADASTRE_RETENTION_DAYS ?? DEFAULT_RETENTION_DAYS),
  };
}

export type SigningKey = { readonly kmsKeyId: string } | { readonly file: string };

export interface CollectorConfig {
  readonly api: string;
  readonly name: string;
  readonly deployment: string;
  readonly signingKey: SigningKey;
  readonly scopeDeadlineMilliseconds: number | undefined;
  /** From one run to the next. */
  readonly intervalSeconds: number | undefined;
}

function toCollectorConfig(variables: z.output<typeof collectorVariables>): CollectorConfig {
  const { SIGNING_KEY_ID: kmsKeyId, SIGNING_KEY_FILE: file, COLLECT_SCOPE_DEADLINE_SECONDS: seconds } = variables;
  const interval = variables.COLLECT_INTERVAL_SECONDS;
  requireOne(variables, ["SIGNING_KEY_ID", "SIGNING_KEY_FILE"]);
  return {
    api: variables.CADASTRE_API,
    name: variables.COLLECTOR_NAME,
    deployment: variables.DEPLOYMENT_NAME ?? DEFAULT_DEPLOYMENT,
    signingKey: kmsKeyId === undefined ? { file: file as string } : { kmsKeyId },
    scopeDeadlineMilliseconds: seconds === undefined ? undefined : Number(seconds) * 1000,
    intervalSeconds: interval === undefined ? undefined : Number(interval),
  };
}

export type AwsAccountsConfig =
  | { readonly own: true }
  | { readonly roles: readonly { readonly roleArn: string; readonly externalId?: string }[] }
  | {
      readonly organization: {
        readonly roleName: string;
        readonly externalId?: string;
        readonly managementRoleArn?: string;
        readonly only?: readonly string[];
        readonly except?: readonly string[];
      };
    };

/** How much is asked of a cloud at once; the collector's own defaults where nothing is said. */
export interface LoadConfig {
  readonly concurrency?: number;
  readonly pageSize?: number;
}

function toLoad({
  COLLECT_CONCURRENCY: concurrency,
  COLLECT_PAGE_SIZE: pageSize,
}: {
  readonly COLLECT_CONCURRENCY?: string | undefined;
  readonly COLLECT_PAGE_SIZE?: string | undefined;
}): LoadConfig {
  return {
    ...(concurrency === undefined ? {} : { concurrency: Number(concurrency) }),
    ...(pageSize === undefined ? {} : { pageSize: Number(pageSize) }),
  };
}

export interface CollectAwsConfig extends CollectorConfig {
  readonly load: LoadConfig & { readonly accountsPerRun?: number };
  readonly accounts: AwsAccountsConfig;
  readonly regions: readonly string[] | undefined;
}

export function readCollectAwsConfig(environment: Environment): CollectAwsConfig {
  const variables = readVariables(collectAwsVariables, environment);
  const {
    COLLECT_AWS_ROLES: roles,
    COLLECT_AWS_ORGANIZATION_ROLE: roleName,
    COLLECT_AWS_MANAGEMENT_ROLE: managementRoleArn,
    COLLECT_AWS_EXTERNAL_ID: externalId,
    COLLECT_AWS_REGIONS: regions,
    COLLECT_AWS_ONLY_ACCOUNTS: only,
    COLLECT_AWS_EXCEPT_ACCOUNTS: except,
  } = variables;
  requireOne(variables, ["COLLECT_AWS_ROLES", "COLLECT_AWS_ORGANIZATION_ROLE"], true);
  const ofOrganizations = [
    "COLLECT_AWS_MANAGEMENT_ROLE",
    "COLLECT_AWS_ONLY_ACCOUNTS",
    "COLLECT_AWS_EXCEPT_ACCOUNTS",
  ] as const;
  const alone = ofOrganizations.find((name) => variables[name] !== undefined && roleName === undefined);
  if (alone !== undefined) throw new EnvironmentError([`${alone} needs COLLECT_AWS_ORGANIZATION_ROLE`]);
  requireOne(variables, ["COLLECT_AWS_ONLY_ACCOUNTS", "COLLECT_AWS_EXCEPT_ACCOUNTS"], true);
  if (externalId !== undefined && roles === undefined && roleName === undefined) {
    throw new EnvironmentError([
      "COLLECT_AWS_EXTERNAL_ID is sent to roles; COLLECT_AWS_ROLES or COLLECT_AWS_ORGANIZATION_ROLE is needed with it",
    ]);
  }
  const withId = externalId === undefined ? {} : { externalId };
  const accounts: AwsAccountsConfig =
    roles !== undefined
      ? { roles: listed(roles).map((roleArn) => ({ roleArn, ...withId })) }
      : roleName !== undefined
        ? {
            organization: {
              roleName,
              ...withId,
              ...(managementRoleArn === undefined ? {} : { managementRoleArn }),
              ...(only === undefined ? {} : { only: listed(only) }),
              ...(except === undefined ? {} : { except: listed(except) }),
            },
          }
        : { own: true };
  const accountsPerRun = variables.COLLECT_AWS_ACCOUNTS_PER_RUN;
  return {
    ...toCollectorConfig(variables),
    accounts,
    regions: regions === undefined ? undefined : listed(regions),
    load: { ...toLoad(variables), ...(accountsPerRun === undefined ? {} : { accountsPerRun: Number(accountsPerRun) }) },
  };
}

export type EndpointTargets = { readonly list: readonly string[] } | { readonly parametersPath: string };

export interface CollectEndpointsConfig extends CollectorConfig {
  readonly targets: EndpointTargets;
  readonly account: string;
  readonly families: readonly (4 | 6)[] | undefined;
  readonly concurrency: number | undefined;
}

export function readCollectEndpointsConfig(environment: Environment): CollectEndpointsConfig {
  const variables = readVariables(collectEndpointsVariables, environment);
  const { COLLECT_ENDPOINTS: list, COLLECT_ENDPOINTS_PARAMETERS: path } = variables;
  requireOne(variables, ["COLLECT_ENDPOINTS", "COLLECT_ENDPOINTS_PARAMETERS"]);
  return {
    ...toCollectorConfig(variables),
    targets: path === undefined ? { list: listed(list as string) } : { parametersPath: path },
    account: variables.COLLECT_ENDPOINTS_ACCOUNT,
    families: variables.COLLECT_ENDPOINTS_FAMILIES?.split(",").map((family) => (family === "4" ? 4 : 6)),
    concurrency: variables.COLLECT_CONCURRENCY === undefined ? undefined : Number(variables.COLLECT_CONCURRENCY),
  };
}

export type GcpProjectsConfig =
  | { readonly list: readonly string[] }
  | { readonly folder: string }
  | { readonly organization: string };

export interface CollectGcpConfig extends CollectorConfig {
  /** Of which the interval follows. */
  readonly schedule: string | undefined;
  readonly load: LoadConfig;
  readonly projects: GcpProjectsConfig;
  readonly timeoutMilliseconds: number;
}

export function readCollectGcpConfig(environment: Environment): CollectGcpConfig {
  const variables = readVariables(collectGcpVariables, environment);
  const {
    COLLECT_GCP_PROJECTS: projects,
    COLLECT_GCP_FOLDER: folder,
    COLLECT_GCP_ORGANIZATION: organization,
  } = variables;
  requireOne(variables, ["COLLECT_GCP_PROJECTS", "COLLECT_GCP_FOLDER", "COLLECT_GCP_ORGANIZATION"]);
  requireOne(variables, ["COLLECT_INTERVAL_SECONDS", "COLLECT_SCHEDULE"], true);
  return {
    ...toCollectorConfig(variables),
    schedule: variables.COLLECT_SCHEDULE,
    projects:
      projects !== undefined
        ? { list: listed(projects) }
        : folder !== undefined
          ? { folder }
          : { organization: organization as string },
    load: toLoad(variables),
    timeoutMilliseconds: Number(variables.COLLECT_TIMEOUT_SECONDS) * 1000,
  };
}

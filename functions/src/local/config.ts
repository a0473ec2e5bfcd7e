import { isAbsolute, resolve } from "node:path";
import { parseTargets } from "@cadastre/collectors/endpoints/targets";
import { didYouMean } from "@cadastre/contract/did-you-mean";
import { accountId } from "@cadastre/contract/scope";
import { type TrustedProxies, toTrustedProxies } from "@cadastre/core/limits/client-address";
import { type RelyingParty, toRelyingParty } from "@cadastre/core/login/passkeys";
import type { Prefix } from "@cadastre/net/prefix";
import * as z from "zod";
import { toForwardTo } from "../forwarding/forward-to.ts";

/** Any of these says that an AWS SDK would find credentials. */
const AWS_CREDENTIALS = [
  "AWS_ACCESS_KEY_ID",
  "AWS_PROFILE",
  "AWS_WEB_IDENTITY_TOKEN_FILE",
  "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
  "AWS_CONTAINER_CREDENTIALS_FULL_URI",
] as const;

const list = z
  .string()
  .transform((text) =>
    text
      .split(",")
      .map((part) => part.trim())
      .filter((part) => part !== ""),
  )
  .pipe(z.array(z.string()).min(1, "names nothing"));

const wholeNumber = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d+$/, `a whole number from ${least} to ${most}`)
    .transform(Number)
    .pipe(z.number().min(least, `at least ${least}`).max(most, `at most ${most}`));

/** Read by what throws a RangeError that says what is allowed. */
const readBy = <Value>(read: (text: string) => Value) =>
  z.string().transform((text, context) => {
    try {
      return read(text);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      context.addIssue({ code: "custom", message: error.message });
      return z.NEVER;
    }
  });

const variables = z.object({
  PORT: wholeNumber(0, 65_535).default(8787),
  CADASTRE_DATA: z.string().min(1).default(".cadastre"),
  CADASTRE_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]{16,512}$/, "16 to 512 visible ASCII characters without spaces")
    .optional(),
  CADASTRE_INTERVAL_SECONDS: wholeNumber(10, 86_400).default(900),
  CADASTRE_SIMULATE: z.enum(["yes", "no"], { error: "yes or no" }).optional(),
  CADASTRE_SIMULATE_ACCOUNTS: wholeNumber(1, 1000).default(3),
  CADASTRE_SIMULATE_INSTANCES: wholeNumber(0, 100_000).default(25),
  CADASTRE_AWS_REGIONS: list.optional(),
  CADASTRE_AWS_ROLES: list.optional(),
  CADASTRE_AWS_ORGANIZATION_ROLE: z.string().min(1).optional(),
  CADASTRE_AWS_EXTERNAL_ID: z.string().min(1).optional(),
  CADASTRE_GCP_PROJECTS: list.pipe(z.array(accountId)).optional(),
  CADASTRE_GCP_FOLDER: z.string().min(1).optional(),
  CADASTRE_GCP_ORGANIZATION: z.string().min(1).optional(),
  CADASTRE_ENDPOINTS: list
    .check((context) => {
      try {
        parseTargets(context.value);
      } catch (error) {
        context.issues.push({ code: "custom", message: (error as Error).message, input: context.value });
      }
    })
    .optional(),
  CADASTRE_HOLD_SHARE: z
    .string()
    .regex(/^(0(\.\d+)?|1(\.0+)?)$/, "a share from 0 to 1")
    .transform(Number)
    .optional(),
  CADASTRE_HOLD_FLOOR: wholeNumber(1, 1_000_000).optional(),
  CADASTRE_RETENTION_DAYS: wholeNumber(1, 36_500).optional(),
  CADASTRE_CHANGES_FILE: z.string().min(1).optional(),
  CADASTRE_ORIGIN: readBy(toRelyingParty).optional(),
  CADASTRE_TRUSTED_PROXIES: readBy(toTrustedProxies).optional(),
  CADASTRE_FORWARD_TO: readBy(toForwardTo).optional(),
  CADASTRE_LOOPBACK_PROVIDERS: z.enum(["yes", "no"], { error: "yes or no" }).optional(),
});
type Variables = z.output<typeof variables>;

/** What the local run looks at: clouds that are configured, or the simulator. */
export interface LocalConfig {
  readonly port: number;
  readonly dataDirectory: string;
  readonly token: string | undefined;
  readonly intervalSeconds: number;
  readonly holdShare: number | undefined;
  readonly holdFloor: number | undefined;
  readonly retentionDays: number | undefined;
  readonly changesFile: string | undefined;
  /** Where people log in; on this machine, at the port, when absent. */
  readonly relyingParty: RelyingParty | undefined;
  readonly trustedProxies: TrustedProxies | undefined;
  /** Internal addresses to which the audit log may be sent. */
  readonly forwardTo: readonly Prefix[];
  /** Whether identity providers on this machine may be asked, over plain HTTP. */
  readonly loopbackProviders: boolean;
  readonly simulation: { readonly accounts: number; readonly instances: number } | undefined;
  readonly aws:
    | {
        readonly regions: readonly string[] | undefined;
        readonly roles: readonly string[] | undefined;
        readonly organizationRole: string | undefined;
        readonly externalId: string | undefined;
      }
    | undefined;
  readonly gcp:
    | { readonly list: readonly string[] }
    | { readonly folder: string }
    | { readonly organization: string }
    | undefined;
  readonly endpoints: readonly string[] | undefined;
}

/** The environment cannot be run with; the message names each variable and what it must be. */
export class ConfigError extends Error {
  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.name = "ConfigError";
  }
}

/** Those of the command `cadastre`, which may be set beside ours. */
const OF_THE_COMMAND = [
  "CADASTRE_API",
  "CADASTRE_PROFILE",
  "CADASTRE_TRUST_RULE",
  "CADASTRE_SUBJECT_TOKEN_FILE",
  "CADASTRE_AUDIENCE",
];
const PREFIX = "CADASTRE_";
const KNOWN = [...Object.keys(variables.shape).filter((name) => name.startsWith(PREFIX)), ...OF_THE_COMMAND];

/** A mistyped variable would otherwise be as good as none, and nobody told. */
const isUnknown = (name: string) => name.startsWith(PREFIX) && !KNOWN.includes(name);

function unknownMessage(name: string): string {
  // What all of them begin with says nothing of which is meant.
  const meant = didYouMean(
    name.slice(PREFIX.length),
    KNOWN.map((one) => one.slice(PREFIX.length)),
  );
  return `${name}: there is no such variable; ${meant === undefined ? "README.md lists all of them" : `did you mean ${PREFIX}${meant}?`}`;
}

/** Reads the environment. Throws ConfigError for variables that are not known, for values of the wrong form and for mixes that cannot be meant. */
export function readLocalConfig(environment: Readonly<Record<string, string | undefined>>): LocalConfig {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ""),
  );
  const parsed = variables.safeParse(given);
  const unknown = Object.keys(given).filter(isUnknown).map(unknownMessage);
  if (!parsed.success) {
    const wrong = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
    throw new ConfigError([...unknown, ...wrong]);
  }
  if (unknown.length > 0) throw new ConfigError(unknown);
  const from = parsed.data;
  const hasAws = AWS_CREDENTIALS.some((name) => given[name] !== undefined);
  const gcp = toGcp(from);
  const configured = hasAws || gcp !== undefined || from.CADASTRE_ENDPOINTS !== undefined;
  const simulate = from.CADASTRE_SIMULATE === "yes" || (from.CADASTRE_SIMULATE === undefined && !configured);
  const problems = [...mixes(from, given, hasAws, simulate)];
  if (problems.length > 0) throw new ConfigError(problems);
  const data = from.CADASTRE_DATA;
  return {
    port: from.PORT,
    dataDirectory: isAbsolute(data) ? data : resolve(data),
    token: from.CADASTRE_TOKEN,
    intervalSeconds: from.CADASTRE_INTERVAL_SECONDS,
    holdShare: from.CADASTRE_HOLD_SHARE,
    holdFloor: from.CADASTRE_HOLD_FLOOR,
    retentionDays: from.CADASTRE_RETENTION_DAYS,
    changesFile: from.CADASTRE_CHANGES_FILE,
    relyingParty: from.CADASTRE_ORIGIN,
    trustedProxies: from.CADASTRE_TRUSTED_PROXIES,
    forwardTo: from.CADASTRE_FORWARD_TO ?? [],
    loopbackProviders: from.CADASTRE_LOOPBACK_PROVIDERS === "yes",
    simulation: simulate
      ? { accounts: from.CADASTRE_SIMULATE_ACCOUNTS, instances: from.CADASTRE_SIMULATE_INSTANCES }
      : undefined,
    aws:
      hasAws && !simulate
        ? {
            regions: from.CADASTRE_AWS_REGIONS,
            roles: from.CADASTRE_AWS_ROLES,
            organizationRole: from.CADASTRE_AWS_ORGANIZATION_ROLE,
            externalId: from.CADASTRE_AWS_EXTERNAL_ID,
          }
        : undefined,
    gcp: simulate ? undefined : gcp,
    endpoints: simulate ? undefined : from.CADASTRE_ENDPOINTS,
  };
}

function toGcp(from: Variables): LocalConfig["gcp"] {
  if (from.CADASTRE_GCP_PROJECTS) return { list: from.CADASTRE_GCP_PROJECTS };
  if (from.CADASTRE_GCP_FOLDER) return { folder: from.CADASTRE_GCP_FOLDER };
  return from.CADASTRE_GCP_ORGANIZATION ? { organization: from.CADASTRE_GCP_ORGANIZATION } : undefined;
}

function* mixes(
  from: Variables,
  given: Readonly<Record<string, unknown>>,
  hasAws: boolean,
  simulate: boolean,
): Generator<string> {
  const awsOptions = (["CADASTRE_AWS_REGIONS", "CADASTRE_AWS_ROLES", "CADASTRE_AWS_ORGANIZATION_ROLE"] as const).filter(
    (name) => from[name] !== undefined,
  );
  const gcpOptions = (["CADASTRE_GCP_PROJECTS", "CADASTRE_GCP_FOLDER", "CADASTRE_GCP_ORGANIZATION"] as const).filter(
    (name) => from[name] !== undefined,
  );
  if (awsOptions.length > 0 && !hasAws)
    yield `${awsOptions.join(", ")}: no AWS credentials are configured (one of ${AWS_CREDENTIALS.join(", ")})`;
  if (from.CADASTRE_AWS_ROLES && from.CADASTRE_AWS_ORGANIZATION_ROLE)
    yield "CADASTRE_AWS_ROLES and CADASTRE_AWS_ORGANIZATION_ROLE: give one of them";
  if (gcpOptions.length > 1) yield `${gcpOptions.join(", ")}: give one of them`;
  if (given.GOOGLE_APPLICATION_CREDENTIALS !== undefined && gcpOptions.length === 0 && !simulate) {
    yield "GOOGLE_APPLICATION_CREDENTIALS: say what to look at by CADASTRE_GCP_PROJECTS, CADASTRE_GCP_FOLDER or CADASTRE_GCP_ORGANIZATION";
  }
  if (simulate && (awsOptions.length > 0 || gcpOptions.length > 0 || from.CADASTRE_ENDPOINTS)) {
    yield "CADASTRE_SIMULATE=yes looks at simulated clouds alone; leave out CADASTRE_AWS_*, CADASTRE_GCP_* and CADASTRE_ENDPOINTS";
  }
  if (from.CADASTRE_SIMULATE === "no" && !hasAws && gcpOptions.length === 0 && !from.CADASTRE_ENDPOINTS) {
    yield "CADASTRE_SIMULATE=no: no cloud is configured; give AWS credentials, CADASTRE_GCP_PROJECTS or CADASTRE_ENDPOINTS";
  }
}

import { collectorName } from "@cadastre/contract/collector";
import { HostNameError, parseHostName, parseHostPort } from "@cadastre/net/host-name";
import * as z from "zod";
import { account, keyArn, listOf, object, region, roleArn, text, whole } from "./forms.ts";

/** Three runs and one more fit in a day, which is as far as an alarm looks back. */
const LEAST_OFTEN_MINUTES = 360;
/** A function ends after 15 minutes; a scope that takes longer than this would not be reported. */
const LONGEST_SCOPE_SECONDS = 840;

const common = {
  /** As it is registered at the API. */
  name: z.string("1 to 63 of lower-case letters, digits and . _ -").pipe(collectorName),
  everyMinutes: whole(1, LEAST_OFTEN_MINUTES, " of minutes"),
  /** A key that signs instead of one of the stack's own: P-256, to sign and verify, in this account and region. */
  signingKeyArn: keyArn.optional(),
  /** After how long one scope is given up. */
  scopeSeconds: whole(10, LONGEST_SCOPE_SECONDS, " of seconds").optional(),
};

const externalId = text(/^[\w+=,.@:/-]{2,1224}$/, "2 to 1,224 letters, digits and _ + = , . @ : / -").optional();

/** Names of roles, with their path; `{account}` stands for the account's number. */
const roleName = text(
  /^(?:[\w+=,.@/-]|\{account\}){1,512}$/,
  "a role's name, with its path if it has one; {account} stands for the account's number",
);

const accounts = object({
  /** The account of the deployment. */
  own: z.literal(true, "true, or leave it out").optional(),
  /** A role in each account. */
  roles: listOf(roleArn, [1, 100], "roles' ARNs").optional(),
  /** All active accounts of the organization, by a role of one name. */
  organization: object({
    roleName,
    externalId,
    /** A role that may list the organization's accounts, when the deployment's own account may not. */
    managementRoleArn: roleArn.optional(),
    /** These accounts and no others. */
    only: listOf(account, [1, 200], "accounts").optional(),
    /** All accounts but these. */
    except: listOf(account, [1, 200], "accounts").optional(),
  }).optional(),
  externalId,
}).check(({ value, issues }) => {
  const problem = (message: string, path: string[] = []) =>
    issues.push({ code: "custom", path, input: value, message });
  const given = (["own", "roles", "organization"] as const).filter((name) => value[name] !== undefined);
  if (given.length !== 1) {
    problem(`exactly one of own, roles and organization; ${given.join(" and ") || "none"} is given`);
  }
  if (value.externalId !== undefined && value.roles === undefined) {
    problem("is sent to roles; with organization it belongs into organization", ["externalId"]);
  }
  const { only, except } = value.organization ?? {};
  if (only && except) problem("only and except are given; one of them is enough", ["organization"]);
  for (const [place, role] of (value.roles ?? []).entries()) {
    const of = (arn: string) => arn.split(":")[4];
    const first = value.roles?.findIndex((other) => of(other) === of(role)) ?? place;
    if (first < place && value.roles?.[first] !== role) {
      issues.push({
        code: "custom",
        path: ["roles", place],
        input: role,
        message: `account ${of(role)} has a role in roles[${first}] already; one for each account`,
      });
    }
  }
});

/** A collector of AWS's networks, machines and addresses. */
export const awsCollector = object({
  ...common,
  accounts,
  /** All that an account has enabled, when absent. */
  regions: listOf(region, [1, 60], "regions").optional(),
  /** How many regions, over all accounts, are looked at at once. */
  concurrency: whole(1, 1000).optional(),
  /** How many resources are asked for at once. */
  pageSize: whole(5, 1000).optional(),
  /** How many accounts one run looks at, at most; more are split into several runs. */
  accountsPerRun: whole(1, 100).optional(),
}).check(({ value, issues }) => {
  const partitionOf = (name: string) => (name.startsWith("cn-") ? "cn" : name.startsWith("us-gov-") ? "us-gov" : "aws");
  const [first, ...others] = value.regions ?? [];
  const other = others.find((one) => partitionOf(one) !== partitionOf(first ?? one));
  if (other === undefined) return;
  issues.push({
    code: "custom",
    path: ["regions"],
    input: value.regions,
    message: `${first} and ${other} are of different partitions, which know nothing of each other`,
  });
});

/** `host`, `host:port` or `[IPv6]:port`, with `?sni=name` if wanted: what the collector takes. */
const target = z.string("a target such as example.com:443").check(({ value, issues }) => {
  const [place = "", asked, ...more] = value.split("?sni=");
  try {
    parseHostPort(place.endsWith("]") || !place.includes(":") ? `${place}:443` : place);
    if (asked !== undefined) parseHostName(asked);
    if (more.length > 0) throw new HostNameError("invalid-character", value);
  } catch (error) {
    if (!(error instanceof HostNameError)) throw error;
    const message = `a target is host, host:port or [IPv6]:port, with ?sni=name if wanted; ${error.message}`;
    issues.push({ code: "custom", input: value, message });
  }
});

/** Where the endpoint collector stands, when it is to reach endpoints inside. It needs a way out from there to the API, KMS and SSM. */
const vpc = object({
  subnetIds: listOf(text(/^subnet-[0-9a-f]{8,17}$/, "a subnet's id, subnet-…"), [1, 16], "subnets"),
  securityGroupIds: listOf(text(/^sg-[0-9a-f]{8,17}$/, "a security group's id, sg-…"), [1, 5], "security groups"),
});

/** The collector of TLS endpoints and their certificates. */
export const endpointsCollector = object({
  ...common,
  /** Whose endpoints they are, as the collector is registered for. */
  account: text(/^[\w.:-]{1,128}$/, "1 to 128 letters, digits and _ . : -"),
  /** More can be added later as parameters under the path that the stack prints. */
  targets: listOf(target, [1, 10_000], "targets"),
  vpc: vpc.optional(),
  /** Which addresses of a name are looked at. A function outside a VPC reaches IPv4 alone. */
  families: z.enum(["4", "6", "4,6"], 'one of "4", "6" and "4,6"').optional(),
  /** How many endpoints are looked at at once. */
  concurrency: whole(1, 1000).optional(),
}).check(({ value, issues }) => {
  if (!value.families?.includes("6") || value.vpc) return;
  issues.push({
    code: "custom",
    path: ["families"],
    input: value.families,
    message: 'a function outside a VPC reaches IPv4 alone; give vpc too, or leave it at "4"',
  });
});

import * as z from "zod";
import { awsCollector, endpointsCollector } from "./settings/collectors.ts";
import { certificateArn, hostName, listOf, object, prefix, streamArn, text, whole } from "./settings/forms.ts";
import {
  ENVIRONMENT_CHARACTERS,
  environmentCharacters,
  POLICY_CHARACTERS,
  policyCharacters,
  TARGETS_CHARACTERS,
} from "./settings/sizes.ts";

/** A function's name and a role's have no more. */
const NAME_CHARACTERS = 64;
/** The tags that everything has, beside those of the settings. */
export const OWN_TAGS = ["Application", "Deployment"] as const;

const name = text(
  /^(?!aws|ssm)[a-z][a-z0-9-]{0,18}[a-z0-9]$/,
  [
    "2 to 20 lower-case letters, digits and hyphens, a letter first, no hyphen last, and not with aws or ssm in front,",
    "which AWS keeps for itself",
  ].join(" "),
).refine((given) => given !== "default", "not default, which is the name of every account's own event bus");

const TAG = "[\\p{L}\\p{Z}\\p{N}_.:/=+@-]";
const tags = z
  .record(
    z.string(),
    text(new RegExp(`^${TAG}{0,256}$`, "u"), "up to 256 letters, digits, spaces and _ . : / = + - @"),
    {
      error: "an object of tags and their values",
    },
  )
  .check(({ value, issues }) => {
    const problem = (key: string | undefined, message: string) =>
      issues.push({ code: "custom", path: key === undefined ? [] : [key], input: value, message });
    for (const key of Object.keys(value)) {
      if (!new RegExp(`^(?!aws:)${TAG}{1,128}$`, "u").test(key)) {
        problem(key, "a tag's name has 1 to 128 letters, digits, spaces and _ . : / = + - @, and not aws: in front");
      }
      if (OWN_TAGS.some((own) => own === key)) problem(key, "is set by the deployment itself");
    }
    if (Object.keys(value).length > 40) problem(undefined, "at most 40 tags");
  });

const concurrency = whole(1, 1000, " of invocations").optional();

/** What is deployed, and how. A collector that is absent is not deployed. */
export const deploymentSettings = object({
  /** Begins the name of everything; two deployments in one account need two. */
  name,
  /** Where alarms are sent. Without it they reach the topic alone. */
  alarmEmail: z.email("an e-mail address").max(254, "an e-mail address").optional(),
  /** On everything that can have tags. */
  tags: tags.optional(),
  /** When a complete scope's losses wait for an operator. The product's own defaults when absent. */
  holdPolicy: object({
    share: z.number("a number from 0 to 1").min(0, "a number from 0 to 1").max(1, "a number from 0 to 1"),
    floor: whole(0, 1_000_000, " of resources"),
  }).optional(),
  /** How many days the feed of changes reaches back, and what has ended (holds, tokens) stays; 400 when absent. */
  retentionDays: whole(1, 36_500, " of days").optional(),
  /** Internal addresses to which organizations may have their audit log sent; only the public Internet when absent. */
  forwardTo: listOf(prefix, [1, 100], "blocks of addresses").optional(),
  /** A table to work with instead of the stack's own: one that was restored. */
  tableName: text(/^[\w.-]{3,255}$/, "a table's name: 3 to 255 letters, digits and _ . -").optional(),
  /** Its stream, of keys alone. */
  tableStreamArn: streamArn.optional(),
  /** What the table takes in a second at the most, so that a fault costs no more. One commit may have some hundred units. */
  mostWritesPerSecond: whole(500, 40_000, " of units").optional(),
  mostReadsPerSecond: whole(500, 40_000, " of units").optional(),
  /** The API's own name. Its certificate is in the stack's region; with the zone its records are made, too. */
  domain: object({
    name: hostName,
    certificateArn,
    hostedZoneId: text(/^Z[A-Z0-9]{1,31}$/, "a hosted zone's id, Z…").optional(),
  }).optional(),
  /** From where people may call. Collectors, which sign, may from anywhere. */
  allowedAddresses: listOf(prefix, [1, 100], "blocks of addresses").optional(),
  /** So many invocations at a time are kept for a function, and it has no more. */
  reservedConcurrency: object({
    api: concurrency,
    vault: concurrency,
    jobs: concurrency,
    feed: concurrency,
    /** Of each collector. */
    collectors: concurrency,
  }).optional(),
  aws: listOf(awsCollector, [1, 10], "AWS collectors").optional(),
  endpoints: endpointsCollector.optional(),
}).check(({ value, issues }) => {
  const problem = (path: (string | number)[], message: string) =>
    issues.push({ code: "custom", path, input: value, message });
  const collectors = [
    ...(value.aws ?? []).map((one, place) => ({ name: one.name, path: ["aws", place, "name"] })),
    ...(value.endpoints ? [{ name: value.endpoints.name, path: ["endpoints", "name"] }] : []),
  ];
  for (const [place, { name: given, path }] of collectors.entries()) {
    // Names of resources do without signs.
    const plain = (one: { readonly name: string }) => one.name.replaceAll(/[._-]/g, "");
    const first = collectors.findIndex((other) => plain(other) === plain({ name: given }));
    if (first < place) {
      problem(
        path,
        `is too like ${JSON.stringify(collectors[first]?.name)}, another collector's name: . _ - do not count`,
      );
    }
    const length = collectorFunctionName(value.name, given).length;
    if (length > NAME_CHARACTERS) {
      problem(
        path,
        `with the deployment's name it is ${length - NAME_CHARACTERS} characters too long for a function's`,
      );
    }
  }
  for (const [place, one] of (value.aws ?? []).entries()) {
    for (const [characters, most, of] of [
      [environmentCharacters(one), ENVIRONMENT_CHARACTERS, "a function's environment"],
      [policyCharacters(one), POLICY_CHARACTERS, "a role's policy"],
    ] as const) {
      if (characters <= most) continue;
      const found = `${characters.toLocaleString("en")} characters together`;
      const allowed = `${of} takes ${most.toLocaleString("en")} of them`;
      problem(
        ["aws", place, "accounts"],
        `accounts, roles and regions have ${found}, and ${allowed}: make several collectors`,
      );
    }
  }
  const targets = value.endpoints?.targets.join("\n").length ?? 0;
  if (targets > TARGETS_CHARACTERS) {
    const allowed = `${TARGETS_CHARACTERS.toLocaleString("en")} are what a stack takes`;
    problem(
      ["endpoints", "targets"],
      `have ${targets.toLocaleString("en")} characters together, and ${allowed}: put the rest under the path that it prints`,
    );
  }
  const addresses = value.allowedAddresses?.join(",").length ?? 0;
  if (addresses > ENVIRONMENT_CHARACTERS) {
    const allowed = `${ENVIRONMENT_CHARACTERS.toLocaleString("en")} are what a function's environment takes`;
    problem(
      ["allowedAddresses"],
      `have ${addresses.toLocaleString("en")} characters together, and ${allowed}: use larger blocks`,
    );
  }
  if ((value.tableName === undefined) !== (value.tableStreamArn === undefined)) {
    problem(["tableStreamArn"], "belongs to tableName: give both or none");
  } else if (value.tableStreamArn && value.tableStreamArn.split("/")[1] !== value.tableName) {
    problem(["tableStreamArn"], `is of the table ${value.tableStreamArn.split("/")[1]}, and tableName is another`);
  }
  for (const cap of ["mostWritesPerSecond", "mostReadsPerSecond"] as const) {
    if (value[cap] !== undefined && value.tableName !== undefined) {
      problem([cap], "is of the stack's own table; set it on the restored table itself");
    }
  }
});

export type Deployment = z.output<typeof deploymentSettings>;
export type AwsCollectorSettings = z.output<typeof awsCollector>;
export type AwsAccounts = AwsCollectorSettings["accounts"];
export type EndpointsCollectorSettings = z.output<typeof endpointsCollector>;

/** How a collector's function is called, and its role when others have to know it. Functions' names have no dots. */
export function collectorFunctionName(deployment: string, collector: string): string {
  return `${deployment}-collect-${collector.replaceAll(".", "_")}`;
}

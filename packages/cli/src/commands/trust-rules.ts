import { TOKEN_SCOPES, type TokenScope } from "@cadastre/contract/token";
import type { TrustRule } from "@cadastre/contract/trust-rule";
import { type Command, Option } from "commander";
import { commaList, duration, listOf, several, withExamples, withPaging } from "../arguments.ts";
import { apiOf, type Cli, openClient, optionsOf } from "../cli.ts";
import { UsageError } from "../exit-codes.ts";
import { readText } from "../files.ts";
import { findNamed } from "../find-named.ts";
import { printList } from "../output/list.ts";
import { printOne } from "../output/one.ts";
import type { Column } from "../output/table.ts";
import { neutralise, toTime } from "../output/text.ts";

/** Whom a rule trusts, in a line. */
function trustedBy({ trusts }: TrustRule): string {
  switch (trusts.type) {
    case "oidc":
      return `${trusts.issuer} ${Object.entries(trusts.claims)
        .map((pair) => pair.join("="))
        .join(" ")}`;
    case "github":
      return [trusts.repository, trusts.ref, trusts.environment].filter((part) => part !== undefined).join(" ");
    case "kubernetes":
      return `${trusts.issuer} ${trusts.namespace}/${trusts.serviceAccount}`;
    case "gcp":
      return [trusts.email, trusts.subject].filter((part) => part !== undefined).join(" ");
    case "aws":
      return `${trusts.account}/${trusts.role}`;
  }
}

const COLUMNS: readonly Column<TrustRule>[] = [
  { title: "ID", value: (one) => one.id },
  { title: "NAME", value: (one) => one.name },
  {
    title: "STATE",
    value: (one) => (one.disabled ? "disabled" : "enabled"),
    style: (one) => (one.disabled ? "dim" : "green"),
  },
  { title: "TRUSTS", value: (one) => one.trusts.type },
  { title: "WHO", value: trustedBy, shape: "id" },
  { title: "ACTS AS", value: (one) => one.serviceAccount },
  { title: "SCOPES", value: (one) => one.scopes.join(","), shape: "id" },
  { title: "CREATED", spare: true, value: (one) => toTime(one.createdAt), raw: (one) => one.createdAt },
];

interface CreateOptions {
  readonly serviceAccount: string;
  readonly scopes: readonly TokenScope[];
  readonly audience?: string;
  readonly github?: string;
  readonly ref?: string;
  readonly environment?: string;
  readonly ownerId?: string;
  readonly kubernetes?: string;
  readonly gcp?: string;
  readonly aws?: string;
  readonly oidc?: string;
  readonly issuer?: string;
  readonly keys?: string;
  readonly claim?: readonly string[];
  readonly accounts?: string[];
  readonly addresses?: string[];
  readonly tokenLife?: number;
  readonly singleUse?: true;
  readonly endsWithSubject?: true;
}

function pairOf(text: string, separator: string, what: string): [string, string] {
  const at = text.indexOf(separator);
  if (at <= 0 || at === text.length - 1) throw new UsageError(`${JSON.stringify(text)} must be ${what}`);
  return [text.slice(0, at), text.slice(at + 1)];
}

function keysOf(file: string | undefined) {
  if (file === undefined) return {};
  try {
    return { keys: JSON.parse(readText(file, "file of keys")) as { keys: Record<string, unknown>[] } };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${file} is no JSON: it has to be a set of public keys (JWKS)`);
  }
}

/** Whom the options say to trust; the API says what is wrong with it. */
function trustsOf({ github, kubernetes, gcp, aws, oidc, ...given }: CreateOptions, audience: string) {
  const { ref, environment, ownerId, issuer, keys, claim = [] } = given;
  const chosen = [github, kubernetes, gcp, aws, oidc].filter((one) => one !== undefined);
  if (chosen.length !== 1) throw new UsageError("give one of --github, --kubernetes, --gcp, --aws and --oidc");
  if (github !== undefined)
    return {
      type: "github",
      audience,
      repository: github,
      ref,
      environment,
      ownerId,
      ...(issuer === undefined ? {} : { issuer }),
    } as const;
  if (kubernetes !== undefined) {
    const [namespace, serviceAccount] = pairOf(kubernetes, "/", "a namespace and a service account: ci/deploy");
    if (issuer === undefined) throw new UsageError("--kubernetes needs the cluster's --issuer");
    return { type: "kubernetes", audience, issuer, namespace, serviceAccount, ...keysOf(keys) } as const;
  }
  if (gcp !== undefined)
    return { type: "gcp", audience, ...(/^\d+$/.test(gcp) ? { subject: gcp } : { email: gcp }) } as const;
  if (aws !== undefined) {
    const [account, role] = pairOf(aws, "/", "an account and a role: 123456789012/deploy");
    return { type: "aws", audience, account, role } as const;
  }
  const claims = Object.fromEntries(claim.map((one) => pairOf(one, "=", "a claim and its value: sub=job-7")));
  return { type: "oidc", audience, issuer: oidc ?? "", claims, ...keysOf(keys) } as const;
}

async function create(cli: Cli, name: string, command: Command): Promise<void> {
  const options = optionsOf<CreateOptions>(command);
  const { scopes, accounts, addresses, tokenLife: tokenSeconds, singleUse, endsWithSubject } = options;
  const trusts = trustsOf(options, options.audience ?? apiOf(cli, options));
  const more = {
    ...(accounts === undefined ? {} : { accounts }),
    ...(addresses === undefined ? {} : { addresses }),
    ...(tokenSeconds === undefined ? {} : { tokenSeconds }),
    ...(singleUse ? { singleUse } : {}),
    ...(endsWithSubject ? { endsWithSubject } : {}),
  };
  const client = openClient(cli, options);
  const { id: serviceAccount } = await findNamed(client, options.serviceAccount, ["service-account"] as const);
  const made = await client.trustRules.create({ name, serviceAccount, scopes: [...scopes], trusts, ...more });
  await printOne(cli.stdout, options, made);
}

async function setDisabled(cli: Cli, id: string, command: Command, disabled: boolean): Promise<void> {
  const client = openClient(cli, optionsOf(command));
  const {
    version,
    createdAt: _a,
    createdBy: _b,
    updatedAt: _c,
    updatedBy: _d,
    ...rule
  } = await client.trustRules.get({ id });
  await client.trustRules.replace({ ...rule, disabled, version });
  await cli.stderr.write(`${disabled ? "disabled" : "enabled"} ${neutralise(id)}\n`);
}

/** Adds `trust-rules` to the program. */
export function addTrustRules(program: Command, cli: Cli): void {
  const rules = program
    .command("trust-rules")
    .description("which workloads act as which service account, without a secret of ours");
  withExamples(
    rules
      .command("add")
      .description("trust the tokens of a platform; a workload there uses the rule's id as CADASTRE_TRUST_RULE")
      .argument("<name>", "what it is for")
      .requiredOption("--service-account <id>", "which one is acted as, by its name or id")
      .addOption(
        new Option("--scopes <list>", "what the tokens may do, within its roles")
          .argParser(listOf(TOKEN_SCOPES))
          .makeOptionMandatory(),
      )
      .option("--audience <text>", "what the workload's token must be made for (default: the API's address)")
      .option("--github <repository>", "workflows of owner/name, or owner/*")
      .option("--ref <pattern>", "with --github: such as refs/heads/main")
      .option("--environment <pattern>", "with --github: the job's environment")
      .option("--owner-id <number>", "with --github: the owner's number")
      .option("--kubernetes <account>", "a service account of a cluster: namespace/name")
      .option("--gcp <account>", "a service account of Google: its address, or its unique id")
      .option("--aws <role>", "a role of AWS: account/role")
      .option("--oidc <issuer>", "any issuer of OpenID Connect, with --claim")
      .addOption(
        new Option(
          "--claim <name=value>",
          "with --oidc: what the token must say; * for any characters but :",
        ).argParser(several),
      )
      .option("--issuer <url>", "of a cluster, or of an enterprise server of GitHub")
      .option(
        "--keys <file>",
        "with --kubernetes or --oidc: the public keys (JWKS), for an issuer that cannot be asked",
      )
      .addOption(new Option("--accounts <list>", "limits the tokens to what belongs to these").argParser(commaList))
      .addOption(new Option("--addresses <list>", "from where tokens are exchanged and used").argParser(commaList))
      .addOption(new Option("--token-life <time>", "of the tokens, at most 1h (default: 15m)").argParser(duration))
      .option("--single-use", "each token of the platform counts once")
      .option("--ends-with-subject", "tokens end no later than what they were exchanged for")
      .action((name: string, _: unknown, command: Command) => create(cli, name, command)),
    "trust-rules add deploy --service-account deploy --scopes resources:read --github acme/infra --ref refs/heads/main",
    "trust-rules add nightly --service-account deploy --scopes resources:read --aws 123456789012/nightly",
  );
  withPaging(rules.command("list").description("all rules")).action(async (_: unknown, command: Command) => {
    const options = optionsOf(command);
    const client = openClient(cli, options);
    const items = (limit: number) => client.trustRules.list.all({ limit });
    await printList({ ...cli, options, columns: COLUMNS, noun: "trust rules", items });
  });
  rules
    .command("show")
    .description("one rule")
    .argument("<id>", "trl_…")
    .action(async (id: string, _: unknown, command: Command) => {
      const options = optionsOf(command);
      await printOne(cli.stdout, options, await openClient(cli, options).trustRules.get({ id }));
    });
  for (const [verb, disabled, about] of [
    ["disable", true, "have a rule met by nobody"],
    ["enable", false, "have a rule met again"],
  ] as const)
    rules
      .command(verb)
      .description(about)
      .argument("<id>", "trl_…")
      .action((id: string, _: unknown, command: Command) => setDisabled(cli, id, command, disabled));
  rules
    .command("remove")
    .description("remove a rule; tokens that were exchanged end within the hour")
    .argument("<id>", "trl_…")
    .action(async (id: string, _: unknown, command: Command) => {
      await openClient(cli, optionsOf(command)).trustRules.delete({ id });
      await cli.stderr.write(`removed ${neutralise(id)}\n`);
    });
}

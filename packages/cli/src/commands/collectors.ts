import { existsSync } from "node:fs";
import type { Client } from "@cadastre/client/client";
import { createKeyFile, readPublicKey } from "@cadastre/collectors/keys";
import { type Collector, collectorState, newCollector } from "@cadastre/contract/collector";
import type { KeyAlgorithm } from "@cadastre/contract/keys";
import { toFieldErrors } from "@cadastre/contract/parse";
import { PROVIDERS, type Provider } from "@cadastre/contract/scope";
import { type Command, Option } from "commander";
import { choice, commaList, listOf, withExamples, withPaging } from "../arguments.ts";
import { type Cli, openClient, optionsOf } from "../cli.ts";
import { NotFoundError, UsageError } from "../exit-codes.ts";
import { isReadableByOthers } from "../files.ts";
import { printList } from "../output/list.ts";
import { printOne } from "../output/one.ts";
import type { Style } from "../output/screen.ts";
import type { Column } from "../output/table.ts";
import { toTime } from "../output/text.ts";

const ALGORITHMS = { ed25519: "ed25519", "ecdsa-p256": "ecdsa-p256-sha256" } as const satisfies Record<
  string,
  KeyAlgorithm
>;

const STATE_STYLES: Readonly<Record<Collector["state"], Style>> = {
  approved: "green",
  pending: "yellow",
  rejected: "red",
  revoked: "dim",
};

const COLUMNS: readonly Column<Collector>[] = [
  { title: "NAME", value: (one) => one.name },
  { title: "STATE", value: (one) => one.state, style: (one) => STATE_STYLES[one.state] },
  { title: "PROVIDERS", value: (one) => one.providers.join(",") },
  { title: "ACCOUNTS", value: (one) => one.accounts.join(","), shape: "id", spare: true },
  { title: "LAST SEEN", spare: true, value: (one) => toTime(one.lastSeenAt), raw: (one) => one.lastSeenAt },
  { title: "ID", value: (one) => one.id },
];

interface AddOptions {
  readonly provider: readonly Provider[];
  readonly accounts: readonly string[];
  readonly keyFile: string;
  readonly algorithm?: keyof typeof ALGORITHMS;
  readonly credential?: string;
  readonly approve?: boolean;
}

/** The public half of the key file, which is made when it does not exist. */
async function publicKeyOf(cli: Cli, options: AddOptions): Promise<string> {
  const { keyFile, algorithm } = options;
  try {
    if (!existsSync(keyFile)) {
      const { pem } = createKeyFile(keyFile, ALGORITHMS[algorithm ?? "ed25519"]);
      await cli.stderr.write(`made the key pair ${keyFile}; the private half never leaves this machine\n`);
      return pem;
    }
    const key = readPublicKey(keyFile);
    if (algorithm !== undefined && key.algorithm !== ALGORITHMS[algorithm]) {
      throw new UsageError(`the key file ${keyFile} exists and holds a key of ${key.algorithm}, not ${algorithm}`);
    }
    if (isReadableByOthers(keyFile)) await cli.stderr.write(`warning: ${keyFile} can be read by others: chmod 600\n`);
    return key.pem;
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError((error as Error).message);
  }
}

async function add(cli: Cli, name: string, command: Command): Promise<void> {
  const options = optionsOf<AddOptions>(command);
  const client = openClient(cli, options);
  const wanted = {
    name,
    providers: [...options.provider],
    accounts: [...options.accounts],
    ...(options.credential === undefined ? {} : { credential: options.credential }),
  };
  // Before a key is made: what cannot be registered should leave no file behind.
  const checked = newCollector.omit({ publicKey: true }).safeParse(wanted);
  if (!checked.success) {
    const wrong = toFieldErrors(checked.error).map(({ path, message }) => `${path}: ${message}`);
    throw new UsageError(wrong.join("\n"));
  }
  const publicKey = await publicKeyOf(cli, options);
  const made = await client.collectors.register({ ...checked.data, publicKey });
  const collector = options.approve ? await client.collectors.approve({ id: made.id, version: made.version }) : made;
  await printOne(cli.stdout, options, collector);
  if (collector.state === "pending") {
    await cli.stderr.write(`it waits for approval: cadastre collectors approve ${collector.name}\n`);
  }
}

/** By id or name. A name that was freed and taken again belongs to several; the last one has it now. */
async function findCollector(client: Client, idOrName: string): Promise<Collector> {
  if (idOrName.startsWith("col_")) return client.collectors.get({ id: idOrName });
  let found: Collector | undefined;
  for await (const one of client.collectors.list.all({ limit: 200 })) if (one.name === idOrName) found = one;
  if (found) return found;
  throw new NotFoundError(
    `no collector has the name ${JSON.stringify(idOrName)}`,
    "`cadastre collectors list` shows them",
  );
}

/** Adds `collectors` to the program. */
export function addCollectors(program: Command, cli: Cli): void {
  const collectors = program.command("collectors").description("who may deliver what was seen, and their keys");
  withExamples(
    collectors
      .command("add")
      .description("make a key pair, unless the file exists, and register its public half")
      .argument("<name>", "the collector's name, and that of the source of what it sees")
      .addOption(
        new Option("--provider <list>", "what it may report: aws, gcp, tls")
          .argParser(listOf(PROVIDERS))
          .makeOptionMandatory(),
      )
      .addOption(
        new Option("--accounts <list>", "accounts or projects that it may report; '*' stands for all")
          .argParser(commaList)
          .makeOptionMandatory(),
      )
      .requiredOption("--key-file <file>", "the private key (PEM, readable by its owner alone)")
      .addOption(choice("--algorithm <name>", "of a new key (default: ed25519)", Object.keys(ALGORITHMS)))
      .option("--credential <id>", "the stored credential that it may fetch")
      .option("--approve", "approve it at once")
      .action((name: string, _: unknown, command: Command) => add(cli, name, command)),
    "collectors add prod-aws --provider aws --accounts 123456789012,210987654321 --key-file prod-aws.pem --approve",
    "collectors add edge --provider tls --accounts edge --key-file edge.pem --algorithm ecdsa-p256",
  );
  withPaging(collectors.command("list").description("all collectors, oldest first"))
    .addOption(choice("--state <state>", "only those", collectorState.options))
    .action(async (_: unknown, command: Command) => {
      const options = optionsOf<{ state?: Collector["state"] }>(command);
      const client = openClient(cli, options);
      const items = (limit: number) => client.collectors.list.all({ limit, state: options.state });
      await printList({ ...cli, options, columns: COLUMNS, noun: "collectors", items });
    });
  collectors
    .command("show")
    .description("one collector")
    .argument("<id-or-name>")
    .action(async (idOrName: string, _: unknown, command: Command) => {
      const options = optionsOf(command);
      await printOne(cli.stdout, options, await findCollector(openClient(cli, options), idOrName));
    });
  const decisions = {
    approve: "let a pending collector deliver",
    reject: "refuse a pending collector for good",
    revoke: "end a collector at once and for good",
  } as const;
  for (const verb of ["approve", "reject", "revoke"] as const) {
    collectors
      .command(verb)
      .description(decisions[verb])
      .argument("<id-or-name>")
      .action(async (idOrName: string, _: unknown, command: Command) => {
        const options = optionsOf(command);
        const client = openClient(cli, options);
        const { id, version } = await findCollector(client, idOrName);
        await printOne(cli.stdout, options, await client.collectors[verb]({ id, version }));
      });
  }
}

import { CREDENTIAL_TYPES, type Credential } from "@cadastre/contract/credential";
import type { Provider } from "@cadastre/contract/scope";
import type { Command } from "commander";
import { choice, providerOption, withExamples, withPaging } from "../arguments.ts";
import { type Cli, openClient, optionsOf } from "../cli.ts";
import { UsageError } from "../exit-codes.ts";
import { readText } from "../files.ts";
import { toYaml } from "../output/encode.ts";
import { formatAmong } from "../output/format.ts";
import { printList } from "../output/list.ts";
import { printOne } from "../output/one.ts";
import type { Column } from "../output/table.ts";
import { neutralise, neutraliseLines, toJson, toTime } from "../output/text.ts";
import { type CredentialType, formatSecret, parseSecret } from "../secrets.ts";

const COLUMNS: readonly Column<Credential>[] = [
  { title: "ID", value: (one) => one.id },
  { title: "NAME", value: (one) => one.name, shape: "id" },
  { title: "TYPE", value: (one) => one.type },
  { title: "PROVIDER", value: (one) => one.provider },
  { title: "ACCOUNT", value: (one) => one.account, shape: "id" },
  {
    title: "STATE",
    value: (one) => (one.revokedAt === undefined ? "stored" : "revoked"),
    style: (one) => (one.revokedAt === undefined ? undefined : "dim"),
  },
  { title: "CREATED", spare: true, value: (one) => toTime(one.createdAt), raw: (one) => one.createdAt },
];

/** More than any type of secret may have. */
const MOST_SECRET_BYTES = 256 * 1024;

async function readInput(cli: Cli): Promise<string> {
  if (cli.stdin.isTTY) {
    throw new UsageError("no secret: give --secret-file FILE, or pipe it in; typed here it would be seen");
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of cli.stdin) {
    size += chunk.byteLength;
    if (size > MOST_SECRET_BYTES) throw new UsageError(`a secret has at most ${MOST_SECRET_BYTES} bytes`);
    chunks.push(chunk);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    throw new UsageError("the secret on stdin is not UTF-8 text");
  }
}

interface AddOptions {
  readonly type: CredentialType;
  readonly provider?: Provider;
  readonly account?: string;
  readonly description?: string;
  readonly secretFile?: string;
  readonly passphraseFile?: string;
}

async function add(cli: Cli, name: string, command: Command): Promise<void> {
  const options = optionsOf<AddOptions>(command);
  const { type, provider, account, description, secretFile, passphraseFile } = options;
  if (passphraseFile !== undefined && type !== "ssh_private_key") {
    throw new UsageError(`--passphrase-file is for ssh_private_key, not for ${type}`);
  }
  const client = openClient(cli, options);
  const passphrase =
    passphraseFile === undefined ? undefined : readText(passphraseFile, "passphrase file").replace(/\r?\n$/, "");
  const text =
    secretFile === undefined || secretFile === "-" ? await readInput(cli) : readText(secretFile, "secret file");
  const made = await client.credentials.create({
    name,
    ...(provider === undefined ? {} : { provider }),
    ...(account === undefined ? {} : { account }),
    ...(description === undefined ? {} : { description }),
    secret: parseSecret(type, text, passphrase),
  });
  await printOne(cli.stdout, options, made);
}

async function reveal(cli: Cli, id: string, command: Command): Promise<void> {
  const options = optionsOf<{ reason?: string }>(command);
  // Before the access is recorded.
  const format = formatAmong(options, ["table", "json", "yaml"], "a secret");
  const { secret } = await openClient(cli, options).credentials.reveal({ id, reason: options.reason });
  if (cli.stdout.isTerminal) {
    await cli.stderr.write(`${cli.stderr.style("yellow", "warning:")} the secret is shown on this terminal\n`);
  }
  cli.stdout.direct();
  const text = format === "json" ? `${toJson(secret)}\n` : format === "yaml" ? toYaml(secret) : formatSecret(secret);
  // Exactly the secret for programs; a terminal gets a line, and no control characters.
  await cli.stdout.write(cli.stdout.isTerminal ? `${neutraliseLines(text.replace(/\n$/, ""))}\n` : text);
}

/** Adds `credentials` to the program. */
export function addCredentials(program: Command, cli: Cli): void {
  const credentials = program.command("credentials").description("stored secrets, sealed under a key service");
  withExamples(
    credentials
      .command("add")
      .description("store a secret from a file or stdin, never from an argument")
      .argument("<name>", "what it is")
      .addOption(choice("--type <type>", "", CREDENTIAL_TYPES).makeOptionMandatory())
      .addOption(providerOption("whose it is"))
      .option("--account <account>", "the account or project that it opens")
      .option("--description <text>")
      .option("--secret-file <file>", "the secret; stdin without it, or with -")
      .option("--passphrase-file <file>", "of an SSH key")
      .action((name: string, _: unknown, command: Command) => add(cli, name, command)),
    "credentials add reader --type aws_access_key --provider aws --account 123456789012 --secret-file key.json",
    "credentials add deploy --type ssh_private_key < id_ed25519",
    "credentials add hook --type api_token < hook.token",
  );
  withPaging(credentials.command("list").description("metadata of all, oldest first")).action(
    async (_: unknown, command: Command) => {
      const options = optionsOf(command);
      const client = openClient(cli, options);
      const items = (limit: number) => client.credentials.list.all({ limit });
      await printList({ ...cli, options, columns: COLUMNS, noun: "credentials", items });
    },
  );
  credentials
    .command("show")
    .description("metadata of one")
    .argument("<id>", "crd_…")
    .action(async (id: string, _: unknown, command: Command) => {
      const options = optionsOf(command);
      await printOne(cli.stdout, options, await openClient(cli, options).credentials.get({ id }));
    });
  withExamples(
    credentials
      .command("reveal")
      .description("print the secret and nothing else; every access is audited")
      .argument("<id>", "crd_…")
      .option("--reason <text>", "kept in the audit record")
      .action((id: string, _: unknown, command: Command) => reveal(cli, id, command)),
    "credentials reveal crd_01J… --reason 'rotation' > key.json",
  );
  credentials
    .command("revoke")
    .description("end it for good: its ciphertext is removed")
    .argument("<id>", "crd_…")
    .action(async (id: string, _: unknown, command: Command) => {
      await openClient(cli, optionsOf(command)).credentials.revoke({ id });
      await cli.stderr.write(`revoked ${neutralise(id)}\n`);
    });
}

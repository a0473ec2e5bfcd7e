import { readFileSync } from "node:fs";
import type { Forwarder, ForwarderLetter, ForwarderPatch, NewForwarder } from "@cadastre/contract/forwarder";
import type { Command } from "commander";
import { choice, duration, wholeNumber, withExamples, withPaging } from "../arguments.ts";
import { type Cli, openClient, optionsOf } from "../cli.ts";
import { UsageError } from "../exit-codes.ts";
import { formatAmong } from "../output/format.ts";
import { printList } from "../output/list.ts";
import { printOne } from "../output/one.ts";
import type { Column } from "../output/table.ts";
import { neutralise, toTime } from "../output/text.ts";

const COLUMNS: readonly Column<Forwarder>[] = [
  { title: "ID", value: (one) => one.id },
  { title: "NAME", value: (one) => one.name },
  { title: "TO", value: (one) => one.url ?? `${one.host}:${one.port}` },
  {
    title: "PAUSED",
    value: (one) => (one.paused ? "yes" : undefined),
    raw: (one) => String(one.paused),
    optional: true,
  },
  {
    title: "LAG",
    value: (one) => (one.state.lagSeconds === 0 ? "none" : `${one.state.lagSeconds} s`),
    raw: (one) => one.state.lagSeconds,
    align: "right",
  },
  {
    title: "FAULT",
    value: (one) => one.state.fault,
    optional: true,
    style: () => "red",
  },
  {
    title: "DEAD LETTERS",
    value: (one) => one.state.deadLetters,
    align: "right",
    style: (one) => (one.state.deadLetters > 0 ? "red" : undefined),
  },
  { title: "DELIVERED", value: (one) => one.state.delivered, align: "right", spare: true },
];

const LETTERS: readonly Column<ForwarderLetter>[] = [
  { title: "RECORD", value: (one) => one.record, shape: "id" },
  { title: "AT", value: (one) => toTime(one.at), raw: (one) => one.at },
  { title: "FAILED", value: (one) => toTime(one.failedAt), raw: (one) => one.failedAt },
  { title: "ATTEMPTS", value: (one) => one.attempts, align: "right" },
  { title: "FAULT", value: (one) => one.fault },
  { title: "STATUS", value: (one) => one.status, align: "right", optional: true },
];

/** Certificates in a file. Throws UsageError that names one which cannot be read. */
function caOf(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new UsageError(`the certificates ${path} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
}

interface AddOptions {
  readonly name?: string;
  readonly port: number;
  readonly ca?: string;
  readonly personal: Forwarder["personal"];
}

async function add(cli: Cli, command: Command, input: NewForwarder): Promise<void> {
  const options = optionsOf(command);
  // Its name alone would lose the secret for good.
  const format = formatAmong(options, ["table", "wide", "json", "yaml", "csv"], "a new forwarder");
  const made = await openClient(cli, options).forwarders.create(input);
  if (made.secret === undefined) return printOne(cli.stdout, options, made);
  // It is shown once: neither a pager nor its history is the place for it.
  cli.stdout.direct();
  if (format !== "table" && format !== "wide") return printOne(cli.stdout, options, made);
  await cli.stderr.write(`${made.id} sends to ${neutralise(input.name)}; the secret is shown now and never again:\n`);
  await cli.stdout.write(`${made.secret}\n`);
}

const withReceiver = (command: Command): Command =>
  command
    .option("--name <name>", "as people call the receiver; where it is when absent")
    .option("--ca <file>", "certificates of authorities that it is verified by, as PEM")
    .addOption(
      choice("--personal <how>", "persons by their ids alone, or shown with their names and addresses", [
        "ids",
        "shown",
      ]).default("ids"),
    );

function addMaking(forwarders: Command, cli: Cli): void {
  withExamples(
    withReceiver(
      forwarders
        .command("add-webhook")
        .description("send the log to an https URL, signed; on stdout is the secret and nothing else")
        .argument("<url>", "https://…, without a secret in it"),
    ).action((url: string, _: unknown, command: Command) => {
      const { name = new URL(url, "https://unnamed").hostname, ca, personal } = optionsOf<AddOptions>(command);
      return add(cli, command, { type: "webhook", url, name, ca: caOf(ca), personal });
    }),
    "audit forwarders add-webhook https://siem.example.com/cadastre > siem.secret",
  );
  withExamples(
    withReceiver(
      forwarders
        .command("add-syslog")
        .description("send the log by syslog over TLS (RFC 5424, RFC 5425)")
        .argument("<host>", "a name or an address"),
    )
      .option("--port <port>", "of the receiver", wholeNumber(1, 65_535), 6514)
      .action((host: string, _: unknown, command: Command) => {
        const { name = host, port, ca, personal } = optionsOf<AddOptions>(command);
        return add(cli, command, { type: "syslog", host, name, port, ca: caOf(ca), personal });
      }),
    "audit forwarders add-syslog logs.example.com --ca authority.pem --personal shown",
  );
}

async function patch(cli: Cli, id: string, change: ForwarderPatch, command: Command): Promise<void> {
  const options = optionsOf(command);
  const client = openClient(cli, options);
  const { version } = await client.forwarders.get({ id });
  await printOne(cli.stdout, options, await client.forwarders.patch({ id, version, ...change }));
}

interface SetOptions {
  readonly name?: string;
  readonly url?: string;
  readonly host?: string;
  readonly port?: number;
  readonly ca?: string | false;
  readonly personal?: Forwarder["personal"];
}

function addChanging(forwarders: Command, cli: Cli): void {
  forwarders
    .command("set")
    .description("change a forwarder")
    .argument("<id>", "fwd_…")
    .option("--name <name>")
    .option("--url <url>", "of a webhook")
    .option("--host <host>", "of syslog")
    .option("--port <port>", "of syslog", wholeNumber(1, 65_535))
    .option("--ca <file>", "certificates of authorities that it is verified by, as PEM")
    .option("--no-ca", "verify it by the authorities that everybody trusts")
    .addOption(choice("--personal <how>", "how persons are sent", ["ids", "shown"]))
    .action((id: string, _: unknown, command: Command) => {
      const { name, url, host, port, ca: file, personal } = optionsOf<SetOptions>(command);
      // Without the option commander says true, as if there were one.
      const ca = file === false ? null : typeof file === "string" ? caOf(file) : undefined;
      const change = { name, url, host, port, ca, personal };
      if (Object.values(change).every((one) => one === undefined))
        throw new UsageError("nothing to change: give at least one option");
      return patch(cli, id, change, command);
    });
  for (const [verb, paused, about] of [
    ["pause", true, "send nothing until it is resumed; what is recorded waits"],
    ["resume", false, "send what has waited, and go on"],
  ] as const) {
    forwarders
      .command(verb)
      .description(about)
      .argument("<id>", "fwd_…")
      .action((id: string, _: unknown, command: Command) => patch(cli, id, { paused }, command));
  }
  withExamples(
    forwarders
      .command("rotate")
      .description("a new secret for a webhook; on stdout is the secret and nothing else")
      .argument("<id>", "fwd_…")
      .option("--overlap <time>", "for so long messages are signed with the old one, too (default: 1d)", duration)
      .action(async (id: string, _: unknown, command: Command) => {
        const options = optionsOf<{ overlap?: number }>(command);
        const client = openClient(cli, options);
        const { secret, oldUntil } = await client.forwarders.rotate({ id, overlapSeconds: options.overlap });
        cli.stdout.direct();
        await cli.stderr.write(`signed with the old secret, too, until ${toTime(oldUntil)}; the new one:\n`);
        await cli.stdout.write(`${secret}\n`);
      }),
    "audit forwarders rotate fwd_01JD0000000000000000000000 --overlap 2h > siem.secret",
  );
  forwarders
    .command("delete")
    .description("send nothing more by a forwarder, and forget it")
    .argument("<id>", "fwd_…")
    .action(async (id: string, _: unknown, command: Command) => {
      await openClient(cli, optionsOf(command)).forwarders.delete({ id });
      await cli.stderr.write(`removed ${neutralise(id)}\n`);
    });
}

/** Adds what sends the log on to `audit`. */
export function addForwarders(audit: Command, cli: Cli): void {
  const forwarders = audit.command("forwarders").description("where the log is sent on to, and how far each is");
  withPaging(forwarders.command("list").description("all of the organization, with their lag")).action(
    async (_: unknown, command: Command) => {
      const options = optionsOf(command);
      const client = openClient(cli, options);
      const items = (limit: number) => client.forwarders.list.all({ limit });
      await printList({ ...cli, options, columns: COLUMNS, noun: "forwarders", items });
    },
  );
  for (const [verb, about] of [
    ["get", "one forwarder, how far it is, and what went wrong last"],
    ["test", "send the receiver a message without records; `show` says what became of it"],
    ["replay", "send again what the receiver refused"],
  ] as const) {
    forwarders
      .command(verb === "get" ? "show" : verb)
      .description(about)
      .argument("<id>", "fwd_…")
      .action(async (id: string, _: unknown, command: Command) => {
        const options = optionsOf(command);
        await printOne(cli.stdout, options, await openClient(cli, options).forwarders[verb]({ id }));
      });
  }
  addMaking(forwarders, cli);
  addChanging(forwarders, cli);
  withPaging(forwarders.command("dead-letters").description("records that the receiver refused, oldest first"))
    .argument("<id>", "fwd_…")
    .action(async (id: string, _: unknown, command: Command) => {
      const options = optionsOf(command);
      const client = openClient(cli, options);
      const items = (limit: number) => client.forwarders.deadLetters.all({ id, limit });
      await printList({ ...cli, options, columns: LETTERS, noun: "dead letters", items });
    });
}

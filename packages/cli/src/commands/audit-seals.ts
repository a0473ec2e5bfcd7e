import { createWriteStream, renameSync } from "node:fs";
import { finished } from "node:stream/promises";
import type { Checkpoint } from "@cadastre/contract/audit/checkpoint";
import { faultOfProof } from "@cadastre/contract/audit/proof";
import { type Fault, type Verified, verifyExport } from "@cadastre/contract/audit/verify-export";
import { EXPORT_FORMATS } from "@cadastre/contract/endpoints/audit";
import type { Command } from "commander";
import { choice, withExamples, withPaging, withSince, withSpan } from "../arguments.ts";
import { keysOf, pemOf } from "../audit/keys.ts";
import { linesOfApi, linesOfFile } from "../audit/lines.ts";
import { type Cli, openClient, optionsOf } from "../cli.ts";
import { confirm } from "../confirm.ts";
import { EXIT, UsageError } from "../exit-codes.ts";
import { formatAmong } from "../output/format.ts";
import { printList } from "../output/list.ts";
import { printOne } from "../output/one.ts";
import type { Column } from "../output/table.ts";
import { neutraliseLines, toJson, toTime } from "../output/text.ts";

function faultText({ record, checkpoint, line, what }: Fault): string {
  const where = checkpoint
    ? `checkpoint ${checkpoint.sequence}, ${checkpoint.range.from} to ${checkpoint.range.to}`
    : undefined;
  const subject = record === undefined ? (where ?? "the export") : `record ${record}`;
  const also = record !== undefined && where !== undefined ? ` (${where})` : "";
  return `${subject}: ${what}${also}, line ${line}\n`;
}

function verifiedText({ checkpoints, records, unsealed, late, removed, range, gaps }: Verified): string {
  const lines = [
    `The log holds: ${records} records, ${checkpoints} checkpoints${range ? ` from ${range.from} to ${range.to}` : ""}.`,
    ...(unsealed > 0 ? [`${unsealed} records at the end are not sealed yet.`] : []),
    ...(late > 0 ? [`${late} records were committed after their time was sealed, and sealed later.`] : []),
    ...(removed > 0 ? [`${removed} records were removed by retention.`] : []),
    ...(gaps.count > 0
      ? [
          `Nobody sealed ${gaps.count} times; what was recorded then was sealed afterwards:`,
          ...gaps.first.map(({ from, to }) => `  from ${from} to ${to}`),
        ]
      : []),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

interface VerifyFlags {
  readonly export?: string;
  readonly publicKey?: string;
  readonly since?: string;
}

async function verify(cli: Cli, command: Command): Promise<void> {
  const options = optionsOf<VerifyFlags>(command);
  const format = formatAmong(options, ["table", "json"], "audit verify");
  const { since } = options;
  const open = () => openClient(cli, options);
  const keys = await keysOf(options.publicKey, open);
  const lines = options.export === undefined ? linesOfApi(open(), { since }) : linesOfFile(options.export);
  const verified = await verifyExport(lines, { keys, since });
  if (!verified.holds) cli.setExitCode(EXIT.failure);
  if (format === "json") return cli.stdout.write(`${toJson(verified)}\n`);
  return cli.stdout.write(neutraliseLines(verified.holds ? verifiedText(verified) : faultText(verified.fault)));
}

async function prove(cli: Cli, id: string, command: Command): Promise<void> {
  const options = optionsOf<{ publicKey?: string }>(command);
  const client = openClient(cli, options);
  const [proof, keys] = [await client.audit.prove({ id }), await keysOf(options.publicKey, () => client)];
  const fault = await faultOfProof(proof, keys);
  await cli.stdout.write(`${toJson(proof)}\n`);
  if (fault === undefined) return;
  cli.setExitCode(EXIT.failure);
  await cli.stderr.write(neutraliseLines(`the proof of ${id} does not hold: ${fault}\n`));
}

interface ExportFlags {
  readonly format: (typeof EXPORT_FORMATS)[number];
  readonly since?: string;
  readonly until?: string;
  readonly out?: string;
}

async function* piecesOf(cli: Cli, options: ReturnType<typeof optionsOf<ExportFlags>>): AsyncGenerator<string> {
  const { since, until, format } = options;
  const client = openClient(cli, options);
  if (format !== "jsonl") return yield* client.audit.export({ since, until, format });
  for await (const line of linesOfApi(client, { since, until })) yield `${line}\n`;
}

async function save(cli: Cli, command: Command): Promise<void> {
  const options = optionsOf<ExportFlags>(command);
  const { out } = options;
  cli.stdout.direct();
  if (out === undefined) {
    for await (const piece of piecesOf(cli, options)) await cli.stdout.write(piece);
    return;
  }
  // It has its name when it is whole.
  const draft = `${out}.part`;
  const file = createWriteStream(draft, { mode: 0o600 });
  try {
    for await (const piece of piecesOf(cli, options)) {
      if (!file.write(piece)) await new Promise<void>((resolve) => file.once("drain", () => resolve()));
    }
    file.end();
    await finished(file);
  } catch (error) {
    file.destroy();
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== undefined && /^E[A-Z]+$/.test(code)) throw new UsageError(`${out} cannot be written: ${code}`);
    throw error;
  }
  renameSync(draft, out);
}

const COLUMNS: readonly Column<Checkpoint>[] = [
  { title: "SEQUENCE", value: (one) => String(one.sequence), raw: (one) => one.sequence },
  { title: "FROM", value: (one) => toTime(one.range.from), raw: (one) => one.range.from },
  { title: "TO", value: (one) => toTime(one.range.to), raw: (one) => one.range.to },
  { title: "RECORDS", value: (one) => String(one.size), raw: (one) => one.size },
  {
    title: "LATE",
    value: (one) => (one.late === 0 ? undefined : String(one.late)),
    raw: (one) => one.late,
    optional: true,
  },
  {
    title: "GAP",
    value: (one) => toTime(one.gap?.from),
    raw: (one) => one.gap?.from,
    optional: true,
    style: () => "yellow",
  },
  { title: "SEALED", value: (one) => toTime(one.sealedAt), raw: (one) => one.sealedAt },
  { title: "ID", value: (one) => one.id, shape: "id", spare: true },
];

/** Adds what is about the seals of the log to `audit`. */
export function addSeals(audit: Command, cli: Cli): void {
  const verifying = audit
    .command("verify")
    .description("check that nothing in the log was edited, deleted, inserted, moved or cut off; ends 1 when it was");
  withExamples(
    withSince(verifying, cli.now, "only what was sealed since")
      .option("--export <file>", "check this export (`cadastre audit export`) instead of the API's log")
      .option("--public-key <file>", "by these keys (`cadastre audit public-key`) instead of those that the API says")
      .action((_: unknown, command: Command) => verify(cli, command)),
    "audit verify --since 7d",
    "audit verify --export log.jsonl --public-key audit.pem",
  );
  audit
    .command("prove")
    .description("print the proof that a record is in the log as it was sealed, which a stranger can check")
    .argument("<id>", "aud_…")
    .option("--public-key <file>", "check it by these keys instead of those that the API says")
    .action((id: string, _: unknown, command: Command) => prove(cli, id, command));
  const exporting = audit
    .command("export")
    .description("the log as a file: whole with its checkpoints, or its records as CSV or CEF");
  withExamples(
    withSpan(exporting, cli.now)
      .addOption(choice("--format <format>", "how it is written", EXPORT_FORMATS).default("jsonl"))
      .option("--out <file>", "into this file, which is there when it is whole")
      .action((_: unknown, command: Command) => save(cli, command)),
    "audit export --out log.jsonl",
    "audit export --format csv --since 30d --out log.csv",
  );
  audit
    .command("public-key")
    .description("print the public keys by which checkpoints are signed, as PEM; keep them away from the API")
    .action(async (_: unknown, command: Command) => {
      await cli.stdout.write(await pemOf(openClient(cli, optionsOf(command))));
    });
  withExamples(
    audit
      .command("erase")
      .description("erase a person's data from the log, for good; the records stay, with the person's id")
      .argument("<id>", "usr_…")
      .option("-y, --yes", "do not ask")
      .action(async (id: string, _: unknown, command: Command) => {
        const options = optionsOf<{ yes?: boolean }>(command);
        const client = openClient(cli, options);
        if (!options.yes && !(await confirm(cli, `Erase what the audit log knows of ${id}? Nothing brings it back.`)))
          return;
        await printOne(cli.stdout, options, await client.audit.erase({ id }));
      }),
    "audit erase usr_01JD0000000000000000000000 --yes",
  );
  withPaging(audit.command("checkpoints").description("the signed checkpoints of the log, newest first")).action(
    async (_: unknown, command: Command) => {
      const options = optionsOf(command);
      const client = openClient(cli, options);
      const items = (limit: number) => client.audit.checkpoints.all({ limit });
      await printList({ ...cli, options, columns: COLUMNS, noun: "checkpoints", items });
    },
  );
}

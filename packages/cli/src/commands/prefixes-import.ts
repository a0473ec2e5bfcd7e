import { type FileHandle, open } from "node:fs/promises";
import { basename } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { Client } from "@cadastre/client/client";
import {
  type AddressImport,
  DUPLICATES,
  type ImportProblem,
  MOST_PARTS,
  PART_BYTES,
} from "@cadastre/contract/addresses/import";
import type { Command } from "commander";
import { choice, several, withExamples } from "../arguments.ts";
import { type Cli, openClient, optionsOf } from "../cli.ts";
import { EXIT, UsageError } from "../exit-codes.ts";
import { findSpaceId } from "../find-named.ts";
import { withSpace } from "../find-prefix.ts";
import { printList } from "../output/list.ts";
import { printOne } from "../output/one.ts";
import type { Column } from "../output/table.ts";
import { clip, neutralise, toCount } from "../output/text.ts";

/** What cannot be compressed grows by less than what is left to what may be sent. */
const SLICE_BYTES = PART_BYTES - 64 * 1024;
/** What is small is sent as it is: then it is done when the API answers. */
const SMALL_BYTES = 256 * 1024;
const LOOK_MILLISECONDS = 500;

const PROBLEMS: readonly Column<ImportProblem>[] = [
  { title: "ROW", value: (one) => one.row, align: "right" },
  { title: "COLUMN", value: (one) => one.column },
  { title: "VALUE", value: (one) => one.value, shape: "text" },
  { title: "REASON", value: (one) => one.reason, shape: "text" },
];

interface Asked {
  readonly space: string;
  readonly dryRun?: true;
  readonly perRow?: true;
  readonly map?: readonly string[];
  readonly duplicates?: AddressImport["duplicates"];
  readonly format?: string;
  readonly sheet?: string;
  readonly vrf?: string;
}

async function openFile(path: string): Promise<{ readonly file: FileHandle; readonly size: number }> {
  try {
    const file = await open(path);
    const about = await file.stat();
    if (about.isFile()) return { file, size: about.size };
    await file.close();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`the file ${path} cannot be read: ${code === "ENOENT" ? "there is no such file" : code}`);
  }
  throw new UsageError(`${path} is no file`);
}

const compress = promisify(gzip);

/** Sends a file in as many parts as it takes; what is held is one of them. Answers the import, which has begun. */
async function send(client: Client, spaceId: string, path: string, asked: Asked): Promise<AddressImport> {
  const { file, size } = await openFile(path);
  try {
    const parts = Math.max(1, Math.ceil(size / SLICE_BYTES));
    if (parts > MOST_PARTS) throw new UsageError(`${path} has more than ${toCount(MOST_PARTS * SLICE_BYTES)} bytes`);
    const isGzip = size > SMALL_BYTES;
    const slice = async (part: number): Promise<{ file: Uint8Array; isGzip: boolean }> => {
      const length = Math.min(SLICE_BYTES, size - (part - 1) * SLICE_BYTES);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, (part - 1) * SLICE_BYTES);
      if (bytesRead < length) throw new UsageError(`${path} was changed while it was read`);
      return { file: isGzip ? await compress(buffer) : buffer, isGzip };
    };
    const { duplicates, format, sheet, vrf, dryRun } = asked;
    const column = asked.map && [...asked.map];
    const mode = asked.perRow ? ("per-row" as const) : undefined;
    const settings = { name: basename(path), duplicates, format, sheet, vrf, dryRun, column, mode };
    let sent = await client.addressImports.create({ spaceId, ...settings, parts, ...(await slice(1)) });
    for (let part = 2; part <= parts; part++)
      sent = await client.addressImports.upload({ spaceId, id: sent.id, part, ...(await slice(part)) });
    return sent;
  } finally {
    await file.close();
  }
}

const isOpen = ({ state }: AddressImport): boolean => state === "waiting" || state === "running";

function lineOf({ state, progress }: AddressImport): string {
  if (!progress) return state;
  const { done, total, unit, message } = progress;
  return `${state} · ${toCount(done)}${total === undefined ? "" : ` of ${toCount(total)}`} ${unit} ${message ?? ""}`;
}

/** Shows how far an import is until it ends, or Ctrl-C, which leaves it running. */
async function follow(cli: Cli, client: Client, begun: AddressImport): Promise<AddressImport> {
  const stop = new AbortController();
  cli.onInterrupt(() => stop.abort());
  const { id, space: spaceId } = begun;
  const { isTerminal, columns = 80 } = cli.stderr;
  let shown = "";
  for (let now = begun; ; now = await client.addressImports.get({ spaceId, id })) {
    const line = neutralise(lineOf(now));
    const isEnd = !isOpen(now) || stop.signal.aborted;
    if (isTerminal) await cli.stderr.write(`\r\u001b[K${isEnd ? "" : clip(line, columns - 1)}`);
    else if (line !== shown && !isEnd) await cli.stderr.write(`${line}\n`);
    shown = line;
    if (isEnd) return now;
    await wait(LOOK_MILLISECONDS, undefined, { signal: stop.signal }).catch(() => undefined);
  }
}

/** What came of it, in one line. */
function resultOf({ state, dryRun, counts, file, error }: AddressImport): string {
  const { create, update, skip, refuse } = counts;
  const rows = `${create} ${dryRun ? "to make" : "made"}, ${update} ${dryRun ? "to change" : "changed"}, ${skip} passed over, ${refuse} refused`;
  const why = file?.message ?? error?.message;
  switch (state) {
    case "done":
      return dryRun ? `nothing was written: ${rows}` : rows;
    case "refused":
      return why === undefined ? `nothing was written: ${refuse} rows are refused` : `nothing was written: ${why}`;
    case "undone":
      return "what was written was taken back: something changed meanwhile";
    default:
      return `${state}: ${why ?? rows}`;
  }
}

/** Adds `prefixes import`. */
export function addImport(prefixes: Command, cli: Cli): void {
  withExamples(
    withSpace(prefixes.command("import").description("plan the prefixes of a file: CSV, JSON, JSON Lines or .xlsx"))
      .argument("<file>", "also as NetBox, phpIPAM and AWS IPAM export it")
      .option("--dry-run", "only say what would be done, and what is wrong with the file")
      .option("--map <column=member>", "what a column stands for, tag:NAME, or ignore; may be given again", several)
      .addOption(choice("--duplicates <what>", "what becomes of prefixes that are planned already", DUPLICATES))
      .option("--per-row", "take each row for itself, instead of all or nothing")
      .option("--format <form>", "where the columns do not tell it, such as netbox-prefixes")
      .option("--sheet <name>", "of a workbook")
      .option("--vrf <name>", "of a file that has several; global for none")
      .action(async (path: string, _: unknown, command: Command) => {
        const options = optionsOf<Asked>(command);
        const client = openClient(cli, options);
        const spaceId = await findSpaceId(client, options.space);
        const done = await follow(cli, client, await send(client, spaceId, path, options));
        const { id, problems, state } = done;
        await cli.stderr.write(`${neutralise(path)}: ${neutralise(resultOf(done))}\n`);
        if (state !== "done" || problems > 0) cli.setExitCode(EXIT.failure);
        if (problems === 0) return printOne(cli.stdout, options, done);
        const items = (limit: number) => client.addressImports.problems.all({ spaceId, id, limit });
        await printList({ ...cli, options: { ...options, all: true }, columns: PROBLEMS, noun: "problems", items });
      }),
    "prefixes import prefixes.csv --space production --dry-run",
    "prefixes import netbox.csv --space production --duplicates skip --map VLAN=ignore --map Role=tag:role",
  );
}

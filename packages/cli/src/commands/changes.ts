import { CHANGE_TYPES, type ChangeEntry, type ChangeType } from "@cadastre/contract/changes";
import type { KindName } from "@cadastre/contract/kinds/names";
import { type Command, Option } from "commander";
import { choice, kindOption, withExamples, withPaging, withSpan } from "../arguments.ts";
import { type Cli, openClient, optionsOf } from "../cli.ts";
import { UsageError } from "../exit-codes.ts";
import { toYaml } from "../output/encode.ts";
import { formatAmong } from "../output/format.ts";
import { handleOfId } from "../output/ids.ts";
import { printList } from "../output/list.ts";
import type { Column } from "../output/table.ts";
import { neutralise, toJson, toTime } from "../output/text.ts";

const MOST_SHOWN = 3;

const textOf = (value: unknown): string => (value === undefined || value === "" ? "–" : JSON.stringify(value));

/** From what to what, the first few members of it. */
function whatChanged({ changes }: ChangeEntry): string {
  const shown = changes.slice(0, MOST_SHOWN).map((one) => `${one.path}: ${textOf(one.before)} → ${textOf(one.after)}`);
  const more = changes.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
}

/** One change as a line, for those who follow. */
function toLine(one: ChangeEntry): string {
  const words = [
    toTime(one.at),
    one.type,
    one.kind ?? one.subject.type,
    one.subject.id,
    whatChanged(one),
    `by ${one.actor}`,
  ];
  return `${neutralise(words.filter((word) => word !== "").join("  "))}\n`;
}

const handleOfSubject = ({ subject: { type, id, key } }: ChangeEntry) =>
  handleOfId(id) ?? (type === "resource" ? key : undefined);

const COLUMNS: readonly Column<ChangeEntry>[] = [
  { title: "AT", value: (one) => toTime(one.at), raw: (one) => one.at },
  { title: "WHAT", value: (one) => one.type, style: (one) => (one.type === "retired" ? "red" : undefined) },
  { title: "KIND", value: (one) => one.kind ?? one.subject.type },
  { title: "ACCOUNT", value: (one) => one.account, optional: true, spare: true },
  { title: "ID", value: (one) => one.subject.id, short: handleOfSubject, shape: "id" },
  { title: "FROM → TO", value: whatChanged, shape: "text" },
  { title: "BY", value: (one) => one.actor, shape: "id" },
];

interface Filters {
  readonly since?: string;
  readonly until?: string;
  readonly type?: ChangeType;
  readonly kind?: KindName;
  readonly account?: string;
  readonly region?: string;
  readonly network?: string;
  readonly subject?: string;
  readonly oldest?: boolean;
  readonly follow?: boolean;
}

async function followChanges(cli: Cli, options: ReturnType<typeof optionsOf<Filters>>): Promise<void> {
  const { type, kind, account, region, network, subject } = options;
  const format = formatAmong(options, ["table", "wide", "json", "yaml"], "--follow");
  if (options.columns ?? options.order ?? options.watch)
    throw new UsageError("--follow prints each change as it happens: leave out --columns, --sort and --watch");
  cli.stdout.direct();
  const ended = new AbortController();
  cli.onInterrupt(() => ended.abort());
  const client = openClient(cli, options, ended.signal);
  try {
    for await (const { data } of client.changes.follow({ type, kind, account, region, network, subject })) {
      const text = format === "json" ? `${toJson(data)}\n` : format === "yaml" ? `---\n${toYaml(data)}` : toLine(data);
      await cli.stdout.write(text);
    }
  } catch (error) {
    if (!ended.signal.aborted) throw error;
  }
}

/** Adds `changes` to the program. */
export function addChanges(program: Command, cli: Cli): void {
  withExamples(
    withSpan(
      withPaging(program.command("changes").description("what changed, from what to what, newest first")),
      cli.now,
    )
      .option("--network <id>", "only this network and what is in it: vpc-…, or its natural id")
      .option("--subject <id>", "only this resource: its natural id or res_…")
      .addOption(kindOption("only this kind"))
      .option("--account <account>", "only this account")
      .option("--region <region>", "only this region")
      .addOption(choice("--type <type>", "only what happened so", CHANGE_TYPES))
      .option("--oldest", "oldest first")
      .addOption(
        new Option("--follow", "go on as they happen, until Ctrl-C").conflicts([
          "since",
          "until",
          "all",
          "limit",
          "oldest",
        ]),
      )
      .action(async (_: unknown, command: Command) => {
        const options = optionsOf<Filters>(command);
        if (options.follow) return followChanges(cli, options);
        const client = openClient(cli, options);
        const { since, until, type, kind, account, region, network, subject } = options;
        const order = options.oldest ? ("oldest" as const) : ("newest" as const);
        const items = (limit: number) =>
          client.changes.list.all({ since, until, type, kind, account, region, network, subject, order, limit });
        await printList({ ...cli, options, columns: COLUMNS, noun: "changes", items });
      }),
    "changes --since friday --network vpc-0abc",
    "changes --since 24h --kind instance --type retired",
    "changes --follow --json",
  );
}

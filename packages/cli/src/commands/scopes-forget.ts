import { type ForgetPreview, type Forgettable, MOST_LOOKED_AT } from "@cadastre/contract/forgetting";
import { KIND_NAMES, type KindName } from "@cadastre/contract/kinds/names";
import { fromScopeName, type Provider, scopeName } from "@cadastre/contract/scope";
import { type Command, Option } from "commander";
import { providerOption, withExamples } from "../arguments.ts";
import { type Cli, openClient, optionsOf } from "../cli.ts";
import { confirm } from "../confirm.ts";
import { EXIT, UsageError } from "../exit-codes.ts";
import { formatOf } from "../output/format.ts";
import { printOne } from "../output/one.ts";
import { type Column, renderTable } from "../output/table.ts";
import { neutralise, toCount, toTime } from "../output/text.ts";
import { lineOf } from "../output/watch-job.ts";
import { followJob } from "./jobs.ts";

interface Place {
  readonly source?: string;
  readonly provider?: Provider;
  readonly account?: string;
  readonly region?: string;
  readonly kind?: KindName;
}

interface ForgetOptions extends Place {
  readonly stale?: true;
  readonly reason?: string;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly wait: boolean;
}

const COLUMNS: readonly Column<Forgettable>[] = [
  { title: "SOURCE", value: (one) => one.source },
  { title: "SCOPE", value: scopeName, shape: "text" },
  { title: "STATUS", value: (one) => one.status },
  { title: "WHY", value: (one) => (one.cause === "ended" ? "collector revoked" : "stale") },
  { title: "LAST RUN", value: (one) => toTime(one.lastRunAt) },
];

/** `source/provider/account/region/kind`, as changes name a scope. Throws UsageError. */
function toPlace(text: string): Place {
  const slash = text.indexOf("/");
  try {
    return { source: text.slice(0, slash), ...fromScopeName(text.slice(slash + 1)) };
  } catch {
    throw new UsageError(
      `${JSON.stringify(text)} is no scope`,
      "a scope is SOURCE/PROVIDER/ACCOUNT/REGION/KIND, such as aws-main/aws/123456789012/eu-west-1/subnet",
    );
  }
}

function placeOf(text: string | undefined, { source, provider, account, region, kind }: ForgetOptions): Place {
  const asked = { source, provider, account, region, kind };
  const given = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined)) as Place;
  if (text === undefined) {
    if (source === undefined && account === undefined)
      throw new UsageError(
        "say which: a scope, --source or --account",
        "`cadastre scopes --stale` lists those that can be",
      );
    return given;
  }
  if (Object.keys(given).length > 0) throw new UsageError("give a scope or options that select some, not both");
  return toPlace(text);
}

const plural = (count: number, noun: string) => `${toCount(count)} ${noun}${count === 1 ? "" : "s"}`;

async function show({ stderr }: Cli, { scopes, some, retires, stays, more, sample }: ForgetPreview): Promise<void> {
  await stderr.write(renderTable(COLUMNS, some, stderr));
  if (scopes > some.length) await stderr.write(`and ${toCount(scopes - some.length)} more\n`);
  const least = more ? "at least " : "";
  await stderr.write(
    `${plural(scopes, "scope")} to forget; ${least}${plural(retires, "resource")} that only ${scopes === 1 ? "it" : "they"} saw will be retired` +
      `${stays === 0 ? "" : `, ${toCount(stays)} that others see will stay`}\n`,
  );
  if (more) await stderr.write(`of the resources the first ${toCount(MOST_LOOKED_AT)} were looked at\n`);
  for (const { id, name } of sample)
    await stderr.write(`  ${neutralise(id)}${name === "" ? "" : ` (${neutralise(name)})`}\n`);
  if (retires > sample.length && sample.length > 0) await stderr.write("  …\n");
}

async function forget(cli: Cli, text: string | undefined, command: Command): Promise<void> {
  const options = optionsOf<ForgetOptions>(command);
  const { stale, reason } = options;
  const place = placeOf(text, options);
  const client = openClient(cli, options);
  const preview = await client.scopes.previewForget({ ...place, stale });
  if (options.dryRun && formatOf(options) !== "table") return printOne(cli.stdout, options, preview);
  await show(cli, preview);
  if (options.dryRun) return;
  if (!options.yes && !(await confirm(cli, `Forget ${plural(preview.scopes, "scope")}?`))) {
    await cli.stderr.write("nothing was changed\n");
    cli.setExitCode(EXIT.failure);
    return;
  }
  const { fingerprint } = preview;
  const started = await client.scopes.forget({ ...place, stale, fingerprint, reason });
  if (options.wait) {
    const ended = await followJob(cli, client, started.job);
    // Elsewhere than on a terminal its last line stays.
    if (cli.stderr.isTerminal) await cli.stderr.write(`${lineOf(ended)}\n`);
  }
  await printOne(cli.stdout, options, started);
}

/** Adds `scopes forget`. */
export function addForget(scopes: Command, cli: Cli): void {
  withExamples(
    scopes
      .command("forget")
      .description("forget what nobody reports any more, and retire what only that saw, after it was shown")
      .argument("[scope]", "one scope: SOURCE/PROVIDER/ACCOUNT/REGION/KIND")
      .option("--source <name>", "this collector's")
      .addOption(providerOption("this provider's"))
      .option("--account <account>", "this account's or project's")
      .option("--region <region>", "this region's")
      .addOption(new Option("--kind <kind>", "this kind's").choices(KIND_NAMES))
      .option("--stale", "only those that are stale; without it all that are meant must be")
      .option("--reason <text>", "kept with the audit record")
      .option("--dry-run", "show what would be forgotten, and change nothing")
      .option("--yes", "do not ask")
      .option("--no-wait", "do not wait for the end of it; it goes on by itself")
      .action((text: string | undefined, _: unknown, command: Command) => forget(cli, text, command)),
    "scopes forget --account 123456789012 --reason 'the account was closed'",
    "scopes forget --source old-collector --stale --dry-run",
    "scopes forget aws-main/aws/123456789012/eu-west-3/subnet --yes",
  );
}

import type { Client } from "@cadastre/client/client";
import type { Resource, ResourcePatch } from "@cadastre/contract/view";
import { type Command, Option } from "commander";
import { withExamples } from "../arguments.ts";
import { type Cli, openClient, optionsOf } from "../cli.ts";
import { confirm } from "../confirm.ts";
import { EXIT, exitCodeOf, UsageError } from "../exit-codes.ts";
import { findResourceId } from "../find-resource.ts";
import { toFailure } from "../output/failure.ts";
import { handleOf } from "../output/ids.ts";
import { printOne } from "../output/one.ts";
import { type Column, renderTable } from "../output/table.ts";
import { neutralise, toCount } from "../output/text.ts";

interface AnnotateOptions {
  readonly notes?: string;
  readonly owner?: string;
  readonly search?: string;
  readonly yes?: boolean;
}

const MOST_SHOWN = 20;
/** Requests under way at once. */
const WIDTH = 8;

const PREVIEW: readonly Column<Resource>[] = [
  { title: "KIND", value: (one) => one.kind },
  { title: "ACCOUNT", value: (one) => one.account, spare: true },
  { title: "REGION", value: (one) => one.region, spare: true },
  { title: "NAME", value: (one) => one.name, shape: "id" },
  { title: "OWNER", value: (one) => one.owner, shape: "id", optional: true },
  { title: "ID", value: handleOf },
];

function patchOf({ notes, owner }: AnnotateOptions): ResourcePatch {
  if (notes === undefined && owner === undefined) throw new UsageError("give --notes, --owner, or both");
  return { ...(notes === undefined ? {} : { notes }), ...(owner === undefined ? {} : { owner: owner.trim() }) };
}

/** Whether it says already what is to be said. */
const isSaid = (one: Resource, { notes, owner }: ResourcePatch) =>
  (notes === undefined || one.notes === notes) && (owner === undefined || one.owner === owner);

async function foundBy(client: Client, search: string): Promise<Resource[]> {
  const found: Resource[] = [];
  for await (const one of client.resources.search.all({ q: search, limit: 200 })) {
    if (one.type === "resource") found.push(one);
  }
  return found;
}

const say = (patch: ResourcePatch) =>
  Object.entries(patch)
    .map(([name, value]) => (value === "" ? `${name} removed` : `${name}: ${JSON.stringify(value)}`))
    .join(", ");

async function preview({ stderr }: Cli, todo: readonly Resource[], said: number, patch: ResourcePatch): Promise<void> {
  await stderr.write(renderTable(PREVIEW, todo.slice(0, MOST_SHOWN), stderr));
  if (todo.length > MOST_SHOWN) await stderr.write(`and ${toCount(todo.length - MOST_SHOWN)} more\n`);
  const already = said === 0 ? "" : ` (${toCount(said)} more have it already)`;
  await stderr.write(`${toCount(todo.length)} to annotate with ${neutralise(say(patch))}${already}\n`);
}

interface Tally {
  done: number;
  readonly failures: unknown[];
}

/** Each at the version that was shown: what somebody else says meanwhile is a failure, and stays. */
async function annotateAll(
  cli: Cli,
  client: Client,
  todo: readonly Resource[],
  patch: ResourcePatch,
  stop: AbortSignal,
): Promise<Tally> {
  const tally: Tally = { done: 0, failures: [] };
  const waiting = todo.values();
  const work = async () => {
    for (const one of waiting) {
      if (stop.aborted) return;
      try {
        await client.resources.annotate({ id: one.key, version: one.version, ...patch });
        tally.done += 1;
      } catch (error) {
        tally.failures.push(error);
        const { message, code } = toFailure(error);
        await cli.stderr.write(
          `${neutralise(one.id)}: ${neutralise(message)}${code === undefined ? "" : ` (${code})`}\n`,
        );
        // A token that is not taken, or an API that is gone, fails all of them alike.
        if (exitCodeOf(error) !== EXIT.failure) return;
      }
    }
  };
  await Promise.all(Array.from({ length: WIDTH }, work));
  return tally;
}

async function annotateFound(cli: Cli, search: string, command: Command): Promise<void> {
  const options = optionsOf<AnnotateOptions>(command);
  const patch = patchOf(options);
  const client = openClient(cli, options);
  const found = await foundBy(client, search);
  const todo = found.filter((one) => !isSaid(one, patch));
  if (todo.length === 0) {
    const nothing = found.length === 0 ? "nothing is found" : `all ${toCount(found.length)} have it already`;
    await cli.stderr.write(`${nothing}; nothing to do\n`);
    return;
  }
  await preview(cli, todo, found.length - todo.length, patch);
  if (!options.yes && !(await confirm(cli, `Annotate ${toCount(todo.length)} resources?`))) {
    await cli.stderr.write("nothing was changed\n");
    cli.setExitCode(EXIT.failure);
    return;
  }
  const stop = new AbortController();
  cli.onInterrupt(() => stop.abort());
  const { done, failures } = await annotateAll(cli, client, todo, patch, stop.signal);
  const left = todo.length - done;
  const rest =
    left === 0
      ? ""
      : `; ${toCount(left)} are left (${toCount(failures.length)} failed): the same command again goes on with them`;
  await cli.stderr.write(`${toCount(done)} annotated${rest}\n`);
  if (left > 0) cli.setExitCode(Math.max(EXIT.failure, ...failures.map(exitCodeOf)));
}

async function annotateOne(cli: Cli, text: string, command: Command): Promise<void> {
  const options = optionsOf<AnnotateOptions>(command);
  const patch = patchOf(options);
  const client = openClient(cli, options);
  const { key, version } = await client.resources.get({ id: await findResourceId(client, text) });
  await printOne(cli.stdout, options, await client.resources.annotate({ id: key, version, ...patch }));
}

/** Adds `resources annotate`. */
export function addAnnotate(resources: Command, cli: Cli): void {
  withExamples(
    resources
      .command("annotate")
      .description("set notes or owner, which no collector touches")
      .argument("[id]", "natural id, res_…, cloud id such as i-0abc…, or a name that only one has")
      .option("--notes <text>", "an empty text removes them")
      .option("--owner <owner>", "an empty text removes it")
      .addOption(
        new Option(
          "--search <query>",
          "all that `search` finds by it, after they were shown; goes on where it was ended",
        ),
      )
      .option("--yes", "with --search: do not ask")
      .action((id: string | undefined, options: AnnotateOptions, command: Command) => {
        if (options.search === undefined) {
          if (options.yes) throw new UsageError("--yes goes with --search");
          if (id === undefined) throw new UsageError("give the id of a resource, or --search QUERY");
          return annotateOne(cli, id, command);
        }
        if (id !== undefined) throw new UsageError("give the id of a resource or --search, not both");
        return annotateFound(cli, options.search, command);
      }),
    "resources annotate i-0abc… --owner payments --notes 'kept for the audit'",
    "resources annotate --search 'kind:instance tag:team=payments' --owner payments",
  );
}

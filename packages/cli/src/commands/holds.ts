import type { Client } from "@cadastre/client/client";
import { type Hold, hold } from "@cadastre/contract/discovery";
import { scopeName } from "@cadastre/contract/scope";
import type { Command } from "commander";
import { choice, withExamples, withPaging } from "../arguments.ts";
import { type Cli, openClient, optionsOf } from "../cli.ts";
import { NotFoundError } from "../exit-codes.ts";
import { printList } from "../output/list.ts";
import { printOne } from "../output/one.ts";
import type { Column } from "../output/table.ts";
import { toCount, toTime } from "../output/text.ts";
import { lineOf } from "../output/watch-job.ts";
import { followJob } from "./jobs.ts";

const COLUMNS: readonly Column<Hold>[] = [
  { title: "ID", value: (one) => one.id },
  { title: "STATE", value: (one) => one.state, style: (one) => (one.state === "pending" ? "yellow" : "dim") },
  { title: "SOURCE", value: (one) => one.source },
  { title: "SCOPE", value: scopeName, shape: "text" },
  { title: "KNOWN", value: (one) => toCount(one.known), raw: (one) => one.known, align: "right" },
  { title: "MISSING", value: (one) => toCount(one.missing), raw: (one) => one.missing, align: "right" },
  { title: "CREATED", spare: true, value: (one) => toTime(one.createdAt), raw: (one) => one.createdAt },
  { title: "REASON", value: (one) => one.reason, shape: "text", optional: true },
];

async function findHold(client: Client, id: string): Promise<Hold> {
  for await (const one of client.holds.list.all({ limit: 200 })) if (one.id === id) return one;
  throw new NotFoundError(`there is no hold ${JSON.stringify(id)}`, "`cadastre holds list` shows them");
}

/** Adds `holds` to the program. */
export function addHolds(program: Command, cli: Cli): void {
  const holds = program.command("holds").description("losses that are too large to believe without an operator");
  withPaging(holds.command("list").description("holds, newest first"))
    .addOption(choice("--state <state>", "only those", hold.shape.state.options))
    .action(async (_: unknown, command: Command) => {
      const options = optionsOf<{ state?: Hold["state"] }>(command);
      const client = openClient(cli, options);
      const items = (limit: number) => client.holds.list.all({ limit, state: options.state });
      await printList({ ...cli, options, columns: COLUMNS, noun: "holds", items });
    });
  holds
    .command("show")
    .description("one hold, with some of the resources that are missing")
    .argument("<id>")
    .action(async (id: string, _: unknown, command: Command) => {
      const options = optionsOf(command);
      await printOne(cli.stdout, options, await findHold(openClient(cli, options), id));
    });
  const decide = (verb: "approve" | "reject", description: string) =>
    holds.command(verb).description(description).argument("<id>").option("--reason <text>", "kept with the decision");
  withExamples(
    decide("approve", "they are gone: retire them")
      .option("--no-wait", "do not show how far it is when there are many; it goes on by itself")
      .action(async (id: string, _: unknown, command: Command) => {
        const options = optionsOf<{ reason?: string; wait: boolean }>(command);
        const client = openClient(cli, options);
        const { version } = await findHold(client, id);
        const approved = await client.holds.approve({ id, version, reason: options.reason });
        if (approved.job !== undefined && options.wait && cli.stderr.isTerminal) {
          await cli.stderr.write(`${lineOf(await followJob(cli, client, approved.job))}\n`);
        }
        await printOne(cli.stdout, options, approved);
      }),
    "holds approve hld_01J… --reason 'the old cluster was switched off'",
    "holds approve hld_01J… --no-wait",
  );
  withExamples(
    decide("reject", "they are there: keep them").action(async (id: string, _: unknown, command: Command) => {
      const options = optionsOf<{ reason?: string }>(command);
      const client = openClient(cli, options);
      const { version } = await findHold(client, id);
      await printOne(cli.stdout, options, await client.holds.reject({ id, version, reason: options.reason }));
    }),
    "holds reject hld_01J… --reason 'the old cluster was only unreachable'",
  );
}

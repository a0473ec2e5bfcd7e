import type { ConsumerState, DeadLetter } from "@cadastre/contract/feed";
import type { Command } from "commander";
import { withColumns, withExamples, withPaging } from "../arguments.ts";
import { type Cli, openClient, optionsOf } from "../cli.ts";
import { printAll, printList } from "../output/list.ts";
import { printOne } from "../output/one.ts";
import type { Column } from "../output/table.ts";
import { toTime } from "../output/text.ts";

const CONSUMERS: readonly Column<ConsumerState>[] = [
  { title: "CONSUMER", value: (one) => one.consumer },
  {
    title: "REACHED",
    value: (one) => (one.reachedAt === undefined ? "by the stream" : toTime(one.reachedAt)),
    raw: (one) => one.reachedAt,
  },
  { title: "FAILING", value: (one) => one.failing.length, align: "right" },
  {
    title: "DEAD LETTERS",
    value: (one) => one.deadLetters,
    align: "right",
    style: (one) => (one.deadLetters > 0 ? "red" : undefined),
  },
];

const LETTERS: readonly Column<DeadLetter>[] = [
  { title: "ID", value: (one) => one.id, shape: "id" },
  { title: "AT", value: (one) => toTime(one.at), raw: (one) => one.at },
  { title: "WHAT", value: (one) => one.type },
  { title: "SUBJECT", value: (one) => one.subject, shape: "id" },
  { title: "FAILED", value: (one) => toTime(one.failedAt), raw: (one) => one.failedAt },
  { title: "CODE", value: (one) => one.code },
  { title: "STATE", value: (one) => one.state },
];

/** Adds `consumers` to the program. */
export function addConsumers(program: Command, cli: Cli): void {
  const consumers = program
    .command("consumers")
    .description("those who read the feed of changes, and what they could not take");
  withColumns(consumers.command("list").description("how far each of them is")).action(
    async (_: unknown, command: Command) => {
      const options = optionsOf(command);
      const { items } = await openClient(cli, options).consumers.list();
      await printAll({ ...cli, options, columns: CONSUMERS, noun: "consumers", items });
    },
  );
  withPaging(consumers.command("dead-letters").description("changes that a consumer could not take, oldest first"))
    .argument("<consumer>")
    .action(async (consumer: string, _: unknown, command: Command) => {
      const options = optionsOf(command);
      const client = openClient(cli, options);
      const items = (limit: number) => client.consumers.deadLetters.all({ consumer, limit });
      await printList({ ...cli, options, columns: LETTERS, noun: "dead letters", items });
    });
  withExamples(
    consumers
      .command("replay")
      .description("have a change told again to the consumer that could not take it")
      .argument("<consumer>")
      .argument("<id>", "of the change, as dead-letters shows it")
      .action(async (consumer: string, id: string, _: unknown, command: Command) => {
        const options = optionsOf(command);
        const letter = await openClient(cli, options).consumers.replay({ consumer, id });
        await printOne(cli.stdout, options, letter);
      }),
    "consumers replay event-bus MjAyNi0x…",
  );
  consumers
    .command("drop")
    .description("give a change up for the consumer that could not take it")
    .argument("<consumer>")
    .argument("<id>", "of the change, as dead-letters shows it")
    .action(async (consumer: string, id: string, _: unknown, command: Command) => {
      const options = optionsOf(command);
      await openClient(cli, options).consumers.drop({ consumer, id });
      await cli.stderr.write("dropped\n");
    });
}

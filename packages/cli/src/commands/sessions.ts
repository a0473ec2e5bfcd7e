import type { Session } from "@cadastre/contract/login";
import type { Command } from "commander";
import { withPaging } from "../arguments.ts";
import { type Cli, openClient, optionsOf } from "../cli.ts";
import { printList } from "../output/list.ts";
import { printOne } from "../output/one.ts";
import type { Column } from "../output/table.ts";
import { neutralise, toTime } from "../output/text.ts";

const COLUMNS: readonly Column<Session>[] = [
  { title: "ID", value: (one) => one.id },
  { title: "BY", value: (one) => one.methods.join(",") },
  { title: "STRENGTH", spare: true, value: (one) => String(one.strength), raw: (one) => one.strength },
  { title: "ADDRESS", value: (one) => one.address, shape: "id" },
  { title: "BROWSER", spare: true, value: (one) => one.userAgent },
  { title: "SINCE", value: (one) => toTime(one.createdAt), raw: (one) => one.createdAt },
  { title: "USED", value: (one) => toTime(one.usedAt), raw: (one) => one.usedAt },
  { title: "ENDS", value: (one) => toTime(one.expiresAt), raw: (one) => one.expiresAt },
];

/** Adds `me` and `sessions` to the program. */
export function addSessions(program: Command, cli: Cli): void {
  program
    .command("me")
    .description("who you are and what you may do")
    .action(async (_: unknown, command: Command) => {
      const options = optionsOf(command);
      await printOne(cli.stdout, options, await openClient(cli, options).auth.me());
    });
  const sessions = program.command("sessions").description("where you are logged in by name and password");
  withPaging(sessions.command("list").description("your sessions, newest first")).action(
    async (_: unknown, command: Command) => {
      const options = optionsOf(command);
      const client = openClient(cli, options);
      const items = (limit: number) => client.sessions.list.all({ limit });
      await printList({ ...cli, options, columns: COLUMNS, noun: "sessions", items });
    },
  );
  sessions
    .command("end")
    .description("end one of your sessions at once")
    .argument("<id>", "ses_…")
    .action(async (id: string, _: unknown, command: Command) => {
      await openClient(cli, optionsOf(command)).sessions.end({ id });
      await cli.stderr.write(`ended ${neutralise(id)}\n`);
    });
}

import { AUDIT_ACTIONS, type AuditAction } from "@cadastre/contract/audit-actions";
import type { AuditRecord } from "@cadastre/contract/view";
import type { Command } from "commander";
import { choice, withExamples, withPaging } from "../arguments.ts";
import { type Cli, openClient, optionsOf } from "../cli.ts";
import { printList } from "../output/list.ts";
import type { Column } from "../output/table.ts";
import { toTime } from "../output/text.ts";

const COLUMNS: readonly Column<AuditRecord>[] = [
  { title: "AT", value: (one) => toTime(one.at), raw: (one) => one.at },
  { title: "ACTOR", value: (one) => one.actor, shape: "id" },
  { title: "ACTION", value: (one) => one.action },
  { title: "TARGET", value: (one) => one.target, shape: "id" },
  { title: "OUTCOME", value: (one) => one.outcome, style: (one) => (one.outcome === "done" ? undefined : "red") },
  { title: "REQUEST", value: (one) => one.requestId, shape: "id" },
];

interface Filters {
  readonly actor?: string;
  readonly action?: AuditAction;
  readonly target?: string;
  readonly since?: string;
  readonly until?: string;
}

/** Adds `audit` to the program. */
export function addAudit(program: Command, cli: Cli): void {
  withExamples(
    withPaging(program.command("audit").description("who did what, newest first"))
      .option("--actor <actor>", "only by user:usr_…, service-account:sva_…, collector:col_… or system")
      .addOption(choice("--action <action>", "only this action", AUDIT_ACTIONS))
      .option("--target <target>", "only on this")
      .option("--since <time>", "from then on, such as 2026-03-01T00:00:00Z")
      .option("--until <time>", "until then")
      .action(async (_: unknown, command: Command) => {
        const options = optionsOf<Filters>(command);
        const client = openClient(cli, options);
        const { actor, action, target, since, until } = options;
        const items = (limit: number) => client.audit.list.all({ actor, action, target, since, until, limit });
        await printList({ ...cli, options, columns: COLUMNS, noun: "audit records", items });
      }),
    "audit --action credential.reveal",
    "audit --since 2026-03-01T00:00:00Z --all --json",
  );
}

import { AUDIT_OUTCOMES, type AuditRecord } from "@cadastre/contract/audit/record";
import { AUDIT_ACTION_NAMES, AUDIT_FLAGS, type AuditAction } from "@cadastre/contract/audit-actions";
import type { Command } from "commander";
import { choice, withExamples, withPaging, withSpan } from "../arguments.ts";
import { type Cli, openClient, optionsOf } from "../cli.ts";
import { findActor } from "../find-named.ts";
import { printList } from "../output/list.ts";
import type { Column } from "../output/table.ts";
import { toTime } from "../output/text.ts";
import { addSeals } from "./audit-seals.ts";

const COLUMNS: readonly Column<AuditRecord>[] = [
  { title: "AT", value: (one) => toTime(one.at), raw: (one) => one.at },
  { title: "ACTOR", value: (one) => one.actor.name, raw: (one) => `${one.actor.type}:${one.actor.id}`, shape: "id" },
  { title: "ACTION", value: (one) => one.action },
  { title: "TYPE", value: (one) => one.resource.type, spare: true },
  { title: "ENTITY", value: (one) => one.resource.id, shape: "id" },
  { title: "OUTCOME", value: (one) => one.outcome, style: (one) => (one.outcome === "done" ? undefined : "red") },
  { title: "REQUEST", value: (one) => one.requestId, shape: "id" },
];

interface Filters {
  readonly actor?: string;
  readonly action?: AuditAction;
  readonly type?: string;
  readonly entity?: string;
  readonly outcome?: AuditRecord["outcome"];
  readonly flag?: (typeof AUDIT_FLAGS)[number];
  readonly since?: string;
  readonly until?: string;
  readonly text?: string;
  readonly oldest?: boolean;
}

/** Adds `audit` to the program. */
export function addAudit(program: Command, cli: Cli): void {
  const audit = program.command("audit");
  withExamples(
    withSpan(withPaging(audit.description("who did what, newest first")), cli.now)
      .option(
        "--actor <who>",
        "only by this: a user or service account by its id or name, a collector by its id; system is the service itself",
      )
      .addOption(choice("--action <action>", "only this action", AUDIT_ACTION_NAMES))
      .option("--type <type>", "only on things of this type, such as token or account")
      .option("--entity <id>", "only on this")
      .addOption(choice("--outcome <outcome>", "only those", AUDIT_OUTCOMES))
      .addOption(choice("--flag <flag>", "only what these rules ask for", AUDIT_FLAGS))
      .option("--text <text>", "only what has this somewhere")
      .option("--oldest", "oldest first")
      .action(async (_: unknown, command: Command) => {
        const options = optionsOf<Filters>(command);
        const client = openClient(cli, options);
        const { action, type, entity, outcome, flag, since, until, text } = options;
        const actor = options.actor === undefined ? undefined : await findActor(client, options.actor);
        const order = options.oldest ? ("oldest" as const) : ("newest" as const);
        const filter = { actor, action, entity_type: type, entity_id: entity, outcome, flag, since, until, q: text };
        const items = (limit: number) => client.audit.list.all({ ...filter, order, limit });
        await printList({ ...cli, options, columns: COLUMNS, noun: "audit records", items });
      }),
    "audit --action credential.reveal",
    "audit --actor ann@example.com --since friday",
    "audit --since 2026-03-01T00:00:00Z --all --json",
  );
  addSeals(audit, cli);
}

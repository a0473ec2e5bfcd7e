import type { ScopeState } from "@cadastre/contract/discovery";
import type { KindName } from "@cadastre/contract/kinds/names";
import { type Provider, type ScopeStatus, scopeName, scopeStatus } from "@cadastre/contract/scope";
import type { Command } from "commander";
import { choice, kindOption, providerOption, withExamples, withPaging } from "../arguments.ts";
import { type Cli, openClient, optionsOf } from "../cli.ts";
import { printList } from "../output/list.ts";
import { reasonOf, STATUS_STYLES } from "../output/status.ts";
import type { Column } from "../output/table.ts";
import { toAge, toCount } from "../output/text.ts";
import { addForget } from "./scopes-forget.ts";

const COLUMNS: readonly Column<ScopeState>[] = [
  { title: "SOURCE", value: (one) => one.source },
  { title: "SCOPE", value: scopeName, shape: "text" },
  { title: "STATUS", value: (one) => one.status, style: (one) => STATUS_STYLES[one.status] },
  { title: "STALE", value: (one) => (one.stale ? "stale" : ""), style: () => "yellow", optional: true },
  { title: "RESOURCES", value: (one) => toCount(one.resources), raw: (one) => one.resources, align: "right" },
  {
    title: "MISSING",
    value: (one) => (one.missing === 0 ? "" : toCount(one.missing)),
    raw: (one) => one.missing,
    align: "right",
    optional: true,
  },
  { title: "SUCCESS AGO", value: (one) => toAge(one.ageSeconds), raw: (one) => one.ageSeconds, align: "right" },
  {
    title: "EVERY",
    value: (one) => toAge(one.intervalSeconds),
    raw: (one) => one.intervalSeconds,
    align: "right",
    wide: true,
  },
  { title: "HOLD", value: (one) => one.hold, optional: true },
  { title: "REASON", value: (one) => reasonOf(one.errors), shape: "clip", optional: true },
];

interface Filters {
  readonly source?: string;
  readonly provider?: Provider;
  readonly account?: string;
  readonly region?: string;
  readonly kind?: KindName;
  readonly status?: ScopeStatus;
  readonly stale?: boolean;
  readonly problems?: boolean;
}

/** Adds `scopes` to the program. */
export function addScopes(program: Command, cli: Cli): void {
  const scopes = program.command("scopes").description("what was looked at, when, and what is not complete");
  withExamples(
    withPaging(
      scopes
        .command("list", { isDefault: true })
        .description("all scopes, or some of them; those with a problem first"),
    )
      .option("--source <name>", "only this collector's")
      .addOption(providerOption("only this provider's"))
      .option("--account <account>", "only this account's or project's")
      .option("--region <region>", "only this region's")
      .addOption(kindOption("only this kind's"))
      .addOption(choice("--status <status>", "only with this status", scopeStatus.options))
      .option("--stale", "only what is not reported any more")
      .option("--problems", "only what is failed, partial or stale, or has losses that wait for an operator")
      .action(async (_: unknown, command: Command) => {
        const options = optionsOf<Filters>(command);
        const client = openClient(cli, options);
        const { source, provider, account, region, kind, status, stale, problems } = options;
        const filter = { source, provider, account, region, kind, status, stale, problems };
        const items = (limit: number) => client.scopes.list.all({ ...filter, limit });
        await printList({ ...cli, options, columns: COLUMNS, noun: "scopes", items });
      }),
    "scopes",
    "scopes --status failed --all",
    "scopes --problems --all",
  );
  addForget(scopes, cli);
}

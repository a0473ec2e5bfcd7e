import type { IpDifference, PastIp } from "@cadastre/contract/addresses/time";
import type { Command } from "commander";
import { withExamples, withPaging } from "../arguments.ts";
import { type Cli, openClient, optionsOf } from "../cli.ts";
import { findSpaceId } from "../find-named.ts";
import { printList } from "../output/list.ts";
import type { Column } from "../output/table.ts";
import { toTime } from "../output/text.ts";

const AT_COLUMNS: readonly Column<PastIp>[] = [
  { title: "PREFIX", value: (one) => one.prefix, shape: "id" },
  { title: "STATUS", value: (one) => one.status },
  { title: "NAME", value: (one) => one.name, optional: true },
  { title: "OWNER", value: (one) => one.owner, shape: "id", optional: true },
  { title: "CHANGED", value: (one) => toTime(one.modifiedOn), raw: (one) => one.modifiedOn },
  { title: "ID", value: (one) => one.id, spare: true },
];

/** What of it is otherwise, in short: `name: a → b`. */
function changesOf(one: IpDifference): string {
  if (one.type !== "changed") return "";
  const text = (value: unknown) =>
    value === undefined ? "–" : typeof value === "string" ? value : JSON.stringify(value);
  return one.changes.map(({ path, before, after }) => `${path}: ${text(before)} → ${text(after)}`).join("; ");
}

const DIFF_COLUMNS: readonly Column<IpDifference>[] = [
  { title: "", value: (one) => ({ added: "+", removed: "-", changed: "~" })[one.type], raw: (one) => one.type },
  { title: "PREFIX", value: (one) => one.prefix, shape: "id" },
  {
    title: "NAME",
    value: (one) => (one.type === "added" ? one.after.name : one.type === "removed" ? one.before.name : ""),
    optional: true,
  },
  { title: "CHANGES", value: changesOf, shape: "text", optional: true },
  { title: "ID", value: (one) => one.id, spare: true },
];

const SPACE = "by its id, spc_…, or its name";
const WITHIN = ["--within <prefix>", "only what is inside this prefix, itself included"] as const;

/** Adds to `spaces` what they were. */
export function addSpacesPast(spaces: Command, cli: Cli): void {
  withExamples(
    withPaging(spaces.command("at").description("the planned prefixes of an address space as they were at a time"))
      .argument("<space>", SPACE)
      .argument("<time>", "such as 2026-11-30T08:00:00Z")
      .option("--address <address>", "only what contained this address or prefix, nearest first")
      .option(...WITHIN)
      .action(async (space: string, time: string, _: unknown, command: Command) => {
        const options = optionsOf<{ address?: string; within?: string }>(command);
        const { address, within } = options;
        const client = openClient(cli, options);
        const spaceId = await findSpaceId(client, space);
        const items = (limit: number) => client.addressAnalysis.at.all({ spaceId, time, address, within, limit });
        await printList({ ...cli, options, columns: AT_COLUMNS, noun: "planned prefixes", items });
      }),
    "spaces at production 2026-11-30T08:00:00Z",
    "spaces at production 2026-11-30T08:00:00Z --address 10.1.2.5",
  );
  withExamples(
    withPaging(spaces.command("diff").description("which planned prefixes came, went or changed between two times"))
      .argument("<space>", SPACE)
      .argument("<from>", "such as 2026-11-01T00:00:00Z")
      .argument("[to]", "now when absent")
      .option(...WITHIN)
      .action(async (space: string, from: string, to: string | undefined, _: unknown, command: Command) => {
        const options = optionsOf<{ within?: string }>(command);
        const { within } = options;
        const client = openClient(cli, options);
        const spaceId = await findSpaceId(client, space);
        const items = (limit: number) => client.addressAnalysis.diff.all({ spaceId, from, to, within, limit });
        await printList({ ...cli, options, columns: DIFF_COLUMNS, noun: "differences", items });
      }),
    "spaces diff production 2026-11-01T00:00:00Z",
    "spaces diff production 2026-11-01T00:00:00Z 2026-12-01T00:00:00Z --within 10.0.0.0/8",
  );
}

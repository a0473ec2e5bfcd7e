import type { Range } from "@cadastre/contract/addresses/range";
import type { Command } from "commander";
import { withExamples, withPaging } from "../arguments.ts";
import { type Cli, openClient, optionsOf } from "../cli.ts";
import { UsageError } from "../exit-codes.ts";
import { findSpaceId } from "../find-named.ts";
import { withSpace } from "../find-prefix.ts";
import { printList } from "../output/list.ts";
import { printOne } from "../output/one.ts";
import type { Column } from "../output/table.ts";
import { neutralise, toTime } from "../output/text.ts";

const flagsOf = ({ populated, utilized }: Range): string =>
  [populated && "populated", utilized && "utilized"].filter(Boolean).join(",");

const COLUMNS: readonly Column<Range>[] = [
  { title: "ID", value: (one) => one.id, shape: "id" },
  { title: "START", value: (one) => one.start, shape: "id" },
  { title: "END", value: (one) => one.end, shape: "id" },
  { title: "FLAGS", value: flagsOf },
  { title: "NAME", value: (one) => one.name, optional: true },
  { title: "CHANGED", spare: true, value: (one) => toTime(one.modifiedOn), raw: (one) => one.modifiedOn },
  { title: "DESCRIPTION", value: (one) => one.description, shape: "text", optional: true },
];

interface InSpace {
  readonly space: string;
}

interface Said {
  readonly start?: string;
  readonly end?: string;
  readonly populated?: boolean;
  readonly utilized?: boolean;
  readonly name?: string;
  readonly description?: string;
}

const saidBy = ({ start, end, populated, utilized, name, description }: Said) =>
  Object.fromEntries(
    Object.entries({ start, end, populated, utilized, name, description }).filter(([, value]) => value !== undefined),
  );

const RANGE = "its id, rng_…";

function addReading(ranges: Command, cli: Cli): void {
  withExamples(
    withSpace(withPaging(ranges.command("list").description("ranges, in the order of their first addresses"))).action(
      async (_: unknown, command: Command) => {
        const options = optionsOf<InSpace>(command);
        const client = openClient(cli, options);
        const spaceId = await findSpaceId(client, options.space);
        const items = (limit: number) => client.ranges.list.all({ spaceId, limit });
        await printList({ ...cli, options, columns: COLUMNS, noun: "ranges", items });
      },
    ),
    "ranges list --space production",
  );
  withSpace(ranges.command("show").description("one range"))
    .argument("<range>", RANGE)
    .action(async (rangeId: string, _: unknown, command: Command) => {
      const options = optionsOf<InSpace>(command);
      const client = openClient(cli, options);
      const spaceId = await findSpaceId(client, options.space);
      await printOne(cli.stdout, options, await client.ranges.get({ spaceId, rangeId }));
    });
}

/** Adds `ranges` to the program. */
export function addRanges(program: Command, cli: Cli): void {
  const ranges = program.command("ranges").description("runs of addresses that are populated, or count as used");
  addReading(ranges, cli);
  withExamples(
    withSpace(ranges.command("add").description("note a range"))
      .argument("<start>", "its first address")
      .argument("<end>", "its last address")
      .option("--populated", "nothing is allocated from it")
      .option("--utilized", "all of it counts as used")
      .option("--name <name>")
      .option("--description <text>")
      .action(async (start: string, end: string, _: unknown, command: Command) => {
        const options = optionsOf<Said & InSpace>(command);
        const client = openClient(cli, options);
        const spaceId = await findSpaceId(client, options.space);
        await printOne(cli.stdout, options, await client.ranges.create({ spaceId, ...saidBy(options), start, end }));
      }),
    "ranges add 10.1.0.50 10.1.0.99 --space production --populated --name DHCP",
  );
  withExamples(
    withSpace(ranges.command("set").description("change a range; all that is not said stays"))
      .argument("<range>", RANGE)
      .option("--start <address>")
      .option("--end <address>")
      .option("--populated", "nothing is allocated from it")
      .option("--no-populated", "it can be allocated from")
      .option("--utilized", "all of it counts as used")
      .option("--no-utilized", "it does not count as used")
      .option("--name <name>")
      .option("--description <text>")
      .action(async (rangeId: string, _: unknown, command: Command) => {
        const options = optionsOf<Said & InSpace>(command);
        const said = saidBy(options);
        if (Object.keys(said).length === 0)
          throw new UsageError("nothing to change", "`cadastre ranges set --help` has what can be said of one");
        const client = openClient(cli, options);
        const spaceId = await findSpaceId(client, options.space);
        const stood = await client.ranges.get({ spaceId, rangeId });
        const { version, start, end, populated, utilized, name, description } = stood;
        const all = { start, end, populated, utilized, name, description, ...said };
        await printOne(cli.stdout, options, await client.ranges.replace({ spaceId, rangeId, version, ...all }));
      }),
    "ranges set rng_01JD0000000000000000000000 --space production --end 10.1.0.120",
  );
  withSpace(ranges.command("remove").description("remove a range; its addresses are free again"))
    .argument("<range>", RANGE)
    .action(async (rangeId: string, _: unknown, command: Command) => {
      const options = optionsOf<InSpace>(command);
      const client = openClient(cli, options);
      const spaceId = await findSpaceId(client, options.space);
      const { version, start, end } = await client.ranges.get({ spaceId, rangeId });
      await client.ranges.delete({ spaceId, rangeId, version });
      await cli.stderr.write(`removed ${neutralise(start)} to ${neutralise(end)}\n`);
    });
}

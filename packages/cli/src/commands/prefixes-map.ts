import type { IpForecast } from "@cadastre/contract/addresses/forecast";
import { type IpMap, MAP_STATES, type MapState } from "@cadastre/contract/addresses/map";
import { type Command, Option } from "commander";
import { wholeNumber, withExamples } from "../arguments.ts";
import { type Cli, openClient, optionsOf } from "../cli.ts";
import { UsageError } from "../exit-codes.ts";
import { findSpaceId } from "../find-named.ts";
import { findPrefix, PREFIX, withSpace } from "../find-prefix.ts";
import { formatOf } from "../output/format.ts";
import { printOne } from "../output/one.ts";
import type { Screen, Style } from "../output/screen.ts";
import { type Column, renderTable } from "../output/table.ts";
import { toTime } from "../output/text.ts";

interface InSpace {
  readonly space: string;
}

/** How a cell is drawn that is all of it, and one that is some of it; what is worse is drawn first. */
const DRAWN: Readonly<Record<MapState, { readonly all: string; readonly some: string; readonly style: Style }>> = {
  conflicting: { all: "!", some: "!", style: "red" },
  unknown: { all: "?", some: "?", style: "dim" },
  observed: { all: "O", some: "o", style: "yellow" },
  reserved: { all: "R", some: "r", style: "cyan" },
  planned: { all: "#", some: "+", style: "green" },
  free: { all: "·", some: "·", style: "dim" },
};
const WORST_FIRST = Object.keys(DRAWN) as MapState[];

/** Cells that stand side by side. */
const IN_ROW = 64;

function drawCell(cell: IpMap["cells"][number], screen: Screen): string {
  const state = WORST_FIRST.find((one) => cell[one] !== undefined) ?? "free";
  const { all, some, style } = DRAWN[state];
  return screen.style(style, cell[state] === 1 ? all : some);
}

function render({ prefix, cells, cellLength, asOf, unresolvedFrom }: IpMap, screen: Screen): string {
  const rows = Array.from({ length: Math.ceil(cells.length / IN_ROW) }, (_, row) =>
    cells
      .slice(row * IN_ROW, (row + 1) * IN_ROW)
      .map((cell) => drawCell(cell, screen))
      .join(""),
  );
  const there = MAP_STATES.filter((state) => cells.some((cell) => cell[state] !== undefined));
  const legend = there.map((state) => {
    const { all, some } = DRAWN[state];
    return `${all === some ? all : `${all} ${some}`} ${state}`;
  });
  const rest =
    unresolvedFrom === undefined ? "" : `not all that is in it from ${unresolvedFrom} on: map a smaller part\n`;
  const heading = `${screen.style("bold", prefix)} each character a /${cellLength}, as of ${toTime(asOf)}`;
  return `${heading}\n${rows.join("\n")}\n${legend.join(", ")}\n${rest}`;
}

type Day = IpForecast["days"][number];
const DAYS: readonly Column<Day>[] = [
  { title: "DAY", value: (one) => one.day },
  { title: "USED", value: (one) => String(one.used), align: "right" },
  { title: "RESERVED", value: (one) => String(one.reserved), align: "right" },
  { title: "USABLE", value: (one) => String(one.usable), align: "right" },
  { title: "%", value: (one) => one.percentage, align: "right" },
];

function told({ days, perDay, perDayError, exhaustedOn, earliest, latest }: IpForecast): string {
  if (days.length === 0) return "no day is noted of it yet: that is done each night, of what has anything in it\n";
  if (perDay === undefined || perDayError === undefined) return "a forecast needs three days\n";
  const rate = `${perDay.toFixed(3)} ± ${perDayError.toFixed(3)} % a day`;
  if (exhaustedOn === undefined) return `${rate}: it is not used up\n`;
  return `${rate}: used up on ${exhaustedOn}, from ${earliest ?? exhaustedOn} to ${latest ?? "never"}\n`;
}

/** Adds to `prefixes` their picture, and when they are used up. */
export function addPrefixesMap(prefixes: Command, cli: Cli): void {
  withExamples(
    withSpace(
      prefixes.command("map").description("the picture of a prefix: what is free, planned, reserved and seen in it"),
    )
      .argument("<prefix>", PREFIX)
      .addOption(
        new Option("--cells <n>", "so many characters, a power of two").argParser(wholeNumber(1, 4096)).default(1024),
      )
      .action(async (text: string, _: unknown, command: Command) => {
        const options = optionsOf<InSpace & { cells: number }>(command);
        if (!Number.isInteger(Math.log2(options.cells)))
          throw new UsageError("--cells is a power of two, such as 1024", "`cadastre prefixes map --help`");
        const client = openClient(cli, options);
        const spaceId = await findSpaceId(client, options.space);
        const { id: ipId } = await findPrefix(client, spaceId, text);
        const map = await client.addressAnalysis.map({ spaceId, ipId, cells: options.cells });
        if (formatOf(options) !== "table") return printOne(cli.stdout, options, map);
        await cli.stdout.write(render(map, cli.stdout));
      }),
    "prefixes map 10.0.0.0/8 --space production",
  );
  withExamples(
    withSpace(
      prefixes.command("forecast").description("how much of a prefix was used each day, and when it is used up"),
    )
      .argument("<prefix>", PREFIX)
      .addOption(new Option("--days <n>", "so many days are looked at").argParser(wholeNumber(3, 400)).default(90))
      .action(async (text: string, _: unknown, command: Command) => {
        const options = optionsOf<InSpace & { days: number }>(command);
        const client = openClient(cli, options);
        const spaceId = await findSpaceId(client, options.space);
        const { id: ipId } = await findPrefix(client, spaceId, text);
        const forecast = await client.addressAnalysis.forecast({ spaceId, ipId, days: options.days });
        if (formatOf(options) !== "table") return printOne(cli.stdout, options, forecast);
        const days = forecast.days.length === 0 ? "" : renderTable(DAYS, forecast.days, cli.stdout);
        await cli.stdout.write(`${days}${told(forecast)}`);
      }),
    "prefixes forecast 10.0.0.0/8 --space production",
  );
}

import { KIND_NAMES } from "@cadastre/contract/kinds/names";
import { oneMeant, oneNamed } from "@cadastre/contract/meant";
import { MOMENT_FORMS, tryParseMoment } from "@cadastre/contract/moment";
import { PROVIDERS } from "@cadastre/contract/scope";
import { Argument, type Command, InvalidArgumentError, Option } from "commander";
import { DEFAULT_ROWS } from "./output/list.ts";

/** `a,b,c`; blanks around the commas do not matter. Throws InvalidArgumentError for an empty part. */
export function commaList(text: string): string[] {
  const parts = text.split(",").map((part) => part.trim());
  if (parts.some((part) => part === ""))
    throw new InvalidArgumentError("it is a list such as a,b,c without empty parts.");
  return parts;
}

/** One of a closed set, in any case and by its other names. Throws InvalidArgumentError with what was probably meant. */
function oneOf<T extends string>(text: string, allowed: readonly T[], refusal: string): T {
  const found = oneNamed(text, allowed);
  if (found !== undefined) return found;
  const meant = oneMeant(text, allowed);
  throw new InvalidArgumentError(
    `${refusal} ${allowed.join(", ")}${meant === undefined ? "." : `; did you mean ${meant}?`}`,
  );
}

/** A comma list, each part one of `allowed`. */
export function listOf<T extends string>(allowed: readonly T[]): (text: string) => T[] {
  return (text) => commaList(text).map((part) => oneOf(part, allowed, `${JSON.stringify(part)} is none of`));
}

/** An option, or an argument, that is one of a closed set. */
export const choice = (flags: string, about: string, allowed: readonly string[]) =>
  new Option(flags, about).choices(allowed).argParser((text) => oneOf(text, allowed, "Allowed choices are"));
export const choiceArgument = (name: string, allowed: readonly string[], about = "") =>
  new Argument(name, about).choices(allowed).argParser((text) => oneOf(text, allowed, "Allowed choices are"));

export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (!/^\d{1,15}$/.test(text) || number < least || number > most) {
      throw new InvalidArgumentError(`it is a whole number from ${least} to ${most}.`);
    }
    return number;
  };
}

const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** `90d`, `12h`, `30m` or `90s` in seconds. */
export function duration(text: string): number {
  const match = /^(\d{1,9})([smhd])$/.exec(text);
  if (!match) throw new InvalidArgumentError("it is a time such as 90d, 12h or 30m.");
  return Number(match[1]) * SECONDS[match[2] as keyof typeof SECONDS];
}

/** A moment as the reader says it, with days that begin where the reader is, in ISO form. */
const momentAt = (now: () => Date) => (text: string) => {
  const at = tryParseMoment(text, { now: now(), zoneOffsetMinutes: (one) => one.getTimezoneOffset() });
  if (!at) throw new InvalidArgumentError(`it is ${MOMENT_FORMS}.`);
  return at.toISOString();
};

/** Adds `--since` and `--until`, as ISO times. */
export const withSpan = (command: Command, now: () => Date, since = "from then on"): Command =>
  withSince(command, now, since).option("--until <moment>", "until then", momentAt(now));
/** Adds `--since`, as an ISO time. */
export const withSince = (command: Command, now: () => Date, about: string): Command =>
  command.option("--since <moment>", `${about}: ${MOMENT_FORMS}`, momentAt(now));

/** For options that may be given again and again. */
export function several(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text];
}

/** What every list takes: which columns. `withOrders` adds in what order they are. */
export function withColumns(command: Command): Command {
  return command.addOption(
    new Option(
      "--columns <list>",
      "only these, in this order; also members of what -o json shows, such as tags.env",
    ).argParser(commaList),
  );
}

const takes = (command: Command, flag: string) => command.options.some((option) => option.long === flag);

/** Adds `--sort` to every list below that has none of its own, which the API then sorts by. */
export function withOrders(command: Command): void {
  if (takes(command, "--columns") && !takes(command, "--sort")) {
    const option = new Option("--sort <list>", "by these columns; -NAME goes downwards. Sorts what is shown");
    option.attributeName = () => "order";
    command.addOption(option.argParser(commaList));
  }
  for (const one of command.commands) withOrders(one);
}

const DEFAULT_WATCH_SECONDS = 2;

/** `--all`, `--limit` and `--watch` of a list, beside its columns. */
export function withPaging(command: Command): Command {
  return withColumns(command)
    .addOption(
      new Option("--limit <n>", `show at most so many (default: ${DEFAULT_ROWS})`).argParser(wholeNumber(1, 1_000_000)),
    )
    .addOption(new Option("--all", "show all, however many").conflicts("limit"))
    .addOption(
      new Option("--watch [seconds]", `show it again every ${DEFAULT_WATCH_SECONDS} seconds, or so many, until Ctrl-C`)
        .argParser(wholeNumber(1, 86_400))
        .preset(String(DEFAULT_WATCH_SECONDS)),
    );
}

export const providerOption = (about: string) => choice("--provider <provider>", about, PROVIDERS);
export const kindOption = (about: string) => choice("--kind <kind>", about, KIND_NAMES);

/** Examples below a command's help. */
export function withExamples(command: Command, ...examples: readonly string[]): Command {
  return command.addHelpText("after", `\nExamples:\n${examples.map((one) => `  $ cadastre ${one}\n`).join("")}`);
}

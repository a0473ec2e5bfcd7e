import { PROVIDERS } from "@cadastre/contract/scope";
import { type Command, InvalidArgumentError, Option } from "commander";
import { DEFAULT_ROWS } from "./output/list.ts";

/** `a,b,c`; blanks around the commas do not matter. Throws InvalidArgumentError for an empty part. */
export function commaList(text: string): string[] {
  const parts = text.split(",").map((part) => part.trim());
  if (parts.some((part) => part === ""))
    throw new InvalidArgumentError("it is a list such as a,b,c without empty parts.");
  return parts;
}

/** A comma list, each part one of `allowed`. */
export function listOf<T extends string>(allowed: readonly T[]): (text: string) => T[] {
  return (text) =>
    commaList(text).map((part) => {
      const found = allowed.find((one) => one === part);
      if (found === undefined)
        throw new InvalidArgumentError(`${JSON.stringify(part)} is none of ${allowed.join(", ")}.`);
      return found;
    });
}

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

/** For options that are meant once. */
export function once(name: string, hint: string): (text: string, before: string | undefined) => string {
  return (text, before) => {
    if (before !== undefined) throw new InvalidArgumentError(`${name} is given twice. ${hint}`);
    return text;
  };
}

/** `--all` and `--limit` of a list. */
export function withPaging(command: Command): Command {
  return command
    .addOption(
      new Option("--limit <n>", `show at most so many (default: ${DEFAULT_ROWS})`).argParser(wholeNumber(1, 1_000_000)),
    )
    .addOption(new Option("--all", "show all, however many").conflicts("limit"));
}

export const providerOption = (about: string) => new Option("--provider <provider>", about).choices(PROVIDERS);

/** Examples below a command's help. */
export function withExamples(command: Command, ...examples: readonly string[]): Command {
  return command.addHelpText("after", `\nExamples:\n${examples.map((one) => `  $ cadastre ${one}\n`).join("")}`);
}

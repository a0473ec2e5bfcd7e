import type { Coverage } from "@cadastre/contract/coverage";
import { scopeName } from "@cadastre/contract/scope";
import { type Command, Option } from "commander";
import type { Cli } from "../cli.ts";
import { EXIT } from "../exit-codes.ts";
import { neutralise, toCount } from "./text.ts";

/** A page of a list that says on what it rests. */
export interface CoveredPage<Item> {
  readonly items: readonly Item[];
  readonly cursor?: string | undefined;
  readonly coverage?: Coverage | undefined;
  readonly hint?: string | undefined;
}

interface CoverageOptions {
  readonly requireComplete?: boolean;
}

/** Adds the option with which a list that may lack something ends with 3. */
export function withRequireComplete(command: Command): Command {
  return command.addOption(
    new Option("--require-complete", "end with 3 where a scope that this rests on is not seen whole, or not any more"),
  );
}

const MOST_NAMED = 3;

function sentence({ gaps, more, scopes, some, neverLookedAt }: Coverage): string {
  if (neverLookedAt && gaps === 0) return "nothing of this was ever looked at; cadastre scopes says what was\n";
  const of = scopes === undefined ? "" : ` of ${toCount(scopes)}`;
  const count = `${more ? "more than " : ""}${toCount(gaps)}${of} ${gaps === 1 && of === "" ? "scope" : "scopes"}`;
  const named = some.slice(0, MOST_NAMED).map((gap) => `${neutralise(scopeName(gap))} is ${gap.cause}`);
  const rest = gaps > named.length ? ", …" : "";
  return `what ${count} ${gaps === 1 ? "has" : "have"} may be missing: ${named.join(", ")}${rest}; cadastre scopes says why\n`;
}

/** Says what an answer may lack, and ends the command with 3 where that was not wanted. */
export async function tellCoverage(
  cli: Pick<Cli, "stderr" | "setExitCode">,
  { requireComplete }: CoverageOptions,
  coverage: Coverage | undefined,
): Promise<void> {
  if (coverage === undefined || coverage.complete) return;
  await cli.stderr.write(`${cli.stderr.style("yellow", "not complete:")} ${sentence(coverage)}`);
  if (requireComplete) cli.setExitCode(EXIT.incomplete);
}

/** Says below a list what its first page says of it: how more would be found, and what it may lack. */
export async function tellFirst(
  cli: Pick<Cli, "stderr" | "setExitCode">,
  options: CoverageOptions,
  { hint, coverage }: Pick<CoveredPage<unknown>, "hint" | "coverage"> = {},
): Promise<void> {
  if (hint !== undefined) await cli.stderr.write(`${cli.stderr.style("cyan", "hint:")} ${neutralise(hint)}\n`);
  await tellCoverage(cli, options, coverage);
}

/** All items of a list that is read page by page, and what its first page said that it rests on. */
export function covered<Item, Page extends CoveredPage<Item>>(
  read: (page: { readonly limit: number; readonly cursor: string | undefined }) => Promise<Page>,
) {
  let first: Page | undefined;
  async function* items(limit: number): AsyncGenerator<Item> {
    let cursor: string | undefined;
    do {
      const page = await read({ limit, cursor });
      if (cursor === undefined) first = page;
      yield* page.items;
      cursor = page.cursor;
    } while (cursor !== undefined);
  }
  return { items, first: () => first };
}

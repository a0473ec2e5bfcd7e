import { ProblemError } from "@cadastre/contract/errors";
import { create, put, replace, type Stored, type Write } from "@cadastre/store/table";
import type { Context } from "../context.ts";
import { inGroups } from "../in-parallel.ts";
import { RUN_PAGE_SCOPES, RunItem, RunPageItem, type RunScope } from "./items.ts";
import type { Reporter } from "./sources.ts";

const RUN_LIFE_SECONDS = 30 * 86_400;

export interface NewRun {
  readonly run: string;
  readonly source: string;
  readonly set: string;
  readonly root: string;
  /** Of the scopes that it opens. */
  readonly names: readonly string[];
}

/** A run with all of its scopes. */
export interface WholeRun {
  readonly item: Stored<RunItem>;
  readonly scopes: readonly RunScope[];
}

export function readRunItem({ table }: Context, run: string): Promise<Stored<RunItem> | undefined> {
  return table.get(RunItem, { run }, { consistent: true });
}

/** A run of the reporter with all scopes that it opened. Throws `discovery.run_not_found`. */
export async function readRun(context: Context, reporter: Reporter, run: string): Promise<WholeRun> {
  const item = await readRunItem(context, run);
  if (!item || item.source !== reporter.name)
    throw new ProblemError("discovery.run_not_found", `${run} is not a run of this collector`);
  return { item, scopes: await readScopes(context, item) };
}

async function readScopes({ table }: Context, { run, scopes, pages: count }: RunItem): Promise<RunScope[]> {
  const keys = Array.from({ length: count }, (_, page) => ({ run, page }));
  const pages = await table.getMany(RunPageItem, keys, { consistent: true });
  return [...scopes, ...pages.flatMap((page) => page?.scopes ?? [])];
}

/** The scopes of a run that stand in the run itself, and the pages that hold the others. */
function toPages(run: string, scopes: readonly RunScope[], expiresAtSeconds: number) {
  const [inline = [], ...others] = inGroups(scopes, RUN_PAGE_SCOPES);
  const pages = others.map((some, page) => put(RunPageItem, { run, page, scopes: some, expiresAtSeconds }));
  return { inline, pages };
}

/**
 * Writes the pages of a run that opens, and answers the write of the run itself, which counts. A run that opens again with the
 * same content keeps the scopes that it opened before.
 */
export async function writeRun(
  context: Context,
  { names: changed, ...run }: NewRun,
  stored: Stored<RunItem> | undefined,
): Promise<Write> {
  const now = context.now();
  const before = stored?.root === run.root ? await readScopes(context, stored) : [];
  const names = new Set([...before.map(({ name }) => name), ...changed]);
  const expiresAtSeconds = Math.floor(now.getTime() / 1000) + RUN_LIFE_SECONDS;
  const { inline, pages } = toPages(
    run.run,
    [...names].map((name) => ({ name })),
    expiresAtSeconds,
  );
  await context.table.load(pages);
  const item: RunItem = {
    ...run,
    scopes: inline,
    pages: pages.length,
    openedAt: now.toISOString(),
    state: "open",
    expiresAtSeconds,
  };
  return stored ? replace(RunItem, item, stored.version) : create(RunItem, item);
}

/** Writes the pages of a run that is complete, with what became of each scope, and answers the write that closes it. */
export async function writeClosed(context: Context, run: Stored<RunItem>, scopes: readonly RunScope[]): Promise<Write> {
  const { version, ...item } = run;
  const { inline, pages } = toPages(run.run, scopes, run.expiresAtSeconds);
  await context.table.load(pages);
  return replace(RunItem, { ...item, scopes: inline, state: "closed" }, version);
}

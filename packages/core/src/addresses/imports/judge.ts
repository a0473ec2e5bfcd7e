import { contains, parsePrefix } from "@cadastre/net/prefix";
import type { Stored } from "@cadastre/store/table";
import { changesBetween } from "../../changes.ts";
import type { Context } from "../../context.ts";
import type { Tagged } from "../tags/resolve-tags.ts";
import type { PrefixRow } from "../transfer/convert/records.ts";
import { decideRow, type RowDecision } from "../transfer/plan/decide-row.ts";
import type { RowProblem } from "../transfer/row.ts";
import type { IpItem } from "../tree/items.ts";
import { replaced } from "../tree/replace-ip.ts";
import type { SaidOfIp } from "../tree/said.ts";
import { type AddressImportItem, ImportRowItem, rowsOf, rowsPartition } from "./items.ts";
import { type Met, meet } from "./meet.ts";
import { keepProblems } from "./problems.ts";
import { type Place, type Placed, readPage } from "./row-pages.ts";
import { saidByRow, tagProblems, tagsAfter } from "./said-by-row.ts";

export interface Judged {
  readonly decision: RowDecision;
  readonly stored: Stored<IpItem> | undefined;
  /** Of what is made or changed. */
  readonly said: SaidOfIp | undefined;
}

/** What becomes of a row where it is. `containing` is what will contain its prefix, nearest first. */
export function judgeRow(
  { row, heard }: Placed,
  met: Met,
  containing: readonly Tagged[],
  { settings, now }: { readonly settings: AddressImportItem["settings"]; readonly now: Date },
): Judged {
  const { duplicates } = settings;
  const stored = met.planned(row.prefix);
  const { said, problems } = saidByRow(row, stored, now);
  const self = { prefix: row.prefix, tags: said?.tags ?? {} };
  // What is passed over changes nothing, whatever it says.
  const isPassed = heard !== undefined || (stored !== undefined && duplicates !== "update");
  const wrong = isPassed ? [] : [...problems, ...tagProblems(row.row, met.definitions, self, containing)];
  const differs = stored !== undefined && said !== undefined && isChanged(stored, said, now);
  const decision = decideRow(row, { duplicates, heard, isPlanned: stored !== undefined, differs, problems: wrong });
  return { decision, stored, said };
}

function isChanged(stored: Stored<IpItem>, said: SaidOfIp, now: Date): boolean {
  const { version: _, import: __, ...before } = stored;
  const { modifiedOn, revision } = before;
  const { import: ___, ...after } = replaced(stored, said, now);
  return changesBetween(before, { ...after, modifiedOn, revision }).length > 0;
}

/** Rows by what becomes of them, and how many things are wrong with those that are refused. */
export interface Tally {
  readonly create: number;
  readonly update: number;
  readonly skip: number;
  readonly refuse: number;
  readonly problems: number;
}

export const NO_ROWS: Tally = { create: 0, update: 0, skip: 0, refuse: 0, problems: 0 };

export const tallied = (tally: Tally, { decision }: Judged): Tally => ({
  ...tally,
  [decision.act]: tally[decision.act] + 1,
  problems: tally.problems + (decision.act === "refuse" ? decision.problems.length : 0),
});

/** Of prefixes that the file will make or change, with what tags they will have. */
async function readPlanned(
  { table }: Context,
  { id, settings }: AddressImportItem,
  prefixes: readonly string[],
  met: Met,
): Promise<Tagged[]> {
  return Promise.all(
    prefixes.map(async (prefix) => {
      const { items } = await table.query(ImportRowItem, {
        partition: rowsPartition(id),
        sort: { beginsWith: rowsOf(prefix) },
        reverse: settings.duplicates === "update",
        limit: 1,
        consistent: true,
      });
      const [item] = items;
      const row = item && (JSON.parse(item.said) as PrefixRow);
      return { prefix, tags: row ? tagsAfter(row, met.planned(prefix)) : {} };
    }),
  );
}

export interface JudgeState extends Place {
  /** Prefixes of rows before that may contain the next one, the nearest first. */
  readonly above: readonly string[];
  readonly tally: Tally;
}

const PAGE_ROWS = 200;

/**
 * Judges a page of rows, as if those before it were in the space already. Answers where to go on, or that it was the last. Writes problem
 * items; a repeat writes the same.
 */
export async function judgePage(
  context: Context,
  item: AddressImportItem,
  state: JudgeState,
): Promise<{ readonly state: JudgeState; readonly isLast: boolean; readonly rows: number }> {
  const { settings } = item;
  const isLastHeard = settings.duplicates === "update";
  const page = await readPage(context, item.id, state, { limit: PAGE_ROWS, isLastHeard });
  const rows = page.rows.map(({ row }) => row);
  const met = await meet(context, item.space, [...rows, ...state.above.map((prefix) => ({ prefix }))]);
  let above = await readPlanned(context, item, state.above, met);
  let tally = state.tally;
  const problems: RowProblem[] = [];
  for (const placed of page.rows) {
    const at = parsePrefix(placed.row.prefix);
    above = above.filter(({ prefix }) => {
      const one = parsePrefix(prefix);
      return one.length < at.length && contains(one, at);
    });
    const judged = judgeRow(placed, met, withPlanned(met.containing(at), above), { settings, now: context.now() });
    tally = tallied(tally, judged);
    const { decision, said } = judged;
    if (decision.act === "refuse") problems.push(...decision.problems);
    else if (decision.act !== "skip" && said) above = [{ prefix: placed.row.prefix, tags: said.tags }, ...above];
  }
  await keepProblems(context, item, problems, "space");
  const next = { ...(page.next ?? {}), above: above.map(({ prefix }) => prefix), tally };
  return { state: next, isLast: page.next === undefined, rows: rows.length };
}

/** What is planned and what will be, as one chain; of a prefix in both it is what will be. */
function withPlanned(stored: readonly Tagged[], planned: readonly Tagged[]): Tagged[] {
  const own = new Set(planned.map(({ prefix }) => prefix));
  const all = [...planned, ...stored.filter(({ prefix }) => !own.has(prefix))];
  return all.sort((one, other) => parsePrefix(other.prefix).length - parsePrefix(one.prefix).length);
}

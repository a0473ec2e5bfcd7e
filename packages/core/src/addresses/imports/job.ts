import { ProblemError } from "@cadastre/contract/errors";
import { replace } from "@cadastre/store/table";
import * as z from "zod";
import { askedBy, fromAskedBy } from "../../asked-by.ts";
import type { Context } from "../../context.ts";
import { defineJob, type Step, type StepResult } from "../../jobs/define.ts";
import { retryOnConflict } from "../../retry-on-conflict.ts";
import { IMPORT_ADDRESSES } from "../job-heads.ts";
import { FileProblem } from "../transfer/file-problem.ts";
import { AddressImportItem } from "./items.ts";
import { type JudgeState, judgePage, NO_ROWS } from "./judge.ts";
import { type PlaceState, type Placing, placePage, StaleError } from "./place-rows.ts";
import { stageRows } from "./stage.ts";
import { undoPage } from "./undo-rows.ts";

/** A step reads, judges, writes or takes back so many rows. */
const STEP_ROWS = { read: 25_000, judge: 10_000, write: 1_000, undo: 200 } as const;
/** Others may be faster so often. */
const ATTEMPTS = 12;

const count = z.int();
const tally = z.object({ create: count, update: count, skip: count, refuse: count, problems: count });

const importing = z.object({
  space: z.string(),
  import: z.string(),
  phase: z.enum(["read", "judge", "write", "undo"]),
  /** Rows of the file that were read. */
  seen: count,
  /** Of those, what is kept, and what could not be understood. */
  kept: count,
  refused: count,
  problems: count,
  format: z.string().optional(),
  ignored: z.array(z.string()),
  /** How far the phase is, in the order of addresses. */
  after: z.string().optional(),
  first: z.object({ prefix: z.string(), row: count }).optional(),
  above: z.array(z.string()),
  /** Rows of the phase that are done. */
  done: count,
  tally,
  actor: askedBy,
});
export type ImportingState = z.output<typeof importing>;

type Result = NonNullable<AddressImportItem["result"]>;

/** How an import stands after a part of a step, and what it came to when it is over. */
interface Advanced {
  readonly state: ImportingState;
  readonly result?: Result | undefined;
  readonly file?: AddressImportItem["file"];
  readonly error?: AddressImportItem["error"];
}

/** The beginning of a phase. */
const inPhase = (state: ImportingState, phase: ImportingState["phase"]): ImportingState => {
  const { after: _, first: __, ...rest } = state;
  return { ...rest, phase, above: [], done: 0, ...(phase === "undo" ? {} : { tally: NO_ROWS }) };
};

const atPlace = (state: ImportingState, { after, first, tally: now }: PlaceState, rows: number): ImportingState => {
  const { after: _, first: __, ...rest } = state;
  const place = { ...(after === undefined ? {} : { after }), ...(first === undefined ? {} : { first }) };
  return { ...rest, ...place, tally: now, done: state.done + rows };
};

async function read(context: Context, item: AddressImportItem, state: ImportingState): Promise<Advanced> {
  const staged = await stageRows(context, item, { after: state.seen, most: STEP_ROWS.read });
  const next: ImportingState = {
    ...state,
    seen: staged.seen,
    kept: state.kept + staged.kept,
    refused: state.refused + staged.refused,
    problems: state.problems + staged.problems,
    ...(staged.format === undefined ? {} : { format: staged.format }),
    ignored: [...staged.ignored],
  };
  if (!staged.isWhole) return { state: next };
  const { mode, dryRun } = item.settings;
  return { state: inPhase(next, dryRun || mode === "all-or-nothing" ? "judge" : "write") };
}

/** What a whole file that was judged comes to. */
function decideJudged(item: AddressImportItem, state: ImportingState): Advanced {
  const { mode, dryRun } = item.settings;
  const isRefused = mode === "all-or-nothing" && state.refused + state.tally.refuse > 0;
  if (isRefused) return { state, result: "refused" };
  return dryRun ? { state, result: "done" } : { state: inPhase(state, "write") };
}

async function judge(context: Context, item: AddressImportItem, begun: ImportingState): Promise<Advanced> {
  let state = begun;
  while (state.done - begun.done < STEP_ROWS.judge) {
    const page = await judgePage(context, item, state satisfies JudgeState);
    state = { ...atPlace(state, page.state, page.rows), above: [...page.state.above] };
    if (page.isLast) return decideJudged(item, state);
  }
  return { state };
}

const again = <Done>(work: () => Promise<Done>): Promise<Done> =>
  retryOnConflict(work, {
    attempts: ATTEMPTS,
    detail: "others keep changing what the file is about",
    also: (error) => error instanceof StaleError,
  });

async function write(context: Context, of: Placing, begun: ImportingState): Promise<Advanced> {
  let state = begun;
  while (state.done - begun.done < STEP_ROWS.write) {
    const now = state;
    const page = await again(() => placePage(context, of, now));
    state = atPlace(state, page.state, page.rows);
    if (page.isRefused) return { state: inPhase(state, "undo") };
    if (page.isLast) return { state, result: "done" };
  }
  return { state };
}

async function undo(context: Context, of: Placing, begun: ImportingState): Promise<Advanced> {
  let state = begun;
  while (state.done - begun.done < STEP_ROWS.undo) {
    const { after } = state;
    const page = await again(() => undoPage(context, of, after));
    const place = page.next === undefined ? {} : { after: page.next };
    const { after: _, ...rest } = state;
    state = { ...rest, ...place, done: state.done + page.rows, problems: state.problems + page.left };
    if (page.next === undefined) return { state, result: "undone" };
  }
  return { state };
}

async function advance(context: Context, of: Placing, state: ImportingState): Promise<Advanced> {
  const { item } = of;
  try {
    switch (state.phase) {
      case "read":
        return await read(context, item, state);
      case "judge":
        return await judge(context, item, state);
      case "write":
        return await write(context, of, state);
      case "undo":
        return await undo(context, of, state);
    }
  } catch (error) {
    if (error instanceof FileProblem) {
      const { reason, message, row, choices } = error;
      const file = {
        reason,
        message: message.toWellFormed(),
        ...(row === undefined ? {} : { row }),
        choices: choices.map((one) => one.toWellFormed()),
      };
      return { state, result: "refused", file };
    }
    // A space that is gone, or goes, does not come back.
    if (error instanceof ProblemError && error.code.startsWith("space."))
      return { state, result: "failed", error: { code: error.code, message: error.message } };
    throw error;
  }
}

/** The import as it is told of. */
function told(item: AddressImportItem, { state, result, file, error }: Advanced, now: Date): AddressImportItem {
  const { problems, ...counts } = state.tally;
  return {
    ...item,
    ...(state.format === undefined ? {} : { format: state.format }),
    ignored: state.ignored.map((one) => one.toWellFormed()),
    rows: state.kept + state.refused,
    counts: { ...counts, refuse: counts.refuse + state.refused },
    problems: problems + state.problems,
    ...(file === undefined ? {} : { file }),
    ...(error === undefined ? {} : { error }),
    ...(result === undefined ? {} : { result, endedOn: now.toISOString() }),
  };
}

const WORDS = { read: "read", judge: "judged", write: "done", undo: "taken back" } as const;

async function step(
  context: Context,
  { id, state: before, guard }: Step<ImportingState>,
): Promise<StepResult<ImportingState>> {
  const stored = await context.table.get(AddressImportItem, { id: before.import }, { consistent: true });
  if (!stored) throw new ProblemError("import.not_found");
  const { version, ...item } = stored;
  const actor = fromAskedBy(context, before.actor, id);
  // A step that died between this and its own end has told of what it did already.
  const next =
    item.result === undefined
      ? await advance(context, { item, actor, guard }, before)
      : { state: before, result: item.result };
  if (item.result === undefined)
    await context.table.commit([guard, replace(AddressImportItem, told(item, next, context.now()), version)]);
  const { state } = next;
  const rows = state.phase === "read" ? state.seen : state.done;
  const total = state.phase === "read" ? {} : { total: state.kept };
  const { create, update } = state.tally;
  const message = `${WORDS[state.phase]}; ${create} to make, ${update} to change`;
  return {
    state,
    progress: { done: rows, ...total, unit: "rows", message: state.phase === "read" ? WORDS.read : message },
    done: next.result !== undefined,
  };
}

/**
 * Imports a file into an address space: reads it, judges all of it unless each row stands for itself, then writes, what contains others before
 * them; what all or nothing cannot finish it takes back. Some rows a step; killed anywhere it goes on.
 */
export const importAddresses = defineJob({
  ...IMPORT_ADDRESSES,
  state: importing,
  step,
});

/** What an import begins with. */
export const initialState = (
  of: Pick<AddressImportItem, "id" | "space">,
  actor: ImportingState["actor"],
): ImportingState => ({
  space: of.space,
  import: of.id,
  phase: "read",
  seen: 0,
  kept: 0,
  refused: 0,
  problems: 0,
  ignored: [],
  above: [],
  done: 0,
  tally: NO_ROWS,
  actor,
});

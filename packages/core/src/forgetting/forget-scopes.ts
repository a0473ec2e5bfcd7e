import { accountName } from "@cadastre/contract/account";
import { kindName, provider } from "@cadastre/contract/scope";
import { check } from "@cadastre/store/table";
import * as z from "zod";
import { askedBy, fromAskedBy } from "../asked-by.ts";
import type { Context } from "../context.ts";
import { defineJob, type Step, type StepResult } from "../jobs/define.ts";
import { EndedSourceItem } from "../ledger/ended-sources.ts";
import type { ScopeEntry } from "../ledger/entry.ts";
import { GuardError } from "../register/apply.ts";
import { retryOnConflict } from "../retry-on-conflict.ts";
import { type ClearingAt, clearSome } from "./clear-scope.ts";
import { type MeantScope, selectScopes } from "./select.ts";
import { endScope, type Forgetting, readTaken, takeScope } from "./take-scope.ts";

/** A step ends after so many parts of scopes, of which a small one has four, and after so many retired resources. */
const STEP_PARTS = 80;
const STEP_RETIRED = 500;
const FIRST_PART: ClearingAt = { part: "shards", shard: 0 };

const scopeId = z.object({ source: z.string(), name: z.string() });

const clearingAt = z.discriminatedUnion("part", [
  z.object({ part: z.literal("shards"), shard: z.int() }),
  z.object({ part: z.literal("strays"), status: z.enum(["active", "retired"]), after: z.string().optional() }),
  z.object({ part: z.literal("rest") }),
]);

const forgetting = z.object({
  meant: z.object({
    source: z.string().optional(),
    provider: provider.optional(),
    account: z.string().optional(),
    region: z.string().optional(),
    kind: kindName.optional(),
    stale: z.literal(true).optional(),
  }),
  /** What the operator may see, where that is not all. */
  accounts: z.array(accountName).optional(),
  /** What was reported since was not meant. */
  decidedAt: z.string(),
  /** How many scopes were meant. */
  total: z.int(),
  /** Scopes up to this one are done. */
  after: scopeId.optional(),
  /** The scope that is being cleared, and how far that is. */
  current: z.object({ scope: scopeId, at: clearingAt }).optional(),
  forgotten: z.int(),
  retired: z.int(),
  actor: askedBy,
});
export type ForgettingState = z.output<typeof forgetting>;

/**
 * The scopes that were meant when it was decided and were not reported since, by source and name. Whether one is stale is asked of that time: what
 * turned stale later was shown to nobody.
 */
async function selectLeft(context: Context, { meant, accounts, decidedAt }: ForgettingState): Promise<MeantScope[]> {
  const then: Context = {
    ...context,
    now: () => new Date(decidedAt),
    ...(accounts === undefined ? {} : { restriction: { accounts } }),
  };
  return (await selectScopes(then, meant)).filter(({ cause }) => cause !== undefined);
}

/** Takes a scope unless it was reported since it was selected, or its collector was approved again, where that it was revoked is why. */
function takeUnreported(context: Context, { source, name, cause, reportedAt }: MeantScope, of: Forgetting) {
  const ended = cause === "ended" ? [check(EndedSourceItem, { source }, "present")] : [];
  const isMeant = (_: ScopeEntry, setAt = 0) => setAt <= (reportedAt === undefined ? 0 : Date.parse(reportedAt));
  return takeScope(context, { source, name }, { ...of, guard: [...of.guard, ...ended] }, isMeant);
}

type Current = NonNullable<ForgettingState["current"]>;

/** Clears some of the scope that is being forgotten, and ends it when nothing is left of it; what a run has opened meanwhile is the run's. */
async function goOn(
  context: Context,
  { current: _, ...state }: ForgettingState,
  { scope, at }: Current,
  of: Forgetting,
): Promise<ForgettingState> {
  const taken = await readTaken(context, scope, of);
  const past = { ...state, after: scope };
  if (!taken) return past;
  const { retired, next } = await clearSome(context, taken, at);
  if (next) return { ...state, retired: state.retired + retired, current: { scope, at: next } };
  const isEnded = await endScope(context, taken);
  return { ...past, retired: state.retired + retired, forgotten: state.forgotten + (isEnded ? 1 : 0) };
}

const isLater = ({ source, name }: z.output<typeof scopeId>, { after }: ForgettingState): boolean =>
  after === undefined || source > after.source || (source === after.source && name > after.name);

/** Goes on until enough is done for one step. `keep` is told how far it is: done again after a conflict, it goes on from there. */
async function work(
  context: Context,
  begun: ForgettingState,
  of: Forgetting,
  keep: (state: ForgettingState) => void,
): Promise<boolean> {
  let state = begun;
  const left = await selectLeft(context, state);
  for (let parts = 0; parts < STEP_PARTS && state.retired - begun.retired < STEP_RETIRED; parts++) {
    if (state.current) {
      state = await goOn(context, state, state.current, of);
    } else {
      const next = left.find((one) => isLater(one, state));
      if (!next) return true;
      const scope = { source: next.source, name: next.name };
      const isTaken = await takeUnreported(context, next, of);
      state = isTaken ? { ...state, current: { scope, at: FIRST_PART } } : { ...state, after: scope };
    }
    keep(state);
  }
  return false;
}

async function step(
  context: Context,
  { id, state: before, guard }: Step<ForgettingState>,
): Promise<StepResult<ForgettingState>> {
  let state = before;
  const of = { job: id, actor: fromAskedBy(context, before.actor, id), guard: [guard] };
  const done = await retryOnConflict(
    () =>
      work(context, state, of, (next) => {
        state = next;
      }),
    { detail: "runs keep changing the scopes", also: (error) => error instanceof GuardError },
  );
  const message = `${state.retired} resources retired`;
  return { state, progress: { done: state.forgotten, total: state.total, unit: "scopes", message }, done };
}

/**
 * Forgets scopes: takes each as a newer run does, ends its claims, retires what nobody else claims, and removes all that is kept of it. Some
 * resources a step; killed anywhere it goes on. A run that opens a scope takes it over, with what is left of it, and is asked for all that
 * it has; one that was reported since it was decided is left.
 */
export const forgetScopes = defineJob({
  name: "forget-scopes",
  about:
    "Forgets scopes that nobody reports any more; until then they are listed, and what only they saw is shown as active",
  leaseSeconds: 60,
  state: forgetting,
  step,
});

import type { Change } from "@cadastre/contract/change";
import type { Hold } from "@cadastre/contract/discovery";
import { fromScopeName, type ScopeError, type ScopeStatus } from "@cadastre/contract/scope";
import type { Write } from "@cadastre/store/table";
import { type Actor, actorName, type Context } from "../context.ts";
import { laterOf, recordChange } from "../feed/record-change.ts";
import type { Subject } from "../subject.ts";
import type { Arrived } from "./arrived.ts";
import type { ScopeId } from "./shards.ts";

/** A scope as the subject of changes; the key is how people name it, too. */
export const scopeSubject = ({ source, name }: ScopeId): Subject => ({ type: "scope", key: `${source}/${name}` });

/** What a scope was said to be. */
interface Said {
  readonly status: ScopeStatus;
  readonly errors: readonly ScopeError[];
}

const codesOf = (said: Said | undefined): string[] => [...new Set((said?.errors ?? []).map(({ code }) => code))].sort();

/**
 * How a scope turned: nothing when its status is what it was, and when it is complete the first time, which is what everybody
 * expects. Codes of errors are in it where they differ.
 */
export function decideTurn(before: Said | undefined, after: Said): readonly Change[] | undefined {
  if (before?.status === after.status || (!before && after.status === "complete")) return undefined;
  const [old, now] = [codesOf(before), codesOf(after)];
  const status = { path: "status", ...(before ? { before: before.status } : {}), after: after.status };
  return old.join() === now.join() ? [status] : [status, { path: "errors", before: old, after: now }];
}

/** The writes that tell that a run turned a scope, for the commit that completes it; none when it did not. */
export function recordTurn(context: Context, actor: Actor, { scope }: Arrived): Write[] {
  const { lease, outcome } = scope;
  const changes = decideTurn(outcome && { status: outcome.result.status, errors: outcome.errors }, lease);
  if (!changes) return [];
  const subject = scopeSubject(scope);
  return recordChange(context, {
    subject,
    id: subject.key,
    type: lease.status,
    at: laterOf(context.now().toISOString(), outcome?.runAt),
    stream: "o",
    sequence: lease.generation,
    actor: actorName(actor),
    run: lease.run,
    changes,
    place: fromScopeName(scope.name),
  });
}

/** What becomes of a hold, once each; their order is the number of the change. */
const STEPS = {
  opened: 1,
  approved: 2,
  rejected: 2,
  lifted: 2,
  finished: 3,
} as const;

/** A hold's own step, its time and the run that it belongs to. */
export interface HoldStep {
  readonly type: keyof typeof STEPS;
  readonly at: string;
  readonly run?: string | undefined;
}

/** A hold as it is stored or shown. */
type Told = Omit<Hold, "version">;

function changesOf(type: HoldStep["type"], hold: Told): Change[] {
  const state: Hold["state"] = "pending";
  switch (type) {
    case "opened":
      return [
        { path: "state", after: state },
        { path: "known", after: hold.known },
        { path: "missing", after: hold.missing },
      ];
    case "finished":
      return [{ path: "missing", before: hold.missing, after: 0 }];
    default:
      return [{ path: "state", before: state, after: type }];
  }
}

/** The writes that tell of a hold, for the commit that makes it so. */
export function recordHold(context: Context, actor: Actor, hold: Told, { type, at, run }: HoldStep): Write[] {
  const { id, provider, account, region, kind } = hold;
  return recordChange(context, {
    subject: { type: "hold", key: id },
    id,
    type,
    at: laterOf(laterOf(at, hold.createdAt), hold.decidedAt),
    stream: "o",
    sequence: STEPS[type],
    actor: actorName(actor),
    run,
    changes: changesOf(type, hold),
    place: { provider, account, region, kind },
  });
}

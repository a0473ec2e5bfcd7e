import type { ChargeableMeter } from "./meter.ts";
import { type Planned, type Refused, refusalOfRow } from "./plan.ts";
import { backOff, isThrottle, type RetryOptions } from "./retry.ts";
import { complainOf, isExpired, type Row } from "./row.ts";
import { rowSize } from "./size.ts";
import type { Refusal } from "./table.ts";
import { refusedUnits } from "./units.ts";

/** What DynamoDB answered to one attempt. Reasons are in the order of the writes. */
export type Outcome =
  | { readonly done: true; readonly units: number }
  | {
      readonly done: false;
      readonly error: unknown;
      /** How often the SDK sent it: after a lost answer a write may meet itself. */
      readonly attempts: number;
      readonly reasons: readonly { readonly code: string; readonly old: Row | undefined }[];
    };

interface CommitWork {
  readonly planned: readonly Planned[];
  readonly transaction: boolean;
  readonly now: Date;
  readonly send: (planned: readonly Planned[], transaction: boolean, now: Date) => Promise<Outcome>;
  readonly meter: ChargeableMeter;
  readonly retry: RetryOptions;
}

const BUSY_CODES = new Set(["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"]);

/** Sends a commit until it is done or refused; answers the refusals. Other errors of DynamoDB are thrown as they are. */
export async function commitWith(work: CommitWork): Promise<readonly Refused[]> {
  const { transaction, now, send, meter, retry } = work;
  let { planned } = work;
  for (let attempt = 1; ; attempt++) {
    const outcome = await send(planned, transaction, now).catch((error: unknown) => {
      if (isThrottle(error)) return undefined;
      throw error;
    });
    if (outcome?.done === true) {
      meter.charge({ write: outcome.units, calls: 1 });
      return [];
    }
    const refused = outcome === undefined ? [] : conditionFailures(planned, outcome);
    meter.charge({ write: refused.length > 0 ? refusedUnits(planned, refused, transaction) : 0, calls: 1 });
    if (outcome !== undefined && refused.length > 0) {
      if (metItself(planned, outcome)) return [];
      const real = refused.filter((r) => r.reason !== undefined);
      if (real.length > 0) return real as Refused[];
      planned = planned.map((p) => (refused.some((r) => r.index === p.index) ? fromSeed(p) : p));
      continue;
    }
    const busy = outcome === undefined ? [0] : busyPlaces(outcome);
    if (busy.length === 0) throw (outcome as { error: unknown }).error;
    if (attempt >= retry.maxAttempts) {
      return busy.map((place) => ({ index: planned[place]?.index ?? 0, reason: "busy" }));
    }
    await backOff(retry, attempt);
  }

  function conditionFailures(planned: readonly Planned[], { reasons }: Outcome & { done: false }): Failure[] {
    return planned.flatMap((p, place) => {
      const found = reasons[place];
      if (found?.code !== "ConditionalCheckFailed") return [];
      const { old } = found;
      const reason = refusalOfRow(p, old, now) ?? reasonWithoutItem(p, old);
      const sized = old === undefined ? {} : { old: { ...old, size: rowSize(old, complainOf(old.type)) } };
      return [{ index: p.index, reason, ...sized }];
    });
  }

  /** For engines that do not say what stood at the key. An update of an expired item alone has no reason: it starts anew. */
  function reasonWithoutItem(p: Planned, old: Row | undefined): Refusal["reason"] | undefined {
    if (p.act === "update" && p.seed !== undefined && (old === undefined || isExpired(old, now))) return undefined;
    if (p.op === "check") return "check";
    return p.condition === "free" ? "exists" : "missing";
  }
}

type Failure = Omit<Refused, "reason"> & { readonly reason: Refused["reason"] | undefined };

/** After a lost answer, whether the item that is in the way is the one that this very write put there. */
function metItself(planned: readonly Planned[], { attempts, reasons }: Outcome & { done: false }): boolean {
  const [lone] = planned;
  if (attempts < 2 || planned.length !== 1 || lone === undefined) return false;
  const written = lone.act === "put" ? lone.row.version : lone.act === "update" ? lone.version : undefined;
  return written !== undefined && reasons[0]?.old?.version === written;
}

/** The update of an expired item as the creation of a new one. */
function fromSeed(p: Planned): Planned {
  if (p.act !== "update" || p.seed === undefined) return p;
  const { index, op, type, key, seed } = p;
  return { act: "put", index, op, type, key, row: seed, condition: "free" };
}

function busyPlaces({ reasons }: Outcome & { done: false }): number[] {
  return reasons.flatMap(({ code }, place) => (BUSY_CODES.has(code) ? [place] : []));
}

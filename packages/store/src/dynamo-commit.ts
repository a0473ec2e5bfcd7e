import type { ChargeableMeter } from "./meter.ts";
import { isTransaction, type Planned, type Refused, refusalOf } from "./plan.ts";
import { refusedUnits } from "./refused-units.ts";
import { backOff, isThrottle, type RetryOptions } from "./retry.ts";
import { complainOf, type Row } from "./row.ts";
import { rowSize } from "./size.ts";

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
  readonly now: Date;
  readonly send: (planned: readonly Planned[], now: Date) => Promise<Outcome>;
  readonly meter: ChargeableMeter;
  readonly retry: RetryOptions;
}

const BUSY_CODES = new Set(["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"]);

/** Sends a commit until it is done or refused; answers the refusals. Other errors of DynamoDB are thrown as they are. */
export async function commitWith({ planned, now, send, meter, retry }: CommitWork): Promise<readonly Refused[]> {
  for (let attempt = 1; ; attempt++) {
    const outcome = await send(planned, now).catch((error: unknown) => {
      if (isThrottle(error)) return undefined;
      throw error;
    });
    if (outcome?.done === true) {
      meter.charge({ write: outcome.units, calls: 1 });
      return [];
    }
    const refused = outcome === undefined ? [] : conditionFailures(planned, outcome, now);
    const spent = refused.length > 0 ? refusedUnits(planned, refused, isTransaction(planned)) : 0;
    meter.charge({ write: spent, calls: 1 });
    if (outcome !== undefined && metItself(planned, outcome)) return [];
    if (refused.length > 0) return refused;
    const busy = outcome === undefined ? [0] : busyPlaces(outcome);
    if (busy.length === 0) throw (outcome as { error: unknown }).error;
    if (attempt >= retry.maxAttempts) return busy.map((index) => ({ index, reason: "busy", oldSize: 0 }));
    await backOff(retry, attempt);
  }
}

function conditionFailures(planned: readonly Planned[], { reasons }: Outcome & { done: false }, now: Date): Refused[] {
  return planned.flatMap((p, index) => {
    const found = reasons[index];
    if (found?.code !== "ConditionalCheckFailed") return [];
    const { old } = found;
    const reason = refusalOf(p, old, now) ?? reasonWithoutItem(p);
    return [{ index, reason, oldSize: old === undefined ? 0 : rowSize(old, complainOf(old.type)) }];
  });
}

/** For engines that do not say what stood at the key. */
function reasonWithoutItem({ op, condition }: Planned): Refused["reason"] {
  if (op === "check") return "check";
  return condition === "free" ? "exists" : "missing";
}

/** After a lost answer, whether the item that is in the way is the one that this very write put there. */
function metItself(planned: readonly Planned[], { attempts, reasons }: Outcome & { done: false }): boolean {
  const [lone] = planned;
  if (attempts < 2 || planned.length !== 1 || lone?.act !== "put") return false;
  return reasons[0]?.old?.version === lone.row.version;
}

function busyPlaces({ reasons }: Outcome & { done: false }): number[] {
  return reasons.flatMap(({ code }, index) => (BUSY_CODES.has(code) ? [index] : []));
}

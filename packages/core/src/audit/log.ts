import type { Table } from "@cadastre/store/table";
import { mergedQuery } from "../merged-query.ts";
import { AUDIT_OPEN_PARTITIONS, AUDIT_PARTITIONS, AuditItem, AuditOpenItem, type StoredRecord } from "./items.ts";

/*
 * A record is in one of two places, or for a moment in both: when it has a checkpoint, the sealer moves it from among the open ones to the sealed
 * ones. So whoever looks among the open ones first, and then among the sealed ones, finds it.
 */

/** A record, and where a page that ends with it goes on. */
export interface Placed {
  readonly sk: string;
  readonly item: StoredRecord;
}

interface Key {
  readonly at: string;
  readonly id: string;
}

/** The records of some keys as they are stored, in their order; undefined where there is none. Reads strongly. */
export async function readRecords(table: Table, keys: readonly Key[]): Promise<(StoredRecord | undefined)[]> {
  const found: (StoredRecord | undefined)[] = await table.getMany(AuditItem, keys, { consistent: true });
  // Most are sealed; what is not, and is sealed between the two looks, is found by the third.
  for (const entity of [AuditOpenItem, AuditItem]) {
    const places = found.flatMap((record, place) => (record === undefined ? [place] : []));
    if (places.length === 0) break;
    const wanted = places.map((place) => keys[place] as Key);
    const more = await table.getMany(entity, wanted, { consistent: true });
    for (const [at, place] of places.entries()) found[place] = more[at];
  }
  return found;
}

export interface LogWalk {
  /** Sort keys, both exclusive. */
  readonly after: string | undefined;
  readonly before: string | undefined;
  readonly reverse: boolean;
  /** About how many records the caller will take. */
  readonly expected: number;
  /** It takes so many at the most, and no more are answered. */
  readonly most: number;
}

/** Records of some time in their order, sealed or not, each once. Reads strongly, and of the open ones no more than `most`. */
export async function* walkLog(table: Table, { most, ...walk }: LogWalk): AsyncGenerator<Placed> {
  const asked = { ...walk, consistent: true };
  const open: Placed[] = [];
  for await (const one of mergedQuery(table, AuditOpenItem, { partitions: AUDIT_OPEN_PARTITIONS, ...asked })) {
    open.push(one);
    if (open.length === most) break;
  }
  const sealed = mergedQuery(table, AuditItem, { partitions: AUDIT_PARTITIONS, ...asked });
  let next = await sealed.next();
  let last: string | undefined;
  for (let count = 0, place = 0; count < most; ) {
    const first = open[place];
    const other = next.done ? undefined : next.value;
    const isOpen = first !== undefined && (other === undefined || first.sk < other.sk !== walk.reverse);
    const one = isOpen ? first : other;
    if (!one) return;
    if (isOpen) place += 1;
    else next = await sealed.next();
    // Between the two writes of the sealer it is in both places.
    if (one.sk === last) continue;
    last = one.sk;
    count += 1;
    yield one;
  }
}

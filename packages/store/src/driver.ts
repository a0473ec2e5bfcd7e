import type { Key } from "./entity.ts";
import type { Planned, Refused } from "./plan.ts";
import type { KeyRange } from "./range.ts";
import type { Row, WritableRow } from "./row.ts";

/** One read of a partition, as one DynamoDB Query call does it. */
export interface PageRequest {
  readonly partition: string;
  readonly range: KeyRange;
  readonly reverse: boolean;
  readonly consistent: boolean;
  /** Most rows to look at; without it a page ends at 1 MB. */
  readonly limit: number | undefined;
  /** The sort key to go on after. */
  readonly after: string | undefined;
}

export interface RowPage {
  readonly rows: readonly Row[];
  /** The sort key to go on after, when the partition was not read to its end. */
  readonly next: string | undefined;
}

export type Change = { readonly key: Key; readonly row?: WritableRow };

/** An item that goes from one key to another one, as it is. */
export interface Move {
  readonly from: Key;
  readonly key: Key;
  readonly type: string;
  /** That was read. */
  readonly version: number;
  /** Its bytes where it goes, and how many more that is than where it was: of its key and the name of its type. */
  readonly size: number;
  readonly growth: number;
  /** What is written there. Takes some work: not every driver needs it. */
  readonly toRow: () => WritableRow;
}

/** What a driver does; all rules that drivers share are in `createTable`. Drivers charge the meter. */
export interface Driver {
  get(key: Key, consistent: boolean): Promise<Row | undefined>;
  /** Any number of different keys; rows come back in any order, expired ones with them. */
  getMany(keys: readonly Key[], consistent: boolean): Promise<readonly Row[]>;
  page(request: PageRequest): Promise<RowPage>;
  /** All or nothing; answers the refusals, none when it was done. */
  commit(planned: readonly Planned[]): Promise<readonly Refused[]>;
  /** Changes on different keys, durable when it resolves. Not atomic. */
  load(changes: readonly Change[]): Promise<void>;
  /** Each item whole where it was or where it goes, or for a moment in both; durable when it resolves. Not atomic. */
  move(moves: readonly Move[]): Promise<void>;
  ready(): Promise<void>;
  close(): Promise<void>;
}

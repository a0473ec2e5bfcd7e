import type { Table } from "@cadastre/store/table";

/** What every use case is given: the table, the clock, and the policy numbers. Nothing global, nothing hidden. */
export interface Context {
  readonly table: Table;
  readonly now: () => Date;
  readonly holdPolicy: HoldPolicy;
}

/**
 * When a complete scope's losses wait for an operator: when they are more than `share` (0 to 1) of what is known and at
 * least `floor` resources, and always when nothing at all would be left.
 */
export interface HoldPolicy {
  readonly share: number;
  readonly floor: number;
}

export const DEFAULT_HOLD_POLICY: HoldPolicy = { share: 0.25, floor: 3 };

/** Who acts, as the verified request says: `token:tok_…`, `collector:col_…`, or `system` for the service itself. */
export interface Actor {
  readonly id: string;
  readonly requestId: string;
}

import type { Write } from "@cadastre/store/table";

/** One page of what has outlived its retention. */
export interface Forget {
  readonly endedBefore: Date;
  /** Where the page before ended. */
  readonly after: string | undefined;
  /** Goes first into the commit: it holds while the runner has the lease. */
  readonly guard: Write;
}

export interface Forgotten {
  readonly removed: number;
  /** Where to go on; the end was reached when it is absent. */
  readonly next?: string;
}

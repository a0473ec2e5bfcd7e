import type { Refusal } from "./table.ts";

/** A condition of a commit did not hold; nothing of the commit was written. */
export class ConflictError extends Error {
  readonly refusals: readonly Refusal[];
  constructor(refusals: readonly Refusal[]) {
    super(`commit refused: ${refusals.map((r) => `write ${r.index} (${r.reason})`).join(", ")}`);
    this.name = "ConflictError";
    this.refusals = refusals;
  }
}

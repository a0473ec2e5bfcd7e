import { ProblemError } from "@cadastre/contract/errors";
import { ConflictError } from "@cadastre/store/errors";

const MOST_ATTEMPTS = 4;

/**
 * Reads, decides and commits again when another writer was faster, a few times; then 409 `request.conflict`. The attempt
 * must read everything it decides on, so that a repeat decides on what is there now. Other errors pass through.
 */
export async function retryOnConflict<Result>(attempt: () => Promise<Result>): Promise<Result> {
  for (let count = 1; ; count++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      if (count === MOST_ATTEMPTS) throw new ProblemError("request.conflict", undefined, { cause: error });
    }
  }
}

/** Whether the write at this place of the commit was refused because its key is taken. */
export function isTaken(error: unknown, index: number): boolean {
  return (
    error instanceof ConflictError &&
    error.refusals.some((refusal) => refusal.index === index && refusal.reason === "exists")
  );
}

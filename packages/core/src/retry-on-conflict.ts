import { ProblemError } from "@cadastre/contract/errors";
import { ConflictError } from "@cadastre/store/errors";

const MOST_ATTEMPTS = 4;

export interface RetryOptions {
  readonly attempts?: number;
  /** What to tell the caller when others were faster every time. */
  readonly detail?: string;
  /** Further errors that mean that another writer was faster. */
  readonly also?: (error: unknown) => boolean;
}

/**
 * Reads, decides and commits again when another writer was faster, a few times; then 409 `request.conflict`. The attempt
 * must read everything it decides on, so that a repeat decides on what is there now. Other errors pass through. The attempts are
 * counted from 1: a first one may read what is cheap, further ones must read strongly.
 */
export async function retryOnConflict<Result>(
  attempt: (count: number) => Promise<Result>,
  { attempts = MOST_ATTEMPTS, detail, also = () => false }: RetryOptions = {},
): Promise<Result> {
  for (let count = 1; ; count++) {
    try {
      return await attempt(count);
    } catch (error) {
      if (!(error instanceof ConflictError || also(error))) throw error;
      if (count === attempts) throw new ProblemError("request.conflict", detail, { cause: error });
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

/** Runs work as soon as fewer than `most` pieces are running, in the order in which they came. */
export type Limit = <T>(work: () => Promise<T>) => Promise<T>;

/** A limit that several lists of work may share. One that is a function is asked whenever a place becomes free. */
export function createLimit(most: number | (() => number)): Limit {
  const allowed = typeof most === "number" ? () => most : most;
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running < allowed()) running += 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      running -= 1;
      // Places go to the next in line without being free in between.
      while (waiting.length > 0 && running < allowed()) {
        running += 1;
        waiting.shift()?.();
      }
    }
  };
}

/**
 * Runs `work` for each item within a limit, a number or one that is shared. When one rejects, the others are worked on all the
 * same, unless `stopOnError` says that no further one is begun. The first rejection is thrown once all have ended: nothing goes
 * on behind the caller's back.
 */
export async function forEachWithin<T>(
  limit: Limit | number,
  items: readonly T[],
  work: (item: T) => Promise<void>,
  { stopOnError = false }: { readonly stopOnError?: boolean } = {},
): Promise<void> {
  const within = typeof limit === "number" ? createLimit(limit) : limit;
  let failure: { readonly error: unknown } | undefined;
  await Promise.all(
    items.map((item) =>
      within(async () => {
        if (failure && stopOnError) return;
        try {
          await work(item);
        } catch (error) {
          failure ??= { error };
        }
      }),
    ),
  );
  if (failure) throw failure.error;
}

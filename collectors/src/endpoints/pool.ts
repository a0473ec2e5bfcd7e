/**
 * Runs `work` for each item, at most `concurrency` at a time, in order of start. When one rejects, no further item is started
 * and the rejection is rethrown after those under way have ended.
 */
export async function forEachLimited<T>(
  items: readonly T[],
  concurrency: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = items.values();
  let failure: { readonly error: unknown } | undefined;
  async function takeTurns() {
    for (const item of iterator) {
      try {
        await work(item);
      } catch (error) {
        failure ??= { error };
      }
      if (failure) return;
    }
  }
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, takeTurns));
  if (failure) throw failure.error;
}

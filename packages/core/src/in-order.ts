/**
 * Items of several sources, each of which has its own in order, as one in that order. Each source is asked for its first item at the beginning,
 * and for a further one only when the one before it is taken.
 */
export async function* inOrder<Item>(
  sources: readonly AsyncGenerator<Item>[],
  isBefore: (one: Item, other: Item) => boolean,
): AsyncGenerator<Item> {
  try {
    const heads = await Promise.all(sources.map((source) => source.next()));
    for (;;) {
      let first = -1;
      for (const [place, head] of heads.entries()) {
        const best = heads[first];
        if (!head.done && (!best || best.done || isBefore(head.value, best.value))) first = place;
      }
      const head = heads[first];
      if (!head || head.done) return;
      yield head.value;
      heads[first] = await (sources[first] as AsyncGenerator<Item>).next();
    }
  } finally {
    await Promise.all(sources.map((source) => source.return(undefined)));
  }
}

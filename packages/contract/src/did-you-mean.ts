/** How many letters two short texts are apart, two that changed places being one; counting up to `most`. */
function distance(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isTurned = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const turned = isTurned ? (before[j - 2] as number) + 1 : changed;
      next.push(Math.min(changed, turned, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    [before, row] = [row, next];
  }
  return row[b.length] as number;
}

const LONGEST = 64;

/** The one of `known` that a mistyped name most likely stands for: two of its letters are wrong, or a third. */
export function didYouMean(name: string, known: readonly string[]): string | undefined {
  if (name.length > LONGEST) return undefined;
  const plain = name.toLowerCase().replaceAll(/[_-]/g, "");
  const most = plain.length < 4 ? 1 : Math.max(2, Math.floor(plain.length / 3));
  const near = known
    .map((one) => ({ one, away: distance(plain, one.toLowerCase(), most) }))
    .filter(({ away }) => away <= most)
    .sort((a, b) => a.away - b.away);
  return near[0]?.one;
}

import { addressBits } from "@cadastre/net/address";
import { type Interval, intervalPrefixes, prefixInterval, remainingIntervals } from "@cadastre/net/interval";
import { addressCount, comparePrefixes, type Prefix } from "@cadastre/net/prefix";

export type Strategy = "first-fit" | "best-fit" | "last-fit" | "spread";

const sizeOf = (length: number, { family }: Interval): bigint => 1n << BigInt(addressBits(family) - length);

const alignUp = (value: bigint, size: bigint): bigint => ((value + size - 1n) / size) * size;
const alignDown = (value: bigint, size: bigint): bigint => (value / size) * size;

const blockAt = ({ family }: Interval, network: bigint, length: number): Prefix => ({ family, network, length });

/** The first block of a length in an interval, if one fits. */
function firstIn(gap: Interval, length: number): Prefix | undefined {
  const size = sizeOf(length, gap);
  const start = alignUp(gap.first, size);
  return start + size - 1n <= gap.last ? blockAt(gap, start, length) : undefined;
}

function lastIn(gap: Interval, length: number): Prefix | undefined {
  const size = sizeOf(length, gap);
  const start = alignDown(gap.last + 1n, size) - size;
  return start >= gap.first ? blockAt(gap, start, length) : undefined;
}

function firstOf(gaps: readonly Interval[], length: number): Prefix | undefined {
  for (const gap of gaps) {
    const block = firstIn(gap, length);
    if (block) return block;
  }
  return undefined;
}

function lastOf(gaps: readonly Interval[], length: number): Prefix | undefined {
  return gaps.toReversed().reduce<Prefix | undefined>((found, gap) => found ?? lastIn(gap, length), undefined);
}

/** Out of the smallest block of free space that it fits, so that large ones stay whole. */
function bestOf(gaps: readonly Interval[], length: number): Prefix | undefined {
  const blocks = gaps.flatMap((gap) => (firstIn(gap, length) ? intervalPrefixes(gap) : []));
  const [best] = blocks
    .filter((block) => block.length <= length)
    .sort((one, other) => other.length - one.length || comparePrefixes(one, other));
  return best && { ...best, length };
}

/** In the middle of the largest gap, so that each has room to grow; at its start while the whole of the place is free. */
function spreadOf(gaps: readonly Interval[], length: number, whole: Interval): Prefix | undefined {
  const fitting = gaps.filter((gap) => firstIn(gap, length));
  const widest = fitting.reduce<Interval | undefined>(
    (best, gap) => (best === undefined || gap.last - gap.first > best.last - best.first ? gap : best),
    undefined,
  );
  if (widest === undefined) return undefined;
  if (widest.first === whole.first && widest.last === whole.last) return firstIn(widest, length);
  const size = sizeOf(length, widest);
  const middle = alignDown(widest.first + (widest.last - widest.first + 1n) / 2n, size);
  const isInside = middle >= widest.first && middle + size - 1n <= widest.last;
  return isInside ? blockAt(widest, middle, length) : firstIn(widest, length);
}

const FIND: Readonly<
  Record<Strategy, (gaps: readonly Interval[], length: number, whole: Interval) => Prefix | undefined>
> = { "first-fit": firstOf, "last-fit": lastOf, "best-fit": bestOf, spread: spreadOf };

/**
 * Blocks of one length out of free space, which are in no order but that of the strategy: as many as were asked for, or as there is room for.
 * `free` as `toIntervals` makes it, `whole` is the place that they are looked for in.
 */
export function findBlocks(
  free: readonly Interval[],
  wish: { readonly length: number; readonly count: number; readonly strategy: Strategy },
  whole: Interval,
): Prefix[] {
  const { length, count, strategy } = wish;
  const found: Prefix[] = [];
  for (let gaps = free; found.length < count; ) {
    const block = FIND[strategy](gaps, length, whole);
    if (!block) break;
    found.push(block);
    gaps = remainingIntervals(gaps, [prefixInterval(block)]);
  }
  return found;
}

/** The largest block that is free, the first of several. */
export function largestBlock(free: readonly Interval[]): Prefix | undefined {
  return free
    .flatMap(intervalPrefixes)
    .reduce<Prefix | undefined>(
      (best, block) => (best === undefined || addressCount(block) > addressCount(best) ? block : best),
      undefined,
    );
}

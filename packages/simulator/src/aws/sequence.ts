/**
 * A list whose elements are computed when asked for. Positions stay where they are: one that holds nothing (a removed
 * resource, a second interface that an instance does not have) answers undefined and is passed over.
 */
export interface Sequence<T> {
  readonly length: number;
  at(index: number): T | undefined;
}

/** One sequence after the other. */
export function concat<T>(...parts: readonly Sequence<T>[]): Sequence<T> {
  return {
    length: parts.reduce((sum, part) => sum + part.length, 0),
    at: (index) => {
      let offset = index;
      for (const part of parts) {
        if (offset < part.length) return part.at(offset);
        offset -= part.length;
      }
      return undefined;
    },
  };
}

export function sequenceOf<T>(length: number, at: (index: number) => T | undefined): Sequence<T> {
  return { length, at };
}

export function fromArray<T>(items: readonly T[]): Sequence<T> {
  return { length: items.length, at: (index) => items[index] };
}

export function mapped<T, U>(sequence: Sequence<T>, convert: (item: T) => U | undefined): Sequence<U> {
  return {
    length: sequence.length,
    at: (index) => {
      const item = sequence.at(index);
      return item === undefined ? undefined : convert(item);
    },
  };
}

/** Everything that is there, in order. */
export function* items<T>(sequence: Sequence<T>): Generator<T> {
  for (let index = 0; index < sequence.length; index += 1) {
    const item = sequence.at(index);
    if (item !== undefined) yield item;
  }
}

/** How many are there: walks the whole sequence. */
export function countOf(sequence: Sequence<unknown>): number {
  let count = 0;
  for (const _ of items(sequence)) count += 1;
  return count;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** The position to continue at; undefined at the end. */
  readonly next: number | undefined;
}

/** The first `limit` elements from position `from` on. */
export function pageOf<T>(sequence: Sequence<T>, from: number, limit: number): Page<T> {
  const found: T[] = [];
  let index = from;
  for (; index < sequence.length && found.length < limit; index += 1) {
    const item = sequence.at(index);
    if (item !== undefined) found.push(item);
  }
  return { items: found, next: index < sequence.length ? index : undefined };
}

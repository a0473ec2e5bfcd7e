/** Thirty-two well-mixed bits of a text (FNV-1a with a final mix). */
export function hashText(text: string, start = 0): number {
  let hash = (0x811c9dc5 ^ start) >>> 0;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return mix(hash);
}

function mix(bits: number): number {
  let hash = bits ^ (bits >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** A stream of choices that follows from its seed alone. */
export interface Random {
  /** From 0 up to 1. */
  next(): number;
  /** A whole number from 0 up to `most`, without it. */
  below(most: number): number;
  chance(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
  /** One of the names, each as often as its weight says. */
  weighted<T extends string>(weights: Readonly<Record<T, number>>): T;
  /** Each of them with the probability. */
  some<T>(from: readonly T[], probability: number): T[];
}

/** xorshift128 over a seed that was mixed first; not for secrets. */
export function createRandom(seed: string): Random {
  let [a, b, c, d] = [0, 1, 2, 3].map((n) => hashText(seed, n) || 1) as [number, number, number, number];

  function bits(): number {
    const t = d ^ (d << 11);
    d = c;
    c = b;
    b = a;
    a = (a ^ (a >>> 19) ^ t ^ (t >>> 8)) >>> 0;
    return a;
  }

  const random: Random = {
    next: () => bits() / 2 ** 32,
    below: (most) => Math.floor(random.next() * most),
    chance: (probability) => random.next() < probability,
    pick: (from) => from[random.below(from.length)] as never,
    weighted(weights) {
      const entries = Object.entries(weights) as [never, number][];
      let left = random.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
      for (const [name, weight] of entries) {
        left -= weight;
        if (left < 0) return name;
      }
      return entries.at(-1)?.[0] as never;
    },
    some: (from, probability) => from.filter(() => random.chance(probability)),
  };
  return random;
}

import { addressBits, type Family } from "@cadastre/net/address";
import { type Interval, unionIntervals } from "@cadastre/net/interval";
import { addressCount, formatPrefix, prefixOf } from "@cadastre/net/prefix";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LAYERS, type Layers, within } from "./tree/layers.ts";
import type { Window } from "./tree/window.ts";
import { usableOf, utilizationOf } from "./utilization.ts";

const BASES = { 4: 0x0a000000n, 6: 0x20010db8n << 96n } as const;
const PROVIDERS = [undefined, "aws", "gcp", "azure"] as const;

/** Any prefix of at most 256 addresses, with sets of addresses in it, cut into windows anywhere. */
const aCase = fc
  .record({
    family: fc.constantFrom<Family>(4, 6),
    hostBits: fc.integer({ min: 0, max: 8 }),
    status: fc.constantFrom("container", "active", "reserved", "deprecated"),
    pool: fc.boolean(),
    provider: fc.constantFrom(...PROVIDERS),
    sets: fc.array(fc.array(fc.tuple(fc.nat(255), fc.nat(40)), { maxLength: 5 }), { minLength: 5, maxLength: 5 }),
    windows: fc.integer({ min: 0, max: 4 }),
  })
  .map(({ family, hostBits, sets, windows, ...said }) => {
    const at = prefixOf({ family, value: BASES[family] }, addressBits(family) - hostBits);
    const size = addressCount(at);
    const first = at.network;
    const toIntervals = (set: readonly (readonly [number, number])[]): Interval[] =>
      unionIntervals(
        set.map(([start, more]) => {
          const from = BigInt(start) % size;
          const to = from + BigInt(more) < size ? from + BigInt(more) : size - 1n;
          return { family, first: first + from, last: first + to };
        }),
      );
    const [planned = [], some = [], populated = [], utilized = [], observed = []] = sets.map(toIntervals);
    // What is reserved is planned.
    const layers: Layers = {
      planned: unionIntervals([...planned, ...some]),
      reserved: some,
      populated,
      utilized,
      observed,
    };
    const step = size >> BigInt(Math.min(windows, hostBits));
    const places = Array.from({ length: Number(size / step) }, (_, n) => ({
      family,
      first: first + BigInt(n) * step,
      last: first + BigInt(n + 1) * step - 1n,
    }));
    const cut = places.map((place): Window => ({ ...place, layers: within(layers, place), held: [] }));
    return { at, layers, windows: cut, ip: { ...said, prefix: formatPrefix(at) } };
  });

const has = (intervals: readonly Interval[], value: bigint): boolean =>
  intervals.some(({ first, last }) => first <= value && value <= last);

type Provider = "aws" | "gcp";

test("how much is used is what counting each address says, of any prefix with anything in it", () => {
  fc.assert(
    fc.property(aCase, ({ at, layers, windows, ip }) => {
      const counted = { ...ip, provider: ip.provider as Provider | undefined } as Parameters<typeof utilizationOf>[0];
      const usable = usableOf(counted);
      const all = Array.from({ length: Number(addressCount(at)) }, (_, n) => at.network + BigInt(n)).filter((value) =>
        has(usable, value),
      );
      const inLayer = (value: bigint) =>
        Object.fromEntries(LAYERS.map((name) => [name, has(layers[name], value)])) as Record<keyof Layers, boolean>;
      const stateOf = (value: bigint) => {
        const one = inLayer(value);
        if (one.utilized || one.observed || (one.planned && !one.reserved)) return "used";
        return one.reserved ? "reserved" : "free";
      };
      const states = all.map(stateOf);
      const count = (state: string) => states.filter((one) => one === state).length;
      const told = utilizationOf(counted, windows);
      expect(told).toMatchObject({
        usable: all.length,
        used: count("used"),
        reserved: count("reserved"),
        free: count("free"),
      });
      const percentage = Number(told.percentage);
      const share = all.length === 0 ? 0 : (100 * (count("used") + count("reserved"))) / all.length;
      expect(percentage).toBeLessThanOrEqual(100);
      expect(share - percentage).toBeGreaterThanOrEqual(-1e-9);
      expect(share - percentage).toBeLessThan(0.01);
    }),
    { numRuns: 1500 },
  );
});

describe("usable is", () => {
  test.each([
    ["10.0.0.0/24", {}, 254],
    ["10.0.0.0/24", { status: "container" }, 256],
    ["10.0.0.0/24", { pool: true }, 256],
    ["10.0.0.0/24", { provider: "aws" }, 251],
    ["10.0.0.0/24", { provider: "gcp" }, 252],
    ["10.0.0.0/30", {}, 2],
    ["10.0.0.0/31", {}, 2],
    ["10.0.0.0/32", {}, 1],
    ["10.0.0.0/28", { provider: "aws" }, 11],
    ["2001:db8::/126", {}, 3],
    ["2001:db8::/127", {}, 2],
    ["2001:db8::/128", {}, 1],
    ["2001:db8::/64", {}, String((1n << 64n) - 1n)],
    ["2001:db8::/64", { provider: "aws" }, String((1n << 64n) - 5n)],
  ] as const)("of %s, %j, %s addresses", (prefix, more, usable) => {
    const ip = { prefix, status: "active", pool: false, ...more } as Parameters<typeof utilizationOf>[0];
    expect(utilizationOf(ip, []).usable).toBe(usable);
  });
});

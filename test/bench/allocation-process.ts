import { join } from "node:path";
import { newAddresses, newPrefixes } from "@cadastre/contract/addresses/allocation";
import { newIp } from "@cadastre/contract/addresses/ip";
import { allocateAddresses, allocatePrefixes, previewAddresses } from "@cadastre/core/addresses/allocation/allocate";
import { createLanes } from "@cadastre/core/addresses/allocation/lanes";
import { aSpace } from "@cadastre/core/addresses/testing";
import { createIp } from "@cadastre/core/addresses/tree/create-ip";
import { WindowItem } from "@cadastre/core/addresses/tree/items";
import { NO_LAYERS } from "@cadastre/core/addresses/tree/layers";
import { listIps } from "@cadastre/core/addresses/tree/list";
import { partsOf, placeOf, toWindowItem } from "@cadastre/core/addresses/tree/window";
import {
  type Context,
  DEFAULT_HOLD_POLICY,
  DEFAULT_RETENTION_DAYS,
  FIRST_ORGANIZATION,
  systemActor,
} from "@cadastre/core/context";
import { prefixInterval, remainingIntervals } from "@cadastre/net/interval";
import { parsePrefix } from "@cadastre/net/prefix";
import { openSqliteTable } from "@cadastre/store/sqlite";
import { put } from "@cadastre/store/table";
import { loadPrefixes } from "../support/load-prefixes.ts";
import { serveCalls } from "./calls.ts";
import { beginGauge } from "./gauge.ts";

/* Allocations and look-ups over a store file, in a process of its own, as the API's process makes them. */

const ACTOR = systemActor("bench");
const now = () => new Date();
let context: Context | undefined;

function requireContext(): Context {
  if (!context) throw new Error("not started");
  return context;
}

async function timed(count: number, writers: number, work: (n: number) => Promise<unknown>) {
  const milliseconds: number[] = [];
  let next = 0;
  const writer = async () => {
    while (next < count) {
      const n = next++;
      const started = performance.now();
      await work(n);
      milliseconds.push(performance.now() - started);
    }
  };
  const gauge = beginGauge();
  await Promise.all(Array.from({ length: writers }, writer));
  return { milliseconds, ...gauge() };
}

const plan = (space: string, prefix: string) =>
  createIp(requireContext(), ACTOR, space, newIp.parse({ prefix, pool: true }));

/** Has all of a prefix but one address taken: as far as its windows say, by what is planned in it. */
async function fillButOne(space: string, text: string, free: string): Promise<void> {
  const place = parsePrefix(text);
  const hole = prefixInterval(parsePrefix(free));
  const windows = partsOf(place, placeOf(place)).map((part) => ({
    ...part,
    layers: { ...NO_LAYERS, planned: remainingIntervals([part], [hole]) },
    held: [],
  }));
  await requireContext().table.load(windows.map((window) => put(WindowItem, toWindowItem(space, place, window))));
}

const handlers = {
  start({ directory }: { directory: string }): void {
    context = {
      table: openSqliteTable({ path: join(directory, "allocation.db"), now }),
      organization: FIRST_ORGANIZATION,
      now,
      holdPolicy: DEFAULT_HOLD_POLICY,
      retentionDays: DEFAULT_RETENTION_DAYS,
      lanes: createLanes(),
    };
  },
  /** Allocates so often, by so many at once, from so many parents in turn. */
  async allocate(wish: { what: "prefixes" | "addresses"; writers: number; parents: number; count: number }) {
    const { what, writers, parents, count } = wish;
    const own = requireContext();
    const space = await aSpace(own);
    const ids: string[] = [];
    for (let n = 0; n < parents; n++) ids.push((await plan(space, `${10 + n}.0.0.0/8`)).id);
    const whereOf = (n: number) => ({ space, id: ids[n % parents] as string });
    const prefix = newPrefixes.parse({ prefixLength: 28 });
    const address = newAddresses.parse({});
    return timed(count, writers, (n) =>
      what === "prefixes"
        ? allocatePrefixes(own, ACTOR, whereOf(n), prefix)
        : allocateAddresses(own, ACTOR, whereOf(n), address),
    );
  },
  /** The next address of a prefix that is empty, or that has all but one taken: shown, and then given. */
  async next({ prefix, free, count }: { prefix: string; free?: string; count: number }) {
    const own = requireContext();
    const space = await aSpace(own);
    const { id } = await plan(space, prefix);
    if (free !== undefined) await fillButOne(space, prefix, free);
    const preview = await timed(count, 1, () => previewAddresses(own, { space, id }, { limit: 1 }));
    const { milliseconds } = await timed(1, 1, () =>
      allocateAddresses(own, ACTOR, { space, id }, newAddresses.parse({})),
    );
    return { preview: preview.milliseconds, given: milliseconds };
  },
  /** Look-ups of what contains an address, one after the other, in a space of so many prefixes. */
  async lookups({ prefixes, count }: { prefixes: number; count: number }) {
    const own = requireContext();
    const space = await aSpace(own);
    const children = Array.from(
      { length: prefixes },
      (_, n) => `${10 + (n >> 19)}.${(n >> 11) & 255}.${(n >> 3) & 255}.${(n & 7) * 32}/28`,
    );
    await loadPrefixes(own.table, { space, parent: "8.0.0.0/5", children });
    return timed(count, 1, async (n) => {
      const at = children[(n * 7_919_333) % prefixes] as string;
      const contains = `${at.slice(0, at.indexOf("/"))}/32`;
      const { items } = await listIps(own, space, { contains }, { limit: 100 });
      if (items[0]?.prefix !== at) throw new Error(`${at} was not found`);
    });
  },
};

export type AllocationHandlers = typeof handlers;

serveCalls(handlers);

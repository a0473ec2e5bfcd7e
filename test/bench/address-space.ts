import { join } from "node:path";
import { newSpace } from "@cadastre/contract/addresses/space";
import { mapIp } from "@cadastre/core/addresses/map/map";
import { IpSubject } from "@cadastre/core/addresses/search/subject";
import { listSpaces } from "@cadastre/core/addresses/spaces/list-spaces";
import { createSpace } from "@cadastre/core/addresses/spaces/spaces";
import { aSpace } from "@cadastre/core/addresses/testing";
import { loadTree } from "@cadastre/core/addresses/testing-tree";
import { listIps } from "@cadastre/core/addresses/tree/list";
import { aContext, anActorOf } from "@cadastre/core/audit/testing";
import type { Context } from "@cadastre/core/context";
import { searchByPrefix } from "@cadastre/core/subjects/by-prefix";
import { searchSubjects } from "@cadastre/core/subjects/search";
import type { Benchmark, Figure } from "./figure.ts";
import { quantile } from "./statistics.ts";

const ACTOR = anActorOf("service-account", "sva_1");

/** How long something takes, again and again, with what it reads the last time. */
async function timesOf(context: Context, name: string, count: number, work: (n: number) => Promise<unknown>) {
  const milliseconds: number[] = [];
  let units = 0;
  for (let n = 0; n < count; n++) {
    const started = performance.now();
    const measured = await context.table.meter.measure(() => work(n));
    milliseconds.push(performance.now() - started);
    units = measured.units.read;
  }
  return [
    { name: `${name}: p50`, value: quantile(milliseconds, 0.5), unit: "ms" },
    { name: `${name}: p95`, value: quantile(milliseconds, 0.95), unit: "ms" },
    { name: `${name}: read units`, value: units, unit: "units" },
  ] satisfies Figure[];
}

/** So many /28 in /20 in /8, from 10.0.0.0 on. */
function prefixesOf(count: number): string[] {
  const all: string[] = [];
  for (let n = 0; n < count; n++) {
    const at = `${10 + (n >> 20)}.${(n >> 12) & 255}.${(n >> 4) & 255}.${(n & 15) * 16}`;
    if (n % (1 << 20) === 0) all.push(`${at}/8`);
    if (n % 256 === 0) all.push(`${at}/20`);
    all.push(`${at}/28`);
  }
  return all;
}

async function ofTree(context: Context, size: number, repeats: number): Promise<Figure[]> {
  const space = await aSpace(context);
  const prefixes = prefixesOf(size);
  const [root = ""] = await loadTree(context, space, prefixes);
  const said = size.toLocaleString("en");
  const pick = (n: number) => prefixes[(n * 7919) % prefixes.length] ?? "";
  return [
    ...(await timesOf(context, `page of 50 with utilization among ${said} prefixes`, repeats, (n) =>
      listIps(
        context,
        space,
        { within: pick(n).replace(/(\d+\.\d+)\..*/, "$1.0.0/16") },
        { limit: 50, expand: { utilization: true } },
      ),
    )),
    ...(await timesOf(context, `search of what contains an address among ${said} prefixes`, repeats, (n) =>
      searchSubjects(context, [IpSubject], searchByPrefix({ around: pick(n).split("/")[0] ?? "" }), { limit: 50 }),
    )),
    ...(await timesOf(context, `map of a /8 with ${said} prefixes`, Math.max(3, repeats / 10), () =>
      mapIp(context, space, root),
    )),
  ];
}

async function ofSpaces(context: Context, count: number): Promise<Figure[]> {
  const started = performance.now();
  const make = (n: number) =>
    createSpace(context, ACTOR, newSpace.parse({ name: `space ${n}` }), { requireMayClaim: async () => undefined });
  for (let n = 0; n < count; n += 50) await Promise.all(Array.from({ length: 50 }, (_, at) => make(n + at)));
  const seconds = (performance.now() - started) / 1000;
  const said = count.toLocaleString("en");
  return [
    { name: `${said} spaces made`, value: count / seconds, unit: "1/s" },
    ...(await timesOf(context, `page of 50 of ${said} spaces`, 100, () => listSpaces(context, { limit: 50 }))),
  ];
}

export const addressSpace: Benchmark = {
  name: "address-space",
  about:
    "pages of prefixes with how much of each is used, what contains an address in any space, maps, and many spaces, by use cases over a SQLite file",
  async run({ isQuick, directory, say }) {
    const figures: Figure[] = [];
    for (const size of isQuick ? [20_000] : [100_000, 1_000_000]) {
      say(`${size.toLocaleString("en")} prefixes`);
      const context = aContext({ path: join(directory, `${size}.sqlite`) });
      figures.push(...(await ofTree(context, size, isQuick ? 50 : 300)));
      await context.table.close();
    }
    say("spaces");
    const context = aContext({ path: join(directory, "spaces.sqlite") });
    figures.push(...(await ofSpaces(context, isQuick ? 2000 : 100_000)));
    await context.table.close();
    return figures;
  },
};

import { addressAt, MACHINE_ADDRESSES, nameAt } from "./addresses.ts";
import { startProcess } from "./calls.ts";
import type { ClientHandlers } from "./client-process.ts";
import type { BenchContext, Benchmark, Figure } from "./figure.ts";
import { type StartedApi, startApi } from "./processes.ts";
import { quantile } from "./statistics.ts";

const WARM_UP = 50;

/** Numbers from 0 up to `most`, spread over all of it without a pattern that the index has. */
function spread(count: number, most: number): number[] {
  return Array.from({ length: count }, (_, n) => (n * 7_919_333 + 104_729) % most);
}

function searchesOf(addresses: number): Readonly<Record<string, (n: number) => string>> {
  return {
    "by address": (n) => `ip:${addressAt(n)}`,
    "by name": (n) => `name:${nameAt(n)}`,
    "of a /24": (n) => `kind:instance cidr:${addressAt(n - (n % 256))}/24`,
    "by tag and address block": (n) => `tag:env=prod cidr:${addressAt(n - (n % 256))}/26`,
    "by a word": (n) =>
      `i-${Math.floor((n % addresses) / MACHINE_ADDRESSES)
        .toString(16)
        .padStart(17, "0")}`,
  };
}

async function measureSearches(api: StartedApi, addresses: number, context: BenchContext): Promise<Figure[]> {
  const figures: Figure[] = [];
  const count = context.isQuick ? 200 : 1000;
  const client = startProcess<ClientHandlers>("./client-process.ts");
  try {
    for (const [name, toText] of Object.entries(searchesOf(addresses))) {
      context.say(`${addresses.toLocaleString("en")} addresses: ${name}`);
      const searches = spread(WARM_UP + count, addresses).map(toText);
      const { milliseconds, found } = await api.process.call("search", searches);
      if (found < searches.length) throw new Error(`${searches[0]} and others found ${found} resources in all`);
      const paths = searches.map((text) => `/api/v1/search?q=${encodeURIComponent(text)}`);
      const overHttp = await client.call("get", { url: api.url, token: api.token, paths });
      for (const [where, times] of [
        ["in process", milliseconds],
        ["over HTTP", overHttp],
      ] as const) {
        const warm = times.slice(WARM_UP);
        const figure = (what: string, value: number): Figure => ({
          name: `${addresses.toLocaleString("en")} addresses, ${name}, ${where}: ${what}`,
          value,
          unit: "ms",
        });
        figures.push(figure("p50", quantile(warm, 0.5)), figure("p95", quantile(warm, 0.95)));
      }
    }
    return figures;
  } finally {
    await client.stop();
  }
}

export const lookup: Benchmark = {
  name: "lookup",
  about:
    "searches one after the other in a SQLite file with so many indexed addresses: machines with 8 each, /24 subnets and /16 networks, loaded as resources and the index entries that core makes of them",
  async run(context) {
    const api = await startApi({ directory: context.directory, keys: [] });
    try {
      const figures: Figure[] = [];
      let loaded = 0;
      for (const addresses of context.isQuick ? [20_000] : [100_000, 1_000_000]) {
        // In parts, so that progress shows.
        const step = 100_000;
        while (loaded < addresses) {
          const to = Math.min(loaded + step, addresses);
          context.say(`loading addresses ${loaded.toLocaleString("en")} to ${to.toLocaleString("en")}`);
          await api.process.call("load", { from: loaded, to });
          loaded = to;
        }
        figures.push(...(await measureSearches(api, addresses, context)));
      }
      return figures;
    } finally {
      await api.process.stop();
    }
  },
};

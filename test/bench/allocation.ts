import type { AllocationHandlers } from "./allocation-process.ts";
import { startProcess } from "./calls.ts";
import type { ClientHandlers } from "./client-process.ts";
import type { BenchContext, Benchmark, Figure } from "./figure.ts";
import { startApi } from "./processes.ts";
import { quantile } from "./statistics.ts";

const API = "/api/v1/addressspaces";
const MANY = 16;

const timesOf = (name: string, milliseconds: readonly number[]): Figure[] => [
  { name: `${name}: p50`, value: quantile(milliseconds, 0.5), unit: "ms" },
  { name: `${name}: p95`, value: quantile(milliseconds, 0.95), unit: "ms" },
];

async function overUseCases({ isQuick, directory, say }: BenchContext): Promise<Figure[]> {
  const child = startProcess<AllocationHandlers>("./allocation-process.ts");
  const figures: Figure[] = [];
  try {
    await child.call("start", { directory });
    await child.call("allocate", { what: "prefixes", writers: 8, parents: 1, count: 200 });
    for (const what of ["prefixes", "addresses"] as const) {
      for (const [writers, parents] of [
        [1, 1],
        [64, 1],
        [64, MANY],
      ] as const) {
        const name = `${what}, ${writers} at a time, ${parents === 1 ? "one parent" : `${parents} parents`}`;
        say(name);
        const count = (writers === 1 ? 500 : 5000) / (isQuick ? 5 : 1);
        const { seconds, milliseconds, cpuSeconds } = await child.call("allocate", { what, writers, parents, count });
        figures.push({ name, value: count / seconds, unit: "1/s" }, ...timesOf(name, milliseconds), {
          name: `${name}: CPU for one`,
          value: (cpuSeconds / count) * 1000,
          unit: "ms",
        });
      }
    }
    for (const [name, prefix, free] of [
      ["an empty /8", "10.0.0.0/8", undefined],
      ["a /8 with one left", "10.0.0.0/8", "10.255.255.7/32"],
      ["an empty IPv6 /32", "2001:db8::/32", undefined],
      ["an IPv6 /32 with one left", "2001:db8::/32", "2001:db8:ffff:ffff::7/128"],
    ] as const) {
      say(`next address in ${name}`);
      const { preview, given } = await child.call("next", { prefix, count: 200, ...(free ? { free } : {}) });
      figures.push(
        ...timesOf(`next address in ${name}, shown`, preview),
        ...timesOf(`the same, given`, given).slice(1),
      );
    }
    for (const prefixes of isQuick ? [20_000] : [100_000, 1_000_000]) {
      say(`${prefixes.toLocaleString("en")} prefixes: look-ups`);
      const { milliseconds } = await child.call("lookups", { prefixes, count: isQuick ? 500 : 2000 });
      figures.push(
        ...timesOf(`look-up of an address in ${prefixes.toLocaleString("en")} prefixes`, milliseconds.slice(50)),
      );
    }
    return figures;
  } finally {
    await child.stop();
  }
}

async function overHttp({ isQuick, directory, say }: BenchContext): Promise<Figure[]> {
  const api = await startApi({ directory, keys: [] });
  const client = startProcess<ClientHandlers>("./client-process.ts");
  const { url, token } = api;
  try {
    const make = (path: string, body: object) => client.call("make", { url, token, path, body });
    const space = await make(API, { name: "bench" });
    const parent = await make(`${API}/${space}/ips`, { prefix: "10.0.0.0/8" });
    const figures: Figure[] = [];
    for (const [what, body] of [
      ["prefixes", { prefixLength: 28 }],
      ["addresses", { count: 1 }],
    ] as const) {
      for (const workers of [1, 64]) {
        const name = `${what}, ${workers} at a time, one parent, over HTTP`;
        say(name);
        const requests = (workers === 1 ? 300 : 3000) / (isQuick ? 5 : 1);
        const path = `${API}/${space}/ips/${parent}/available-${what}`;
        await api.process.call("begin", undefined as never);
        const { seconds } = await client.call("makeMany", { url, token, path, body, requests, workers });
        const { cpuSeconds } = await api.process.call("end", undefined as never);
        figures.push(
          { name, value: requests / seconds, unit: "1/s" },
          { name: `${name}: CPU of the API for one`, value: (cpuSeconds / requests) * 1000, unit: "ms" },
        );
      }
    }
    return figures;
  } finally {
    await client.stop();
    await api.process.stop();
  }
}

export const allocation: Benchmark = {
  name: "allocation",
  about:
    "allocations from one and from many parents, the next address of empty and of full prefixes, and look-ups of what contains an address, over a SQLite file; over HTTP the client shares the machine",
  async run(context) {
    return [...(await overUseCases(context)), ...(await overHttp(context))];
  },
};

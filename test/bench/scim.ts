import { join } from "node:path";
import { startProcess } from "./calls.ts";
import type { Benchmark, Figure } from "./figure.ts";
import type { ScimHandlers } from "./scim-process.ts";
import { quantile } from "./statistics.ts";

const WARM_UP = 20;

const QUERIES: Readonly<Record<string, (n: number, users: number) => Record<string, string>>> = {
  "userName eq": (n) => ({ filter: `userName eq "USER-${n}@example.com"` }),
  "externalId eq": (n) => ({ filter: `externalId eq "ext-${n}"` }),
  "emails[type eq and value eq]": (n) => ({ filter: `emails[type eq "work" and value eq "user-${n}@example.com"]` }),
  "userName eq and active eq": (n) => ({ filter: `userName eq "user-${n}@example.com" and active eq true` }),
  "a page of 100 by index": (n, users) => ({ startIndex: String((n % users) + 1), count: "100" }),
  "a page by cursor, title eq": () => ({ filter: 'title eq "Engineer"', cursor: "", count: "50" }),
};

/** Numbers from 0 up to `most`, spread over all of it. */
const spread = (count: number, most: number): number[] =>
  Array.from({ length: count }, (_, n) => (n * 7_919_333 + 104_729) % most);

export const scim: Benchmark = {
  name: "scim",
  about: "lists of a SCIM source with so many users in a SQLite file, one after the other, in process",
  async run({ isQuick, directory, say }) {
    const users = isQuick ? 10_000 : 100_000;
    const process = startProcess<ScimHandlers>("./scim-process.ts");
    try {
      say(`loading ${users.toLocaleString("en")} users`);
      await process.call("open", { path: join(directory, "table.db"), users });
      const figures: Figure[] = [];
      for (const [name, toQuery] of Object.entries(QUERIES)) {
        say(name);
        const queries = spread(WARM_UP + (isQuick ? 100 : 500), users).map((n) => toQuery(n, users));
        const { milliseconds, found } = await process.call("list", queries);
        if (found < queries.length) throw new Error(`${name} found ${found} in ${queries.length} lists`);
        const warm = milliseconds.slice(WARM_UP);
        for (const [what, part] of [
          ["p50", 0.5],
          ["p95", 0.95],
        ] as const) {
          figures.push({
            name: `${users.toLocaleString("en")} users, ${name}: ${what}`,
            value: quantile(warm, part),
            unit: "ms",
          });
        }
      }
      return figures;
    } finally {
      await process.stop();
    }
  },
};

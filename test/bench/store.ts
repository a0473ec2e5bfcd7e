import { startProcess } from "./calls.ts";
import type { Benchmark, Figure } from "./figure.ts";
import type { StoreHandlers } from "./store-process.ts";

const WIDTH = 6;

export const store: Benchmark = {
  name: "store",
  about: `the rows of a first ingest straight into a SQLite file, ${WIDTH} shards of 30 resources at a time: 16 rows a resource`,
  async run({ isQuick, directory, say }) {
    const figures: Figure[] = [];
    for (const resources of isQuick ? [2000] : [10_000, 50_000]) {
      const name = `${resources.toLocaleString("en")} resources`;
      say(name);
      const child = startProcess<StoreHandlers>("./store-process.ts");
      try {
        const spent = await child.call("ingest", { directory, resources, width: WIDTH });
        figures.push(
          { name: `${name}: time`, value: spent.seconds, unit: "s" },
          { name: `${name}: CPU`, value: spent.cpuSeconds, unit: "s" },
          { name: `${name}: written to the disk`, value: spent.writtenBytes / 1e6, unit: "MB" },
          { name: `${name}: file`, value: spent.fileBytes / 1e6, unit: "MB" },
        );
      } finally {
        await child.stop();
      }
    }
    return figures;
  },
};

import { startProcess } from "./calls.ts";
import type { BenchContext, Benchmark, Figure } from "./figure.ts";
import type { ImportHandlers } from "./import-process.ts";

async function measure({ isQuick, directory, say }: BenchContext): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const rows of isQuick ? [2_000, 10_000] : [10_000, 100_000]) {
    const child = startProcess<ImportHandlers>("./import-process.ts");
    try {
      const name = `${rows.toLocaleString("en")} rows`;
      say(name);
      const { imported, exported, units } = await child.call("importAndExport", { directory, rows });
      figures.push(
        { name: `import of ${name}`, value: imported.seconds, unit: "s" },
        { name: `import of ${name}: CPU`, value: imported.cpuSeconds, unit: "s" },
        { name: `import of ${name}: memory at most`, value: imported.peakBytes / 1e6, unit: "MB" },
        { name: `import of ${name}: read for one`, value: units.read / rows, unit: "units" },
        { name: `import of ${name}: written for one`, value: units.write / rows, unit: "units" },
        { name: `export of ${name} as CSV`, value: exported.seconds, unit: "s" },
      );
    } finally {
      await child.stop();
    }
  }
  return figures;
}

export const imports: Benchmark = {
  name: "imports",
  about:
    "a CSV file of subnets with all of their addresses, all or nothing: kept, read, judged and written by the job, over a SQLite file; and the space as a file again",
  run: measure,
};

import { cpus, totalmem } from "node:os";
import type { Figure } from "./figure.ts";

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly node: string;
  readonly platform: string;
}

export function machine(): Machine {
  const all = cpus();
  return {
    cpu: all[0]?.model.trim() ?? "unknown",
    cores: all.length,
    memoryBytes: totalmem(),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
  };
}

export function printMachine(of: Machine, isQuick: boolean): void {
  const memory = `${Math.round(of.memoryBytes / 2 ** 30)} GiB`;
  const size = isQuick ? "; quick sizes" : "";
  process.stdout.write(`${of.cpu}, ${of.cores} cores, ${memory}, ${of.platform}, node ${of.node}${size}\n`);
}

/** Three significant digits, and whole numbers whole. */
function format(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString("en");
  return Number.isInteger(value) ? String(value) : value.toPrecision(3);
}

export function printFigures(name: string, about: string, figures: readonly Figure[]): void {
  process.stdout.write(`\n${name}: ${about}\n`);
  const width = Math.max(...figures.map((figure) => figure.name.length));
  for (const figure of figures) {
    const unit = figure.unit === "count" ? "" : ` ${figure.unit}`;
    process.stdout.write(`  ${figure.name.padEnd(width)}  ${format(figure.value).padStart(9)}${unit}\n`);
  }
}

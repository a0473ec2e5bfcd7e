import { styleText } from "node:util";
import { neutralise } from "@cadastre/cli/output/text";
import type { OnProgress, ProgressEvent } from "@cadastre/collectors/session/progress";

const STATUS_STYLE = { complete: "green", partial: "yellow", failed: "red", skipped: "gray" } as const;

export interface Display {
  readonly onProgress: (collector: string) => OnProgress;
  /** Takes the live line away, so that what follows stands alone. */
  readonly end: () => void;
}

type Output = Pick<NodeJS.WriteStream, "write" | "isTTY" | "columns">;

interface Counts {
  started: number;
  finished: number;
  resources: number;
  uploaded: number;
  shards: number;
}

/** A line for each scope that was seen, and on a terminal one live line below with what goes on in each collector. */
export function createDisplay(output: Output): Display {
  const counts = new Map<string, Counts>();
  const live = output.isTTY === true;
  const clear = () => live && output.write("\r\u{1b}[K");
  const draw = () => {
    if (!live) return;
    const parts = [...counts].map(([name, of]) => {
      const sent = of.shards > 0 ? `, ${of.uploaded}/${of.shards} shards sent` : "";
      return `${name} ${of.finished}/${of.started} scopes, ${of.resources} resources${sent}`;
    });
    output.write(`\r\u{1b}[K${parts.join("  ·  ").slice(0, (output.columns ?? 80) - 1)}`);
  };

  function show(collector: string, event: ProgressEvent): void {
    const of = counts.get(collector) ?? { started: 0, finished: 0, resources: 0, uploaded: 0, shards: 0 };
    counts.set(collector, of);
    if (event.type === "run-started")
      counts.set(collector, { started: 0, finished: 0, resources: 0, uploaded: 0, shards: 0 });
    if (event.type === "scope-started") of.started++;
    if (event.type === "run-opened") of.shards = event.shards;
    if (event.type === "uploading") of.uploaded = event.uploaded;
    if (event.type === "scope-finished") {
      of.finished++;
      of.resources += event.resources;
      const { provider, account, region, kind } = event.scope;
      const status = live ? styleText(STATUS_STYLE[event.status], event.status.padEnd(8)) : event.status.padEnd(8);
      clear();
      output.write(`${status}  ${neutralise(`${provider}/${account}/${region}/${kind}`)}  ${event.resources}\n`);
    }
    draw();
  }

  return { onProgress: (collector) => (event) => show(collector, event), end: () => void clear() };
}

import type { Cost } from "@cadastre/client/cost";
import { toCount } from "./text.ts";

/** Units come in halves; sums of them stay exact. */
const units = (count: number) => (Number.isInteger(count) ? toCount(count) : String(count));

/** What all calls of one command cost, for people or, on a line of its own, as JSON: stdout stays what it is without it. */
export function createSpending() {
  let calls = 0;
  let reads = 0;
  let writes = 0;
  let milliseconds = 0;
  return {
    add(this: void, cost: Cost): void {
      calls += 1;
      reads += cost.reads;
      writes += cost.writes;
      milliseconds += cost.milliseconds;
    },
    render({ json }: { json: boolean }): string {
      const rounded = Math.round(milliseconds * 10) / 10;
      if (json) return `${JSON.stringify({ cost: { calls, reads, writes, milliseconds: rounded } })}\n`;
      if (calls === 0) return "cost: nothing was told; a token that is limited to accounts is not\n";
      const called = calls === 1 ? "1 call" : `${toCount(calls)} calls`;
      return `cost: ${called}, ${units(reads)} read units, ${units(writes)} write units, ${rounded} ms at the API\n`;
    },
  };
}

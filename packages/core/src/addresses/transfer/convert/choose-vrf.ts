import { FileProblem } from "../file-problem.ts";
import type { Cells, Format } from "./format.ts";

/** How programs write that something is in no VRF. */
const NONE = /^(|0|global|default|—|-|none|null)$/i;
const MOST_NAMED = 100;
const GLOBAL = "global";

/**
 * Tells whether a row is in the VRF that is imported, since a space is one VRF: the one that was chosen, by its name or as the
 * file writes it (`global` for none); else all have to be in one.
 */
export function createVrfChoice({ vrf: columns = [], read }: Format, chosen: string | undefined) {
  const seen = new Set<string>();
  const isChosen = (vrf: string) => vrf === chosen || vrf.replace(/ \([^()]*\)$/, "") === chosen;
  return {
    includes(cells: Cells): boolean {
      if (columns.length === 0) return true;
      const text = columns.map((column) => cells(column).trim()).find((one) => one !== "") ?? "";
      const vrf = NONE.test(text) ? GLOBAL : (read?.vrf?.(text, cells) ?? text);
      if (seen.size < MOST_NAMED) seen.add(vrf);
      return chosen === undefined || isChosen(vrf);
    },
    /** Throws FileProblem (`vrf`) when there were rows of several and none was chosen, or none of the one that was. */
    finish(): void {
      const choices = [...seen].sort();
      if (chosen === undefined ? choices.length <= 1 : choices.length === 0 || choices.some(isChosen)) return;
      const wish =
        chosen === undefined ? "the file has several VRFs, and a space is one" : `the file has no VRF ${chosen}`;
      throw new FileProblem("vrf", `${wish}; choose one of ${choices.join(", ")}`, { choices });
    },
  };
}

import { renderDetails } from "./details.ts";
import type { Screen } from "./screen.ts";
import { toJson } from "./text.ts";

/** Prints one thing: its members, or with `json` the document. */
export function printOne(stdout: Screen, options: { readonly json?: boolean }, value: object): Promise<void> {
  return stdout.write(options.json ? `${toJson(value)}\n` : renderDetails(value, stdout));
}

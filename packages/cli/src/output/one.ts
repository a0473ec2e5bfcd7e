import { renderDetails } from "./details.ts";
import { toCsvLine, toYaml } from "./encode.ts";
import { type FormatOptions, formatOf } from "./format.ts";
import type { Screen } from "./screen.ts";
import { neutralise, toJson } from "./text.ts";

interface Named {
  readonly id?: unknown;
  readonly name?: unknown;
  readonly provider?: unknown;
  readonly account?: unknown;
}

/** What commands take for a thing. */
function naming({ id, name, provider, account }: Named): string {
  if (typeof id === "string") return id;
  if (typeof provider === "string" && typeof account === "string") return `${provider} ${account}`;
  return typeof name === "string" ? name : "";
}

function cellOf(value: unknown): string | number | undefined {
  return value === undefined || typeof value === "string" || typeof value === "number" ? value : JSON.stringify(value);
}

function render(value: object, options: FormatOptions, screen: Screen): string {
  const format = formatOf(options);
  if (format === "json") return `${toJson(value)}\n`;
  if (format === "yaml") return toYaml(value);
  if (format === "name") return `${neutralise(naming(value))}\n`;
  if (format === "csv") return toCsvLine(Object.keys(value)) + toCsvLine(Object.values(value).map(cellOf));
  return renderDetails(value, screen);
}

/** Prints one thing: its members, or the document in the format that is asked for. */
export function printOne(stdout: Screen, options: FormatOptions, value: object): Promise<void> {
  return stdout.write(render(value, options, stdout));
}

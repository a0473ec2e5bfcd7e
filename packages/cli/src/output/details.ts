import type { Screen } from "./screen.ts";
import { neutralise } from "./text.ts";

const INDENT = "  ";

const isScalar = (value: unknown) => value === null || typeof value !== "object";
const isEmpty = (value: unknown) =>
  value === undefined ||
  value === "" ||
  (typeof value === "object" && value !== null && Object.keys(value).length === 0);

function lines(screen: Screen, value: object, depth: number): string[] {
  const pad = INDENT.repeat(depth);
  return Object.entries(value).flatMap(([name, member]) => {
    if (isEmpty(member)) return [];
    const label = Array.isArray(value) ? "-" : screen.style("bold", `${neutralise(name)}:`);
    if (isScalar(member)) return [`${pad}${label} ${neutralise(String(member))}`];
    if (Array.isArray(member) && member.every(isScalar)) {
      return [`${pad}${label} ${member.map((one) => neutralise(String(one))).join(", ")}`];
    }
    return [`${pad}${label}`, ...lines(screen, member as object, depth + 1)];
  });
}

/** One thing with all its members, nested ones indented; what is absent or empty is left out. */
export function renderDetails(value: object, screen: Screen): string {
  return lines(screen, value, 0)
    .map((line) => `${line}\n`)
    .join("");
}

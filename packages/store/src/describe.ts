import type { AnyEntity } from "./entity.ts";

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll(/\s+/g, " ").trim();
}

/** A markdown table of the entities, by type: what each is read for, and the field at which it ends. */
export function describeEntities(entities: readonly AnyEntity[]): string {
  const sorted = entities.toSorted((a, b) => (a.type < b.type ? -1 : 1));
  const rows = sorted.map(({ type, about, expires }) => {
    return `| \`${cell(type)}\` | ${cell(about)} | ${expires === undefined ? "–" : `\`${expires}\``} |`;
  });
  return ["| type | about | ends at |", "|---|---|---|", ...rows, ""].join("\n");
}

import type { AttributePath, Filter } from "./filter.ts";

export function printPath({ schema, name, sub }: AttributePath): string {
  return `${schema === undefined ? "" : `${schema}:`}${name}${sub === undefined ? "" : `.${sub}`}`;
}

/** A filter as text, which is read as the same filter again. */
export function printFilter(filter: Filter): string {
  switch (filter.kind) {
    case "and":
    case "or":
      return filter.filters.map(printPart).join(` ${filter.kind} `);
    case "not":
      return `not (${printFilter(filter.filter)})`;
    case "present":
      return `${printPath(filter.path)} pr`;
    case "compare":
      return `${printPath(filter.path)} ${filter.operator} ${JSON.stringify(filter.value)}`;
    case "some":
      return `${printPath(filter.path)}[${printFilter(filter.filter)}]`;
  }
}

/** In parentheses where several are joined: a group is read as one. */
function printPart(filter: Filter): string {
  return filter.kind === "and" || filter.kind === "or" ? `(${printFilter(filter)})` : printFilter(filter);
}

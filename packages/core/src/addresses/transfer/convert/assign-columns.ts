import { FileProblem } from "../file-problem.ts";
import { DERIVED } from "../formats/own.ts";
import { columnKey, type Format } from "./format.ts";

/** What a column is for: a member, or a tag of its own. */
interface Target {
  readonly member: string;
  readonly tag?: string | undefined;
  /** Of several columns that say the same, the lowest is heard. */
  readonly rank: number;
}

/** A cell that somebody wants, and what its column is called in the file. */
export interface Cell {
  readonly column: string;
  readonly text: string;
}

export interface AssignedCells {
  /** Member → its cell. */
  readonly members: ReadonlyMap<string, Cell>;
  /** Tag → its cell. */
  readonly tags: ReadonlyMap<string, Cell>;
}

/** As people choose what a column is for: `ignore`, a member, or `tag:NAME`. */
export type ColumnChoices = Readonly<Record<string, string>>;

const TAG = /^tags?[:.]\s*(.+)$/i;
const MOST_IGNORED = 100;

/**
 * Says for each cell of a row what it is for: as it was chosen, else as the form has it. Throws FileProblem (`mapping`) when a
 * choice names a member that there is not.
 */
export function createAssigner(format: Format, choices: ColumnChoices) {
  const chosen = new Map(Object.entries(choices).map(([column, name]) => [columnKey(column), toTarget(format, name)]));
  const known = new Map<string, Target | undefined>();
  const ignored = new Set<string>();

  const targetOf = (column: string): Target | undefined => {
    if (known.has(column)) return known.get(column);
    const key = columnKey(column);
    const target = chosen.has(key) ? chosen.get(key) : guess(format, column, key);
    known.set(column, target);
    if (target === undefined && !DERIVED.includes(key) && ignored.size < MOST_IGNORED) ignored.add(column);
    return target;
  };

  return {
    /** The columns that are for nothing, in the order in which they were met, at most 100. */
    ignored,
    assign(values: ReadonlyMap<string, string>): AssignedCells {
      const members = new Map<string, Cell & { rank: number }>();
      const tags = new Map<string, Cell>();
      for (const [column, text] of values) {
        const target = targetOf(column);
        if (target === undefined) continue;
        if (target.tag !== undefined) tags.set(target.tag, { column, text });
        else if ((members.get(target.member)?.rank ?? Number.POSITIVE_INFINITY) > target.rank) {
          members.set(target.member, { column, text, rank: target.rank });
        }
      }
      return { members, tags };
    },
  };
}

function toTarget(format: Format, name: string): Target | undefined {
  if (name === "ignore") return undefined;
  const tag = format.kind === "prefix" ? TAG.exec(name)?.[1] : undefined;
  if (tag !== undefined) return { member: "tags", tag: tag.trim(), rank: -1 };
  const member = MEMBERS[format.kind].find((one) => one.toLowerCase() === name.toLowerCase());
  if (member !== undefined) return { member, rank: -1 };
  const choices = [...MEMBERS[format.kind], ...(format.kind === "prefix" ? ["tag:NAME"] : []), "ignore"];
  const message = `${JSON.stringify(name)} is nothing that a column can be for; there are ${choices.join(", ")}`;
  throw new FileProblem("mapping", message, { choices });
}

function guess(format: Format, column: string, key: string): Target | undefined {
  const tag = format.kind === "prefix" && format.name.startsWith("cadastre") ? TAG.exec(column)?.[1] : undefined;
  if (tag !== undefined) return { member: "tags", tag: tag.trim(), rank: 0 };
  for (const [member, columns] of Object.entries(format.columns)) {
    const rank = columns.indexOf(key);
    if (rank >= 0) return { member, rank };
  }
  return undefined;
}

/** What a row of each kind may say. */
const MEMBERS = {
  prefix: [
    "prefix",
    "name",
    "description",
    "status",
    "pool",
    "tags",
    "vlan",
    "account",
    "project",
    "owner",
    "externalId",
    "externalNetwork",
    "region",
    "reserveUntil",
    "attributes",
  ],
  range: ["start", "end", "populated", "utilized", "name", "description"],
  vlan: ["vid", "name", "group", "description"],
  vrf: ["name", "rd", "description"],
} as const;

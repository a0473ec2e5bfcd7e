import { newIp } from "@cadastre/contract/addresses/ip";
import { ProblemError } from "@cadastre/contract/errors";
import { checkTags } from "../tags/check-tags.ts";
import type { TagDefinitions } from "../tags/definitions.ts";
import { resolveTags, type Tagged } from "../tags/resolve-tags.ts";
import type { PrefixRow } from "../transfer/convert/records.ts";
import { type RowProblem, rowProblem } from "../transfer/row.ts";
import type { IpItem } from "../tree/items.ts";
import { type SaidOfIp, toStoredIp } from "../tree/said.ts";

/** Members that a row says as a text, of which an empty one takes an optional member away. */
const TEXTS = ["name", "description", "owner"] as const;
const OPTIONAL = ["vlan", "account", "project", "externalId", "externalNetwork", "region", "reserveUntil"] as const;

/** The own tags of a prefix once a row was heard. */
export function tagsAfter(row: PrefixRow, stored: Pick<IpItem, "tags"> | undefined): Record<string, string> {
  const tags = new Map(Object.entries(row.tags ?? stored?.tags ?? {}));
  for (const [name, value] of Object.entries(row.tagChanges ?? {})) {
    if (value === "") tags.delete(name);
    else tags.set(name, value);
  }
  return Object.fromEntries(tags);
}

/** All that is said of a prefix once a row was heard: what the row does not speak of stays as it is. */
function merged(row: PrefixRow, stored: IpItem | undefined): Record<string, unknown> {
  const said: Record<string, unknown> = { prefix: row.prefix, tags: tagsAfter(row, stored) };
  for (const name of TEXTS) said[name] = row[name] ?? stored?.[name];
  for (const name of OPTIONAL) said[name] = (row[name] ?? stored?.[name]) || undefined;
  said.status = row.status ?? stored?.status;
  said.pool = row.pool ?? stored?.pool;
  said.attributes = row.attributes ?? stored?.attributes;
  // Who says that it is in use says that it is reserved no more.
  if (row.status !== undefined && row.status !== "reserved" && !row.reserveUntil) said.reserveUntil = undefined;
  return said;
}

const textOf = (value: unknown): string =>
  typeof value === "string" ? value : value === undefined ? "" : JSON.stringify(value);

export type SaidByRow =
  | { readonly said: SaidOfIp; readonly problems: readonly [] }
  | { readonly said: undefined; readonly problems: readonly RowProblem[] };

/** What is said of a prefix once a row was heard, or all that is wrong with it, but for its tags. */
export function saidByRow(row: PrefixRow, stored: IpItem | undefined, now: Date): SaidByRow {
  const refused = (problems: readonly RowProblem[]): SaidByRow => ({ said: undefined, problems });
  const own = merged(row, stored);
  if (row.vlan && !row.vlan.startsWith("vln_") && stored?.vlan !== row.vlan)
    return refused([
      rowProblem(row.row, "vlan", row.vlan, "is no VLAN of this address space, by its id such as vln_01J…"),
    ]);
  const parsed = newIp.safeParse(own);
  if (!parsed.success) {
    return refused(
      parsed.error.issues.map(({ path: [member = "prefix"], message }) =>
        rowProblem(row.row, String(member), textOf(own[String(member)]), message),
      ),
    );
  }
  const { parentId: _, ...said } = parsed.data;
  try {
    toStoredIp(said, now);
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return refused([rowProblem(row.row, "reserveUntil", said.reserveUntil ?? "", "this time is over")]);
  }
  return { said, problems: [] };
}

/** What is wrong with the tags of a prefix where it is. `containing` is what contains it, nearest first. */
export function tagProblems(
  row: number,
  definitions: TagDefinitions,
  self: Tagged,
  containing: readonly Tagged[],
): RowProblem[] {
  const own = checkTags(definitions, self.tags);
  const errors = own.length > 0 ? own : resolveTags(definitions, [self, ...containing]).errors;
  return errors.map(({ path, message }) => {
    const name = path.slice("tags.".length);
    return rowProblem(row, "tags", Object.hasOwn(self.tags, name) ? `${name}=${self.tags[name]}` : name, message);
  });
}

import { importSettings } from "@cadastre/contract/addresses/import";
import { newTag } from "@cadastre/contract/addresses/tag";
import { put } from "@cadastre/store/table";
import { anActorOf } from "../../audit/testing.ts";
import type { Context } from "../../context.ts";
import { AddressTagItem } from "../tags/items.ts";
import { IpItem, spacePartition } from "../tree/items.ts";
import { queryAll } from "../tree/query-all.ts";
import { listProblems } from "./imports.ts";
import { createImport } from "./start.ts";

export const ACTOR = anActorOf("service-account", "sva_1");

/** For tests: the import of a file, which is done when this answers. */
export const importFile = (context: Context, space: string, file: string | Uint8Array, more: object = {}) =>
  createImport(
    context,
    ACTOR,
    space,
    { ...importSettings.parse(more), parts: 1 },
    { file: { bytes: Buffer.from(file), isGzip: false }, clock: context.now },
  );

/** For tests: what is wrong with the rows of an import, as texts. */
export async function problemsOf(context: Context, space: string, id: string): Promise<string[]> {
  const { items } = await listProblems(context, space, id, { limit: 200 });
  return items.map(({ row, column, value, reason }) => `${row} ${column} ${value}: ${reason}`);
}

/** For tests: prefixes of a space as they are planned, in the order of addresses. */
export const plannedIn = ({ table }: Context, space: string) =>
  queryAll(table, IpItem, { partition: spacePartition(space), sort: { beginsWith: "ip#" } });

/** For tests: a tag of a space. */
export async function aTag({ table, now }: Context, space: string, name: string, more: object = {}): Promise<void> {
  const at = now().toISOString();
  const tag = newTag.parse({ name, type: "Inheritable", ...more });
  await table.load([put(AddressTagItem, { ...tag, space, createdOn: at, modifiedOn: at })]);
}

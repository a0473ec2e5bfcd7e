import { parsePrefix } from "@cadastre/net/prefix";
import { COMMIT_LIMIT, check, type Stored, type Write } from "@cadastre/store/table";
import { changesBetween } from "../../changes.ts";
import { actorName, type Context } from "../../context.ts";
import { laterOf } from "../../feed/record-change.ts";
import { enterSpace } from "../spaces/gate.ts";
import { rowProblem } from "../transfer/row.ts";
import { deletionWrites, replacementWrites } from "../tree/change.ts";
import { createEdit } from "../tree/edit.ts";
import { IpItem, IpPastItem } from "../tree/items.ts";
import { locate } from "../tree/locate.ts";
import { settle } from "../tree/pending.ts";
import { removePlaced, restatePlaced } from "../tree/place.ts";
import { ImportRowItem, rowsPartition } from "./items.ts";
import type { Placing } from "./place-rows.ts";
import { keepProblems } from "./problems.ts";

const PAGE_ROWS = 100;

/** What a prefix was before the import changed it; undefined when the import made it, "another" when others changed it since. */
async function before({ table }: Context, stored: Stored<IpItem>): Promise<IpItem | undefined | "another"> {
  if (stored.revision === 1) return undefined;
  const { space, prefix, modifiedOn: until } = stored;
  const past = await table.get(
    IpPastItem,
    { space, prefix, until, was: { revision: stored.revision - 1 } },
    { consistent: true },
  );
  return past === undefined || past.was.import === stored.import ? "another" : past.was;
}

/** Takes one prefix back to what it was. Answers whether others have changed it since: then it stays. */
async function undoOne(context: Context, of: Placing, stored: Stored<IpItem>): Promise<boolean> {
  const { table } = context;
  const { space, prefix } = stored;
  const was = await before(context, stored);
  if (was === "another") return true;
  const { gate } = await enterSpace(context, space);
  await settle(context, space);
  const at = parsePrefix(prefix);
  const edit = createEdit(table, space);
  const { containing, parent } = await locate(context, edit, space, at);
  const by = actorName(of.actor);
  const modifiedOn = laterOf(context.now().toISOString(), stored.modifiedOn);
  const own: Write[] = [];
  if (was === undefined) {
    await removePlaced(edit, parent, prefix);
    own.push(...deletionWrites(context, stored, modifiedOn, { actor: by, changes: [] }));
  } else {
    const next: IpItem = { ...was, modifiedOn, revision: stored.revision + 1 };
    if (next.status !== stored.status || next.reserveUntil !== stored.reserveUntil)
      await restatePlaced(edit, parent, next);
    const { version: _, import: __, ...after } = stored;
    const { import: ___, ...wanted } = next;
    const changes = changesBetween({ ...after, modifiedOn, revision: next.revision }, wanted);
    own.push(...replacementWrites(context, stored, next, { actor: by, changes }));
  }
  const [nearest] = containing;
  const present = nearest && edit.makesWindowsOf(parent) ? [check(IpItem, nearest, "present")] : [];
  const writes = [of.guard, gate, ...own, ...edit.writes(own.length + present.length + 2), ...present];
  if (writes.length > COMMIT_LIMIT) return true;
  await table.commit(writes);
  return false;
}

/**
 * Takes back what an import wrote, what is inside others before them: one commit for each prefix. What others have changed since stays, and is
 * named. A repeat finds nothing more to do. Throws ConflictError as `placePage` does.
 */
export async function undoPage(
  context: Context,
  of: Placing,
  before: string | undefined,
): Promise<{ readonly next: string | undefined; readonly left: number; readonly rows: number }> {
  const { table } = context;
  const { item } = of;
  const { items, cursor } = await table.query(ImportRowItem, {
    partition: rowsPartition(item.id),
    sort: before === undefined ? {} : { before },
    reverse: true,
    limit: PAGE_ROWS,
    consistent: true,
  });
  const { space } = item;
  const found = await table.getMany(
    IpItem,
    [...new Set(items.map(({ prefix }) => prefix))].map((prefix) => ({ space, prefix })),
    { consistent: true },
  );
  const left: { readonly row: number; readonly prefix: string }[] = [];
  for (const stored of found) {
    if (stored?.import !== item.id || !(await undoOne(context, of, stored))) continue;
    left.push({ row: items.find(({ prefix }) => prefix === stored.prefix)?.row ?? 0, prefix: stored.prefix });
  }
  const reason = "was made or changed by this import and changed by others since: it stays as it is";
  const problems = left.map(({ row, prefix }) => rowProblem(row, "prefix", prefix, reason));
  await keepProblems(context, item, problems, "undo");
  const last = items.at(-1);
  const isLast = cursor === undefined || last === undefined;
  return { next: isLast ? undefined : ImportRowItem.keyOf(last).sk, left: left.length, rows: items.length };
}

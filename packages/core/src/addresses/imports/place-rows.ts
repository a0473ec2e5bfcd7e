import { newId } from "@cadastre/contract/ids";
import { parsePrefix } from "@cadastre/net/prefix";
import { COMMIT_LIMIT, check, type Stored, type Write } from "@cadastre/store/table";
import { changesBetween } from "../../changes.ts";
import { type Actor, actorName, type Context } from "../../context.ts";
import { enterSpace } from "../spaces/gate.ts";
import { rowProblem } from "../transfer/row.ts";
import { readLengths } from "../tree/chain.ts";
import { creationWrites, lengthWrites, replacementWrites } from "../tree/change.ts";
import { createEdit } from "../tree/edit.ts";
import { IpItem } from "../tree/items.ts";
import { parentOf } from "../tree/locate.ts";
import { requireNearest } from "../tree/nearest.ts";
import { settle } from "../tree/pending.ts";
import { insertPlaced, restatePlaced } from "../tree/place.ts";
import { replaced } from "../tree/replace-ip.ts";
import { type SaidOfIp, toStoredIp } from "../tree/said.ts";
import { type Parent, parentName } from "../tree/window.ts";
import type { AddressImportItem } from "./items.ts";
import { type Judged, judgeRow, type Tally, tallied } from "./judge.ts";
import { meet } from "./meet.ts";
import { keepProblems } from "./problems.ts";
import { type Place, type Placed, readPage } from "./row-pages.ts";

/** For whom an import works, and what each of its commits rests on beside the space. */
export interface Placing {
  readonly item: AddressImportItem;
  readonly actor: Actor;
  /** Of the job's runner. */
  readonly guard: Write;
}

/** What is to be made or changed, and what contains it. */
interface Act {
  readonly placed: Placed;
  readonly judged: Judged;
  readonly next: IpItem;
  readonly stored: Stored<IpItem> | undefined;
  readonly containing: readonly Stored<IpItem>[];
  readonly writes: readonly Write[];
}

/** Of the 100 writes of a commit, those of prefixes themselves: what they change around them takes the rest. */
const OWN_WRITES = 72;
const PAGE_ROWS = 200;

/** The prefix that a row makes. */
function made(context: Context, { item, actor }: Placing, said: SaidOfIp): IpItem {
  const now = context.now();
  const time = now.toISOString();
  return {
    ...toStoredIp(said, now),
    id: newId("ip", now),
    space: item.space,
    source: "imported",
    createdOn: time,
    createdBy: actorName(actor),
    modifiedOn: time,
    revision: 1,
    import: item.id,
  };
}

function toAct(context: Context, of: Placing, placed: Placed, judged: Judged, containing: Act["containing"]): Act {
  const by = actorName(of.actor);
  const { stored } = judged;
  const said = judged.said as SaidOfIp;
  if (!stored) {
    const next = made(context, of, said);
    return { placed, judged, next, stored, containing, writes: creationWrites(context, next, by) };
  }
  const next: IpItem = { ...replaced(stored, said, context.now()), import: of.item.id };
  const { version: _, import: __, ...before } = stored;
  const { import: ___, ...after } = next;
  const changes = changesBetween({ ...before, modifiedOn: next.modifiedOn, revision: next.revision }, after);
  const writes = replacementWrites(context, stored, next, { actor: by, changes });
  return { placed, judged, next, stored, containing, writes };
}

/** Commits some of what is to be done, in the order of addresses. Throws ConflictError; answers "too many" when it does not fit one commit. */
async function commitActs(
  context: Context,
  of: Placing,
  gate: Write,
  acts: readonly Act[],
): Promise<"too many" | "done"> {
  const { table } = context;
  const { space } = of.item;
  const edit = createEdit(table, space);
  const created = new Set(acts.flatMap(({ next, stored }) => (stored ? [] : [next.prefix])));
  // Of those that the commit writes, it says itself that they are there.
  const written = new Set(acts.map(({ next }) => next.prefix));
  const parents = new Map<string, { readonly parent: Parent; readonly stored: Stored<IpItem> }>();
  for (const { next, stored, containing } of acts) {
    const at = parsePrefix(next.prefix);
    const parent = parentOf(containing, at);
    const above = containing.find(({ prefix }) => !created.has(prefix));
    const [nearest] = containing;
    if (nearest && !written.has(nearest.prefix)) parents.set(parentName(parent), { parent, stored: nearest });
    const isMoved = !stored || next.status !== stored.status || next.reserveUntil !== stored.reserveUntil;
    if (isMoved) await requireNearest({ edit, table, space, parent }, at, above);
    if (!stored) await insertPlaced(edit, table, space, parent, next);
    else if (isMoved) await restatePlaced(edit, parent, next);
  }
  const lengths = await Promise.all(
    ([4, 6] as const).map(async (family) => {
      const prefixes = acts.map(({ next }) => next.prefix).filter((prefix) => parsePrefix(prefix).family === family);
      return prefixes.length === 0 ? [] : lengthWrites(space, prefixes, await readLengths(table, space, family));
    }),
  );
  const present = [...parents.values()].filter(({ parent }) => edit.makesWindowsOf(parent));
  const own = [
    of.guard,
    gate,
    ...acts.flatMap((act) => act.writes),
    ...lengths.flat(),
    ...present.map(({ stored }) => check(IpItem, stored, "present")),
  ];
  const writes = [...own, ...edit.writes(own.length)];
  if (writes.length > COMMIT_LIMIT) return "too many";
  await table.commit(writes);
  return "done";
}

/** Acts by commits: as many as fit one by what they write themselves. */
function inCommits(acts: readonly Act[]): Act[][] {
  const groups: Act[][] = [];
  let size = 0;
  for (const act of acts) {
    const last = groups.at(-1);
    if (last && size + act.writes.length <= OWN_WRITES) last.push(act);
    else {
      groups.push([act]);
      size = 0;
    }
    size += act.writes.length;
  }
  return groups;
}

/** Commits a group, in halves where that is too much. Answers those that are too much alone. */
async function commitGroup(context: Context, of: Placing, gate: Write, acts: readonly Act[]): Promise<readonly Act[]> {
  if ((await commitActs(context, of, gate, acts)) === "done") return [];
  if (acts.length === 1) return acts;
  const half = Math.ceil(acts.length / 2);
  const first = await commitGroup(context, of, gate, acts.slice(0, half));
  return [...first, ...(await commitGroup(context, of, gate, acts.slice(half)))];
}

const tooMuch = ({ placed: { row }, judged }: Act): Judged => ({
  ...judged,
  decision: {
    act: "refuse",
    problems: [
      rowProblem(
        row.row,
        "prefix",
        row.prefix,
        "has too much inside it that is planned already, more than one step can move into it",
      ),
    ],
  },
});

export interface PlaceState extends Place {
  readonly tally: Tally;
}

/**
 * Makes and changes what a page of rows says. A row that a step before has carried out already is counted as done: the prefix has the import's
 * id. Answers where to go on; `isRefused` where a row cannot be taken and all or nothing is wanted, with what it was. Throws ConflictError when
 * others have changed what is there, or the runner has lost its lease.
 */
export async function placePage(
  context: Context,
  of: Placing,
  state: PlaceState,
): Promise<{
  readonly state: PlaceState;
  readonly isLast: boolean;
  readonly isRefused: boolean;
  readonly rows: number;
}> {
  const { item } = of;
  const { settings } = item;
  const isAll = settings.mode === "all-or-nothing";
  const page = await readPage(context, item.id, state, {
    limit: PAGE_ROWS,
    isLastHeard: settings.duplicates === "update",
  });
  const { gate } = await enterSpace(context, item.space);
  await settle(context, item.space);
  const met = await meet(
    context,
    item.space,
    page.rows.map(({ row }) => row),
  );
  const judged: Judged[] = [];
  const acts: Act[] = [];
  for (const placed of page.rows) {
    const stored = placed.heard === undefined ? met.planned(placed.row.prefix) : undefined;
    if (stored?.import === item.id) {
      judged.push({ decision: { act: stored.revision === 1 ? "create" : "update" }, stored, said: undefined });
      continue;
    }
    const containing = met.containing(parsePrefix(placed.row.prefix));
    const one = judgeRow(placed, met, containing, { settings, now: context.now() });
    judged.push(one);
    const { act } = one.decision;
    // All before it is done, so that what is undone is all that there is.
    if (act === "refuse" && isAll) break;
    if (act !== "create" && act !== "update") continue;
    const next = toAct(context, of, placed, one, containing);
    acts.push(next);
    met.add(next.next);
  }
  const refused = new Map<Judged, Judged>();
  for (const group of inCommits(acts)) {
    for (const act of await commitGroup(context, of, gate, group)) refused.set(act.judged, tooMuch(act));
    if (refused.size > 0 && isAll) break;
  }
  const ended = judged.map((one) => refused.get(one) ?? one);
  const problems = ended.flatMap(({ decision }) => (decision.act === "refuse" ? decision.problems : []));
  await keepProblems(context, item, problems, "space");
  const isRefused = isAll && problems.length > 0;
  const tally = ended.reduce(tallied, state.tally);
  return { state: { ...(page.next ?? {}), tally }, isLast: page.next === undefined, isRefused, rows: page.rows.length };
}

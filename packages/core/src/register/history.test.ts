import { put } from "@cadastre/store/table";
import { describe, expect, it } from "vitest";
import { aContext } from "../audit/testing.ts";
import type { Context } from "../context.ts";
import { EventItem } from "../feed/items.ts";
import { listHistory } from "./history.ts";
import { resourceSubject } from "./items.ts";
import { aResourceItem, arn, register } from "./testing.ts";

const INSTANCE = aResourceItem(arn("instance/i-1"), {}, { sequence: 4 });
const at = (n: number) => `2026-01-0${n}T00:00:00.000Z`;

/** A resource with three events after its creation. */
async function having(): Promise<Context> {
  const context = aContext();
  await register(context, INSTANCE, aResourceItem(arn("instance/i-2"), {}));
  const common = { subject: resourceSubject(INSTANCE.idHash), type: "updated", actor: "collector:col_1" } as const;
  await context.table.commit(
    [2, 3, 4].map((n) =>
      put(EventItem, {
        ...common,
        at: at(n),
        stream: n === 3 ? "s" : "o",
        sequence: n === 3 ? 1 : n,
        run: `run_${n}`,
        changes: [{ path: "name", before: n, after: n + 1 }],
      }),
    ),
  );
  return context;
}

async function pages(context: Context, limit: number): Promise<(string | undefined)[][]> {
  const all: (string | undefined)[][] = [];
  let cursor: string | undefined;
  do {
    const page = await listHistory(context, INSTANCE.id, { limit, cursor });
    all.push(page.items.map((event) => event.at));
    cursor = page.cursor;
  } while (cursor !== undefined);
  return all;
}

describe("the history of a resource", () => {
  it("has each event once, the newest first, and its creation last, on pages of any size", async () => {
    const context = await having();
    const all = [at(4), at(3), at(2), at(1)];
    for (const limit of [1, 2, 3, 4, 5, 100]) expect((await pages(context, limit)).flat()).toEqual(all);
    expect(await pages(context, 2)).toEqual([
      [at(4), at(3)],
      [at(2), at(1)],
    ]);
    expect(await pages(context, 4)).toEqual([all]);
  });

  it("tells what changed, by whom and in which run, and nothing that only the store needs", async () => {
    const { items } = await listHistory(await having(), INSTANCE.id, { limit: 10 });
    expect(items[0]).toEqual({
      sequence: 4,
      at: at(4),
      type: "updated",
      actor: "collector:col_1",
      run: "run_4",
      changes: [{ path: "name", before: 4, after: 5 }],
    });
    expect(items.at(-1)).toEqual({
      sequence: 1,
      at: at(1),
      type: "created",
      actor: "collector:col_1",
      run: "run_1",
      changes: [],
    });
  });

  it("has cursors of its own, and is none of what is not there", async () => {
    const context = await having();
    const { cursor } = await listHistory(context, INSTANCE.id, { limit: 1 });
    await expect(listHistory(context, arn("instance/i-2"), { limit: 1, cursor })).rejects.toMatchObject({
      code: "cursor.invalid",
    });
    await expect(listHistory(context, arn("instance/i-3"), { limit: 1 })).rejects.toMatchObject({
      code: "resource.not_found",
    });
  });
});

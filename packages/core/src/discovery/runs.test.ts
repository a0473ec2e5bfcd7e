import { describe, expect, it } from "vitest";
import { aContext, withEmptyReplica } from "../audit/testing.ts";
import type { Context } from "../context.ts";
import { RunItem, RunPageItem } from "./items.ts";
import { readRun, readRunItem, writeClosed, writeRun } from "./runs.ts";
import { KEY, REPORTER } from "./testing.ts";

const RUN = "run_1";
const names = (count: number, from = 0) => Array.from({ length: count }, (_, n) => `scope-${from + n}`);
const of = (count: number, more: object = {}) => ({
  run: RUN,
  source: "s",
  set: "x",
  root: "r",
  names: names(count),
  ...more,
});
const result = {
  ...KEY,
  status: "complete" as const,
  resources: 1,
  created: 0,
  updated: 0,
  unchanged: 1,
  retired: 0,
  held: 0,
};

async function open(context: Context, run: ReturnType<typeof of>) {
  await context.table.commit([await writeRun(context, run, await readRunItem(context, RUN))]);
}

describe("a run as it is stored", () => {
  it("has all of its scopes, the first 200 in itself and the others in pages", async () => {
    const context = aContext();
    await open(context, of(450));
    const { item, scopes } = await readRun(withEmptyReplica(context), REPORTER, RUN);
    expect(item).toMatchObject({
      source: "s",
      set: "x",
      root: "r",
      pages: 2,
      state: "open",
      openedAt: context.now().toISOString(),
    });
    expect(item.expiresAtSeconds).toBe(context.now().getTime() / 1000 + 30 * 86_400);
    expect([item.scopes.length, scopes.map(({ name }) => name)]).toEqual([200, names(450)]);
    const pages = await context.table.getMany(
      RunPageItem,
      [0, 1, 2].map((page) => ({ run: RUN, page })),
    );
    expect(pages.map((page) => page?.scopes.length)).toEqual([200, 50, undefined]);
    expect(pages[0]?.expiresAtSeconds).toBe(item.expiresAtSeconds);
  });

  it("keeps the scopes that it opened before when it is opened again as it was, and forgets them when it is another", async () => {
    const context = aContext();
    await open(context, of(201));
    await open(context, of(2, { names: ["scope-1", "later"] }));
    expect((await readRun(context, REPORTER, RUN)).scopes.map(({ name }) => name)).toEqual([...names(201), "later"]);
    await open(context, of(1, { root: "other", names: ["else"] }));
    const { item, scopes } = await readRun(context, REPORTER, RUN);
    expect([item.pages, scopes]).toEqual([0, [{ name: "else" }]]);
    await open(context, of(0, { root: "none" }));
    expect((await readRun(context, REPORTER, RUN)).scopes).toEqual([]);
  });

  it("is written at the version that it was read at, and made once", async () => {
    const context = aContext();
    const first = await writeRun(context, of(1), undefined);
    await context.table.commit([first]);
    await expect(context.table.commit([first])).rejects.toThrow();
    const stored = await readRunItem(context, RUN);
    await open(context, of(2));
    await expect(context.table.commit([await writeRun(context, of(1), stored)])).rejects.toThrow();
  });

  it("says of each scope what became of it once it is closed", async () => {
    const context = aContext();
    await open(context, of(201));
    const { item, scopes } = await readRun(context, REPORTER, RUN);
    const done = scopes.map((scope) => ({ ...scope, result }));
    await context.table.commit([await writeClosed(context, item, done)]);
    const closed = await readRun(context, REPORTER, RUN);
    expect(closed.item).toMatchObject({ state: "closed", root: "r", openedAt: item.openedAt });
    expect(closed.scopes).toEqual(done);
  });

  it("is not found when it is not there, or another source's", async () => {
    const context = aContext();
    const missing = {
      code: "discovery.run_not_found",
      message: expect.stringContaining(`${RUN} is not a run of this`),
    };
    await expect(readRun(context, REPORTER, RUN)).rejects.toMatchObject(missing);
    await open(context, of(1));
    await expect(readRun(context, { ...REPORTER, name: "other" }, RUN)).rejects.toMatchObject(missing);
    expect((await readRun(context, REPORTER, RUN)).item).toEqual(await context.table.get(RunItem, { run: RUN }));
  });
});

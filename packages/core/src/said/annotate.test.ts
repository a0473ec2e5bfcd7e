import { describe, expect, test } from "vitest";
import { aContext, anActorOf, auditRecords, type TestContext, withEmptyReplica } from "../audit/testing.ts";
import { actorName, type Context } from "../context.ts";
import { EventItem, FEED_PARTITIONS, FeedItem } from "../feed/items.ts";
import { type Annotated, annotate, NOTHING_SAID, toSaid } from "./annotate.ts";
import { SaidItem } from "./items.ts";

/** Not a person: of one, the first record makes a key in a commit of its own, and here commits are counted. */
const ACTOR = anActorOf("service-account", "sva_1");
const subject = { type: "account", key: "aws/111122223333" } as const;
const ABOUT: Annotated = {
  subject,
  id: "aws/111122223333",
  place: { provider: "aws", account: "111122223333" },
  indexed: () => [],
};
const say = (context: Context, patch: Parameters<typeof annotate>[3], version?: number) =>
  annotate(context, ACTOR, ABOUT, patch, { version });
const stored = (context: Context) => context.table.get(SaidItem, { subject }, { consistent: true });
const told = async (context: Context) =>
  (
    await Promise.all(
      FEED_PARTITIONS.map((partition) => context.table.query(FeedItem, { partition, consistent: true })),
    )
  ).flatMap(({ items }) => items);
const events = async (context: Context) =>
  (await context.table.query(EventItem, { partition: "account#aws/111122223333", sort: { beginsWith: "event#" } }))
    .items;

/** Somebody else says something when all was read, just before the commit. */
function overtaken(context: TestContext, patch: Parameters<typeof annotate>[3]): Context {
  let isFirst = true;
  const commit: typeof context.table.commit = async (writes) => {
    if (isFirst) {
      isFirst = false;
      await say(context, patch);
    }
    return context.table.commit(writes);
  };
  return { ...context, table: { ...context.table, commit } };
}

describe("saying something of a subject", () => {
  test("writes what is said, its event, its place in the feed and its record in one commit", async () => {
    const context = aContext();
    const { calls } = await context.table.meter.measure(() => say(context, { owner: "payments" }));
    expect(calls).toBe(2);
    const changes = [{ path: "owner", before: "", after: "payments" }];
    const at = context.now().toISOString();
    expect(await stored(context)).toMatchObject({ subject, owner: "payments", notes: "", changedAt: at, sequence: 1 });
    const common = { subject, at, stream: "s", sequence: 1, type: "annotated", actor: actorName(ACTOR) };
    expect(await events(context)).toMatchObject([{ ...common, changes }]);
    expect(await told(context)).toMatchObject([{ ...common, ...ABOUT.place, id: ABOUT.id, detailed: true }]);
    expect(await auditRecords(context)).toMatchObject([{ action: "account.annotate", target: ABOUT.id, changes }]);
  });

  test("leaves what is not named, clears what is named empty, and numbers its events", async () => {
    const context = aContext();
    await say(context, { owner: "payments", notes: "old" });
    await say(context, { notes: "new", owner: undefined });
    expect(toSaid(await stored(context))).toEqual({ owner: "payments", notes: "new" });
    await say(context, { owner: "" });
    expect(toSaid(await stored(context))).toEqual({ owner: "", notes: "new" });
    expect((await events(context)).map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
    expect(toSaid(undefined)).toEqual(NOTHING_SAID);
  });

  test("that changes nothing writes nothing", async () => {
    const context = aContext();
    await say(context, { owner: "" });
    expect(await stored(context)).toBeUndefined();
    await say(context, { owner: "payments" });
    const again = await context.table.meter.measure(() => say(context, { owner: "payments", notes: "" }));
    expect(again.units.write).toBe(0);
    expect(await auditRecords(context)).toHaveLength(1);
  });

  test("goes in order also when the clock goes back", async () => {
    const context = aContext();
    await say(context, { notes: "first" });
    const at = context.now().toISOString();
    context.advance(-60);
    await say(context, { notes: "second" });
    expect((await stored(context))?.changedAt).toBe(at);
    expect((await events(context)).map(({ changes }) => changes[0]?.after)).toEqual(["first", "second"]);
  });

  test("is read strongly: what was just said is what it is compared with", async () => {
    const context = withEmptyReplica(aContext());
    await say(context, { notes: "first" });
    const { version } = (await stored(context)) ?? {};
    await say(context, { owner: "payments" }, version);
    expect(toSaid(await stored(context))).toEqual({ owner: "payments", notes: "first" });
  });

  test("hands what there was and what there is to who indexes it, and writes that with it", async () => {
    const context = aContext();
    await say(context, { owner: "payments" });
    const seen: unknown[] = [];
    const indexed: Annotated["indexed"] = (before, after) => {
      seen.push([before, after]);
      return [];
    };
    await annotate(context, ACTOR, { ...ABOUT, indexed }, { owner: "storage" }, {});
    expect(seen).toEqual([
      [
        { owner: "payments", notes: "" },
        { owner: "storage", notes: "" },
      ],
    ]);
  });
});

describe("the version that a person saw", () => {
  test("is 0 before anything was said, and must be the one that is there", async () => {
    const context = aContext();
    await expect(say(context, { notes: "x" }, 1)).rejects.toMatchObject({
      code: "request.precondition_failed",
      message: expect.stringContaining("has version 0, not 1"),
    });
    await say(context, { notes: "first" }, 0);
    const { version } = (await stored(context)) as { version: number };
    await expect(say(context, { notes: "second" }, 0)).rejects.toMatchObject({ code: "request.precondition_failed" });
    await say(context, { notes: "second" }, version);
    await expect(say(context, { notes: "third" }, version)).rejects.toMatchObject({
      code: "request.precondition_failed",
    });
    expect(toSaid(await stored(context)).notes).toBe("second");
    expect(await auditRecords(context)).toHaveLength(2);
  });

  test("refuses who is overtaken in between, the first word and a later one, and nothing is lost", async () => {
    const context = aContext();
    const late = { code: "request.precondition_failed", message: expect.stringContaining("read it again") };
    await expect(say(overtaken(context, { notes: "faster" }), { notes: "slow" }, 0)).rejects.toMatchObject(late);
    expect(toSaid(await stored(context)).notes).toBe("faster");
    const { version } = (await stored(context)) as { version: number };
    await expect(say(overtaken(context, { notes: "faster still" }), { notes: "slow" }, version)).rejects.toMatchObject(
      late,
    );
    expect(toSaid(await stored(context)).notes).toBe("faster still");
  });

  test("is not asked for: who is overtaken then says it after the other, and both are in the history", async () => {
    const context = aContext();
    await say(overtaken(context, { notes: "faster" }), { owner: "payments" });
    expect(toSaid(await stored(context))).toEqual({ notes: "faster", owner: "payments" });
    expect(await events(context)).toHaveLength(2);
  });

  test("does not make a failure of the table a matter of versions", async () => {
    const context = aContext();
    const table = { ...context.table, commit: () => Promise.reject(new Error("table is down")) };
    await expect(say({ ...context, table }, { notes: "x" }, 0)).rejects.toThrow("table is down");
  });
});

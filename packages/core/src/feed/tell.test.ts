import { ProblemError } from "@cadastre/contract/errors";
import { ConflictError } from "@cadastre/store/errors";
import { remove, type Stored } from "@cadastre/store/table";
import { describe, expect, it } from "vitest";
import { aContext, anActorOf, auditRecords, type TestContext, withEmptyReplica } from "../audit/testing.ts";
import type { Context } from "../context.ts";
import { type Consumer, DeadLetterItem } from "./consumer.ts";
import { registerConsumers } from "./consumer-states.ts";
import { dropDeadLetter, listDeadLetters, replayDeadLetter } from "./dead-letters.ts";
import type { FeedItem } from "./items.ts";
import { recordChange } from "./record-change.ts";
import { NO_PATIENCE, replayLetter, setAside, tell } from "./tell.ts";

/** Not a person: of one, the first record makes a key in a commit of its own, and what is done after a commit is meant to follow the one of the letter. */
const ACTOR = anActorOf("service-account", "sva_1");
/** A consumer that refuses so often before it takes what it is told, which it keeps. */
function refusing(times: number, error: Error = new Error("no")) {
  const told: Parameters<Consumer["handle"]>[0][] = [];
  let tries = 0;
  const consumer: Consumer = {
    name: "test",
    about: "for tests",
    async handle(change) {
      if (tries++ < times) throw error;
      told.push(change);
    },
  };
  return { consumer, told, tries: () => tries };
}

/** A letter of a change with before and after, in a table. */
async function aLetter(context: TestContext, key = "1"): Promise<Stored<DeadLetterItem>> {
  const writes = recordChange(context, {
    subject: { type: "account", key: `aws/${key}` },
    id: `aws/${key}`,
    type: "updated",
    at: context.now().toISOString(),
    actor: "system",
    changes: [{ path: "name", before: "a", after: "b" }],
    stream: "o",
    sequence: 1,
    place: {},
  });
  await context.table.commit(writes);
  const item = (writes.at(-1) as unknown as { item: FeedItem }).item;
  const { consumer } = refusing(0);
  await context.table.commit([setAside(context, consumer, item, { code: "service.unavailable", attempts: 6 })]);
  const [letter] = (await letters(context)).slice(-1);
  return letter as Stored<DeadLetterItem>;
}
const letters = async (context: Context) =>
  (await context.table.query(DeadLetterItem, { partition: "dead-letters#test", consistent: true })).items;

describe("telling a consumer", () => {
  const patience = () => {
    const waited: number[] = [];
    return {
      waited,
      waitsMilliseconds: [100, 400],
      wait: async (milliseconds: number) => void waited.push(milliseconds),
    };
  };
  const change = {} as Parameters<Consumer["handle"]>[0];
  const context = {} as Context;

  it("waits a while before each further attempt, and no more once it is taken", async () => {
    const [once, never] = [patience(), patience()];
    expect(await tell(context, refusing(1).consumer, change, once)).toBeUndefined();
    expect(await tell(context, refusing(0).consumer, change, never)).toBeUndefined();
    expect([once.waited, never.waited]).toEqual([[100], []]);
  });

  it("ends with the last wait, and says how often it was tried and the code of a problem, of anything else nothing", async () => {
    const error = new ProblemError("service.unavailable", "no");
    const all = patience();
    expect(await tell(context, refusing(9, error).consumer, change, all)).toEqual({
      attempts: 3,
      code: "service.unavailable",
      error,
    });
    expect(all.waited).toEqual([100, 400]);
    expect(await tell(context, refusing(9).consumer, change, NO_PATIENCE)).toMatchObject({
      attempts: 1,
      code: "service.internal",
    });
  });
});

describe("a letter that is told again", () => {
  it("has the change with its values, however far replicas are behind, and is gone once it is taken", async () => {
    const context = aContext();
    const letter = await aLetter(context);
    const { consumer, told } = refusing(0);
    expect(await replayLetter(withEmptyReplica(context), consumer, letter, NO_PATIENCE)).toBe(true);
    expect(told).toMatchObject([{ changes: [{ path: "name", before: "a", after: "b" }] }]);
    expect(await letters(context)).toEqual([]);
  });

  it("counts its attempts, and waits again when it is refused", async () => {
    const context = aContext();
    const letter = await aLetter(context);
    const twice = { waitsMilliseconds: [1], wait: async () => undefined };
    expect(await replayLetter(context, refusing(9).consumer, letter, twice)).toBe(false);
    expect(await letters(context)).toMatchObject([{ attempts: 8, code: "service.internal", state: "waiting" }]);
  });

  it("that another has changed meanwhile is left to that one; what the table fails is thrown", async () => {
    const context = aContext();
    const letter = await aLetter(context);
    const replay = (...refusals: ConflictError["refusals"]) => {
      const commit = () => Promise.reject(refusals.length === 0 ? new Error("down") : new ConflictError(refusals));
      const failing = { ...context, table: { ...context.table, commit } };
      return replayLetter(failing, refusing(0).consumer, letter, NO_PATIENCE);
    };
    const overtaken = { index: 0, reason: "version" } as const;
    const busy = { index: 0, reason: "busy" } as const;
    expect(await replay(overtaken)).toBe(true);
    await expect(replay(busy)).rejects.toThrow(ConflictError);
    await expect(replay(overtaken, busy)).rejects.toThrow(ConflictError);
    await expect(replay()).rejects.toThrow("down");
  });
});

describe("what is asked of a letter", () => {
  async function known(): Promise<TestContext> {
    const context = aContext();
    await registerConsumers(context, [refusing(0).consumer, { ...refusing(0).consumer, name: "other" }]);
    return context;
  }

  it("is recorded with what it is about, and found however far replicas are behind", async () => {
    const context = await known();
    await aLetter(context);
    const late = withEmptyReplica(context);
    const { items } = await listDeadLetters(context, { consumer: "test", limit: 10 });
    const id = items[0]?.id ?? "";
    expect(await replayDeadLetter(late, ACTOR, "test", id)).toMatchObject({ id, state: "replaying" });
    await dropDeadLetter(late, ACTOR, "test", id);
    const target = `test/${id}`;
    expect(await auditRecords(context)).toMatchObject([
      { action: "consumer.replay", target, detail: { subject: "aws/1" } },
      { action: "consumer.drop", target, detail: { subject: "aws/1", code: "service.unavailable" } },
    ]);
  });

  it("is answered as it was asked, also when it is told and gone before the answer", async () => {
    const context = await known();
    const letter = await aLetter(context);
    const { items } = await listDeadLetters(context, { consumer: "test", limit: 10 });
    const commit: typeof context.table.commit = async (writes) => {
      await context.table.commit(writes);
      await context.table.commit([remove(DeadLetterItem, letter)]);
    };
    const late = { ...context, table: { ...context.table, commit } };
    expect(await replayDeadLetter(late, ACTOR, "test", items[0]?.id ?? "")).toMatchObject({ state: "replaying" });
    expect(await letters(context)).toEqual([]);
  });

  it("is not found of another change, another consumer, or what is no id", async () => {
    const context = await known();
    await aLetter(context);
    const { items } = await listDeadLetters(context, { consumer: "test", limit: 10 });
    for (const [consumer, id] of [["other", items[0]?.id ?? ""] as const, ["test", "nothing"] as const]) {
      const code = "consumer.letter_not_found";
      await expect(dropDeadLetter(context, ACTOR, consumer, id)).rejects.toMatchObject({ code });
      await expect(replayDeadLetter(context, ACTOR, consumer, id)).rejects.toMatchObject({ code });
    }
    expect(await letters(context)).toHaveLength(1);
  });

  it("goes on by a cursor of the same consumer's list", async () => {
    const context = await known();
    await aLetter(context);
    context.advance(1);
    await aLetter(context, "2");
    const { cursor } = await listDeadLetters(context, { consumer: "test", limit: 1 });
    const page = (consumer: string) => listDeadLetters(context, { consumer, limit: 1, cursor });
    expect((await page("test")).items).toMatchObject([{ subject: "aws/2" }]);
    await expect(page("other")).rejects.toMatchObject({ code: "cursor.invalid" });
  });
});

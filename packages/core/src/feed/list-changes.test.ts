import { put } from "@cadastre/store/table";
import { describe, expect, it } from "vitest";
import { aContext, type TestContext } from "../audit/testing.ts";
import { newSealKey } from "../sealed-text.ts";
import { FeedItem } from "./items.ts";
import { type ChangeFilter, type ChangeListOptions, listChanges, matchesChange } from "./list-changes.ts";
import { recordChange } from "./record-change.ts";
import { idOfChange, placeOfChange } from "./view.ts";

const at = (n: number) => `2026-03-01T00:00:${String(n).padStart(2, "0")}.000Z`;
const ITEM: FeedItem = {
  subject: { type: "resource", key: "aa" },
  id: "subnet-1",
  at: at(0),
  stream: "o",
  sequence: 1,
  type: "updated",
  actor: "system",
  detailed: false,
  expiresAtSeconds: 2_000_000_000,
  kind: "subnet",
  provider: "aws",
  account: "1",
  region: "us-east-1",
  network: "vpc-1",
};

describe("which changes are asked for", () => {
  it("are all when nothing is said, whatever their time", () => {
    expect(matchesChange(ITEM, {})).toBe(true);
    expect(matchesChange(ITEM, { since: at(9), until: at(0) })).toBe(true);
  });

  it.each<[keyof ChangeFilter, ChangeFilter, ChangeFilter]>([
    ["type", { type: "updated" }, { type: "retired" }],
    ["kind", { kind: "subnet" }, { kind: "instance" }],
    ["account", { account: "1" }, { account: "2" }],
    ["region", { region: "us-east-1" }, { region: "eu-west-1" }],
    ["network", { network: "vpc-1" }, { network: "vpc-2" }],
    ["subject", { subject: { type: "resource", key: "aa" } }, { subject: { type: "resource", key: "bb" } }],
    ["subject", { subject: { type: "resource", key: "aa" } }, { subject: { type: "account", key: "aa" } }],
  ])("are those of a %s", (_, own, other) => {
    const all = { type: "updated", kind: "subnet", account: "1", region: "us-east-1", network: "vpc-1" } as const;
    expect(matchesChange(ITEM, { ...all, ...own })).toBe(true);
    expect(matchesChange(ITEM, { ...all, ...other })).toBe(false);
  });
});

/** Ten changes of ten subjects, a second apart, the even ones of account 1 and the odd ones of account 2. */
async function tenChanges(): Promise<TestContext> {
  const context = aContext();
  for (let n = 0; n < 10; n++) {
    const change = { ...ITEM, subject: { type: "account", key: `aws/${n}` } as const, id: `s${n}`, at: at(n) };
    const place = { provider: "aws", account: String((n % 2) + 1) };
    await context.table.commit(
      recordChange(context, { ...change, place, changes: [{ path: "n", before: n, after: n + 1 }] }),
    );
  }
  return context;
}
const ids = async (context: TestContext, options: Partial<ChangeListOptions>) => {
  const found: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await listChanges(context, { limit: 3, order: "oldest", ...options, cursor });
    found.push(...page.items.map(({ subject }) => subject.id));
    cursor = page.cursor;
  } while (cursor !== undefined);
  return found.join(" ");
};

describe("the list of changes", () => {
  it("has each once, over all pages, oldest or newest first", async () => {
    const context = await tenChanges();
    expect(await ids(context, {})).toBe("s0 s1 s2 s3 s4 s5 s6 s7 s8 s9");
    expect(await ids(context, { order: "newest" })).toBe("s9 s8 s7 s6 s5 s4 s3 s2 s1 s0");
    expect(await ids(context, { order: "newest", account: "2", limit: 1 })).toBe("s9 s7 s5 s3 s1");
  });

  it("is from a time to a time, both included", async () => {
    const context = await tenChanges();
    for (const limit of [1, 3, 100]) {
      expect(await ids(context, { since: at(2), until: at(4), limit })).toBe("s2 s3 s4");
      expect(await ids(context, { since: at(2), until: at(4), limit, order: "newest" })).toBe("s4 s3 s2");
    }
    expect(await ids(context, { since: at(8) })).toBe("s8 s9");
    expect(await ids(context, { until: at(1) })).toBe("s0 s1");
  });

  it("of one subject reads its partition alone, and has before and after", async () => {
    const context = await tenChanges();
    const subject = { type: "account", key: "aws/3" } as const;
    const { result, calls } = await context.table.meter.measure(() =>
      listChanges(context, { limit: 10, order: "oldest", subject }),
    );
    expect(result.items).toMatchObject([
      { subject: { type: "account", id: "s3", key: "aws/3" }, changes: [{ path: "n", before: 3, after: 4 }] },
    ]);
    expect(calls).toBeLessThan(4);
  });

  it("shows who is limited to accounts what is theirs and nothing else", async () => {
    const context = await tenChanges();
    const limited = { ...context, restriction: { accounts: ["aws/2" as const] } };
    expect(await ids(limited, {})).toBe("s1 s3 s5 s7 s9");
    expect(await ids(limited, { account: "1" })).toBe("");
  });

  it("looks at 5,000 changes at the most: a page may be empty, and still have a cursor to go on", async () => {
    const context = await tenChanges();
    const many = Array.from({ length: 5000 }, (_, n) => {
      return put(FeedItem, { ...ITEM, subject: { type: "resource", key: String(n) }, at: at(20), kind: "instance" });
    });
    await context.table.load(many);
    const first = await listChanges(context, { limit: 10, order: "newest", kind: "subnet" });
    expect([first.items, typeof first.cursor]).toEqual([[], "string"]);
    expect(await ids(context, { order: "newest", account: "2" })).toBe("s9 s7 s5 s3 s1");
    const limited = { ...context, restriction: { accounts: ["aws/2" as const], cursorKey: newSealKey() } };
    const page = await listChanges(limited, { limit: 10, order: "newest" });
    expect(page.items).toEqual([]);
    expect(Buffer.from(page.cursor ?? "", "base64url").toString("utf8")).not.toContain("2026-03-01");
  });

  it("reads no more of the feed than a page takes where nothing is filtered", async () => {
    const context = await tenChanges();
    const bytes = async (options: Partial<ChangeListOptions>) => {
      const limits: (number | undefined)[] = [];
      const query: typeof context.table.query = (entity, of) => {
        limits.push(of.limit);
        return context.table.query(entity, of);
      };
      const watched = { ...context, table: { ...context.table, query } };
      await listChanges(watched, { limit: 16, order: "oldest", ...options });
      return Math.max(...limits.map((limit) => limit ?? Number.POSITIVE_INFINITY));
    };
    const plain = await bytes({});
    expect(await bytes({ since: at(0), until: at(9) })).toBe(plain);
    expect(await bytes({ account: "1" })).toBeGreaterThan(plain);
  });

  it("has cursors of its own filters and order alone", async () => {
    const context = await tenChanges();
    const { cursor } = await listChanges(context, { limit: 2, order: "oldest", account: "1" });
    for (const other of [{ account: "2" }, { account: "1", order: "newest" as const }])
      await expect(listChanges(context, { limit: 2, order: "oldest", cursor, ...other })).rejects.toMatchObject({
        code: "cursor.invalid",
      });
  });

  it("shows nothing that only the feed itself needs", async () => {
    const context = aContext();
    await context.table.commit([put(FeedItem, ITEM)]);
    const { items } = await listChanges(context, { limit: 1, order: "oldest" });
    expect(items).toEqual([
      {
        id: idOfChange(FeedItem.keyOf(ITEM).sk),
        subject: { type: "resource", id: "subnet-1", key: "res_aa" },
        at: at(0),
        type: "updated",
        actor: "system",
        kind: "subnet",
        provider: "aws",
        account: "1",
        region: "us-east-1",
        network: "vpc-1",
        changes: [],
      },
    ]);
  });
});

describe("the id of a change", () => {
  it("names its place in the feed, and nothing else is one", () => {
    const { sk } = FeedItem.keyOf(ITEM);
    expect(placeOfChange(idOfChange(sk))).toBe(sk);
    const others = ["", "x", sk.replace("#o", "#x"), sk.slice(5), `x${sk}`, sk.replace("000000001", "1"), `${sk} x`];
    for (const other of others) expect(placeOfChange(idOfChange(other)), other).toBeUndefined();
    expect(placeOfChange(`${idOfChange(sk)}=`)).toBeUndefined();
    expect(placeOfChange(`${idOfChange(sk)} `)).toBeUndefined();
  });
});

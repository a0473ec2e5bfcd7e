import { describe, expect, it } from "vitest";
import { EventItem, FEED_PARTITIONS, FeedItem, feedPartition } from "./items.ts";
import { laterOf, recordChange, type SubjectChange } from "./record-change.ts";

const AT = "2026-03-01T00:00:00.500Z";
const CHANGE: SubjectChange = {
  subject: { type: "resource", key: "aa" },
  id: "arn:aws:ec2:us-east-1:1:subnet/subnet-1",
  type: "updated",
  at: AT,
  stream: "o",
  sequence: 3,
  actor: "collector:col_1",
  run: "run_1",
  changes: [{ path: "name", before: "a", after: "b" }],
  place: { kind: "subnet", provider: "aws", account: "1", region: "us-east-1", network: undefined },
};
const record = (more: Partial<SubjectChange> = {}) =>
  recordChange({ retentionDays: 2 }, { ...CHANGE, ...more }) as unknown as {
    op: string;
    entity: unknown;
    item: Record<string, unknown>;
  }[];

describe("a change", () => {
  it("is an event with before and after, and a feed item without them, which ends with the retention", () => {
    const common = {
      subject: CHANGE.subject,
      at: AT,
      stream: "o",
      sequence: 3,
      type: "updated",
      actor: "collector:col_1",
      run: "run_1",
    };
    expect(record().map(({ op, entity, item }) => ({ op, entity, item }))).toStrictEqual([
      { op: "put", entity: EventItem, item: { ...common, changes: CHANGE.changes } },
      {
        op: "put",
        entity: FeedItem,
        item: {
          ...common,
          kind: "subnet",
          provider: "aws",
          account: "1",
          region: "us-east-1",
          id: CHANGE.id,
          detailed: true,
          expiresAtSeconds: Date.parse("2026-03-03T00:00:00Z") / 1000,
        },
      },
    ]);
  });

  it("that is a creation has no event: the subject itself says all", () => {
    const made = record({ type: "created", changes: [] });
    expect(made.map(({ entity, item }) => [entity, item.detailed])).toEqual([[FeedItem, false]]);
  });

  it("of no run names none", () => {
    const { run: _, ...change } = CHANGE;
    for (const { item } of recordChange({ retentionDays: 1 }, change) as unknown as { item: object }[])
      expect(item).not.toHaveProperty("run");
  });

  it("stands with all others of its subject in one of 16 partitions, and by itself among them", () => {
    const place = { subject: CHANGE.subject, at: AT, stream: "o", sequence: 3 } as const;
    expect(new Set(FEED_PARTITIONS).size).toBe(16);
    expect(FeedItem.keyOf(place)).toEqual({
      pk: feedPartition(CHANGE.subject),
      sk: `${AT}#o000000003#resource#aa`,
    });
    const used = Array.from({ length: 400 }, (_, n) => feedPartition({ type: "account", key: `aws/${n}` }));
    expect(new Set(used)).toEqual(new Set(FEED_PARTITIONS));
  });
});

it("a change is not told before the one before it, however clocks differ", () => {
  const later = "2026-03-02T00:00:00.000Z";
  expect([laterOf(AT, undefined), laterOf(AT, later), laterOf(later, AT), laterOf(AT, AT)]).toEqual([
    AT,
    later,
    later,
    AT,
  ]);
});

import { ProblemError } from "@cadastre/contract/errors";
import { put } from "@cadastre/store/table";
import { describe, expect, it } from "vitest";
import { aContext, withEmptyReplica } from "../audit/testing.ts";
import type { Context } from "../context.ts";
import { EndedSourceItem, endSource } from "../ledger/ended-sources.ts";
import { pageOf } from "../ledger/entry.ts";
import { LedgerPageItem, packEntry } from "../ledger/items.ts";
import { SaidItem } from "../said/items.ts";
import { resourceSubject } from "./items.ts";
import { ACCOUNT, aResourceItem, arn, claimOf, GUEST, register } from "./testing.ts";
import {
  createLastSeen,
  isVisibleResource,
  keyOfId,
  readEndedOf,
  readResource,
  reportersOf,
  seenBy,
  toResources,
} from "./view.ts";

const OTHER = "777788889999";
const SUBNET = aResourceItem(
  arn("subnet/subnet-1"),
  {},
  { claims: [claimOf(ACCOUNT, "subnet"), claimOf(GUEST, "subnet")] },
);
const tls = (account: string, source = "s") =>
  claimOf(account, "certificate", { source, provider: "tls", region: "global" });
const CERTIFICATE = aResourceItem(
  `sha256:${"a".repeat(64)}`,
  {},
  { account: "one", region: "global", claims: [tls("one"), tls("two")] },
);
const limitedTo = (context: Context, ...accounts: string[]): Context => ({
  ...context,
  restriction: { accounts: accounts as ["aws/1"] },
});

describe("a resource's key", () => {
  it("is what a natural or a short id names, and nothing else", () => {
    expect(keyOfId(SUBNET.id)).toBe(SUBNET.idHash);
    expect(keyOfId(`res_${SUBNET.idHash}`)).toBe(SUBNET.idHash);
    const others = [
      "",
      "subnet-1",
      "res_",
      `res_${SUBNET.idHash}0`,
      `xres_${SUBNET.idHash}`,
      SUBNET.idHash,
      "res_0123",
    ];
    for (const other of others) expect(keyOfId(other), other).toBeUndefined();
  });
});

describe("who is limited to accounts", () => {
  const context = aContext();

  it("sees what one of them owns or is shown, and nothing else", () => {
    for (const account of [ACCOUNT, GUEST])
      expect(isVisibleResource(limitedTo(context, `aws/${account}`), SUBNET)).toBe(true);
    expect(isVisibleResource(limitedTo(context, `aws/${OTHER}`, `gcp/${ACCOUNT}`), SUBNET)).toBe(false);
    expect(isVisibleResource(context, SUBNET)).toBe(true);
  });

  it("is told of others' accounts that they own it, and of no other that sees it", () => {
    expect(seenBy(context, SUBNET)).toEqual({ account: ACCOUNT, claims: SUBNET.claims });
    expect(seenBy(limitedTo(context, `aws/${GUEST}`), SUBNET)).toEqual({
      account: ACCOUNT,
      claims: [claimOf(GUEST, "subnet")],
    });
    expect(seenBy(limitedTo(context, `aws/${ACCOUNT}`), SUBNET)).toEqual({
      account: ACCOUNT,
      claims: [claimOf(ACCOUNT, "subnet")],
    });
  });

  it("is told of what belongs to no account that it is one of its own", () => {
    expect(seenBy(limitedTo(context, "tls/two"), CERTIFICATE)).toEqual({ account: "two", claims: [tls("two")] });
    expect(seenBy(limitedTo(context, "tls/one"), CERTIFICATE)).toEqual({ account: "one", claims: [tls("one")] });
    const turned = { ...CERTIFICATE, claims: CERTIFICATE.claims.toReversed() };
    expect(seenBy(limitedTo(context, "tls/one", "tls/two"), turned).account).toBe("one");
    const gone = { ...CERTIFICATE, claims: [] };
    expect(seenBy(limitedTo(context, "tls/one"), gone)).toEqual({ account: "one", claims: [] });
  });
});

describe("a resource that is read", () => {
  it("is found by both of its ids, strongly where that is asked for", async () => {
    const context = aContext();
    await register(context, SUBNET);
    for (const id of [SUBNET.id, `res_${SUBNET.idHash}`])
      expect(await readResource(context, id)).toMatchObject({ id: SUBNET.id });
    const late = withEmptyReplica(context);
    expect(await readResource(late, SUBNET.id, { consistent: true })).toMatchObject({ id: SUBNET.id });
    await expect(readResource(late, SUBNET.id)).rejects.toMatchObject({ code: "resource.not_found" });
  });

  it("is answered alike where it is not there, is no id, or may not be seen", async () => {
    const context = aContext();
    await register(context, SUBNET);
    const failures = [
      readResource(context, arn("subnet/subnet-2")),
      readResource(context, "nothing"),
      readResource(limitedTo(context, `aws/${OTHER}`), SUBNET.id),
    ].map((read) =>
      read.then(
        () => undefined,
        (error: unknown) => error,
      ),
    );
    for (const failure of failures) expect(await failure).toEqual(new ProblemError("resource.not_found"));
  });
});

describe("who reports a resource", () => {
  it("are the accounts whose collectors were not revoked, each once", () => {
    const claims = [
      claimOf(ACCOUNT, "subnet"),
      claimOf(ACCOUNT, "subnet", { source: "t" }),
      claimOf(GUEST, "subnet", { source: "gone" }),
    ];
    expect(reportersOf({ provider: "aws", claims }, new Set(["gone"]))).toEqual([`aws/${ACCOUNT}`]);
  });

  it("is asked for of what is active alone", async () => {
    const context = aContext();
    await context.table.commit([endSource("s", new Date(0)), endSource("t", new Date(0))]);
    expect(await readEndedOf(context, [SUBNET, undefined])).toEqual(new Set(["s"]));
    expect(await readEndedOf(context, [{ ...SUBNET, status: "retired" }])).toEqual(new Set());
  });
});

/** Notes that a source saw a scope whole at a time. */
async function noteSeen(context: Context, { source, scope: name }: { source: string; scope: string }, at: string) {
  const entry = { name, digest: "ab", generation: 1, set: "0123456789abcdef", status: "complete" as const };
  const scopes = [packEntry({ ...entry, completeAt: Date.parse(at) })];
  await context.table.commit([put(LedgerPageItem, { source, page: pageOf(name), scopes })]);
}

describe("when a resource was last seen", () => {
  it("is the latest of the times at which those who have it were whole, and none of what is retired", async () => {
    const context = aContext();
    await noteSeen(context, claimOf(ACCOUNT, "subnet"), "2026-03-01T00:00:00.000Z");
    await noteSeen(context, claimOf(GUEST, "subnet", { source: "t" }), "2026-03-02T00:00:00.000Z");
    const claims = [claimOf(GUEST, "subnet", { source: "t" }), claimOf(ACCOUNT, "subnet"), claimOf(OTHER, "subnet")];
    const seenAt = await createLastSeen(context, [{ ...SUBNET, claims }]);
    expect(seenAt({ ...SUBNET, claims })).toBe("2026-03-02T00:00:00.000Z");
    expect(seenAt({ ...SUBNET, claims, status: "retired" })).toBeUndefined();
    expect(seenAt({ ...SUBNET, claims: [claimOf(OTHER, "subnet")] })).toBeUndefined();
    const retired = { ...SUBNET, claims, status: "retired" as const };
    expect(await context.table.meter.measure(() => createLastSeen(context, [retired]))).toMatchObject({ calls: 0 });
  });
});

describe("a resource as the API shows it", () => {
  it("is what was observed, what is said, and when it was last seen", async () => {
    const context = aContext();
    await noteSeen(context, claimOf(ACCOUNT, "subnet"), "2026-03-01T00:00:00.000Z");
    const said = { subject: resourceSubject(SUBNET.idHash), notes: "n", owner: "net", changedAt: "x", sequence: 1 };
    await context.table.commit([put(SaidItem, said)]);
    const version = (await context.table.get(SaidItem, said))?.version;
    const [shown] = await toResources(context, [{ ...SUBNET, name: "a", tags: { b: "c" }, volatile: { d: 1 } }]);
    expect(shown).toEqual({
      id: SUBNET.id,
      key: `res_${SUBNET.idHash}`,
      kind: "subnet",
      provider: "aws",
      account: ACCOUNT,
      region: "us-east-1",
      network: arn("vpc/vpc-1"),
      name: "a",
      tags: { b: "c" },
      status: "active",
      attributes: SUBNET.attributes,
      volatile: { d: 1 },
      observedBy: SUBNET.claims,
      confirmed: true,
      notes: "n",
      owner: "net",
      firstSeenAt: SUBNET.firstSeenAt,
      changedAt: SUBNET.changedAt,
      lastSeenAt: "2026-03-01T00:00:00.000Z",
      version,
    });
  });

  it("has no network, no time and no version that there is none of, and says who reports what is not confirmed", async () => {
    const context = aContext();
    const instance = aResourceItem(arn("instance/i-1"), {}, { claims: [claimOf(GUEST, "instance")] });
    const [shown] = await toResources(context, [instance]);
    for (const name of ["network", "lastSeenAt", "retiredAt"]) expect(shown).not.toHaveProperty(name);
    expect(shown).toMatchObject({ version: 0, confirmed: false, reportedBy: [`aws/${GUEST}`] });
    const retired = { ...instance, status: "retired" as const, retiredAt: "2026-04-01T00:00:00.000Z" };
    expect((await toResources(context, [retired]))[0]).toMatchObject({ retiredAt: retired.retiredAt, confirmed: true });
    await context.table.commit([put(EndedSourceItem, { source: "s", endedAt: "x" })]);
    expect((await toResources(context, [SUBNET]))[0]).toMatchObject({ confirmed: false, reportedBy: [] });
  });

  it("shows a caller who is limited nothing of others that report it", async () => {
    const sighting = { ...SUBNET, claims: [claimOf(GUEST, "subnet"), claimOf(OTHER, "subnet")] };
    const [shown] = await toResources(limitedTo(aContext(), `aws/${GUEST}`), [sighting]);
    expect(shown).toMatchObject({ observedBy: [claimOf(GUEST, "subnet")], reportedBy: [`aws/${GUEST}`] });
  });

  it("has what was just said of it, where it is read strongly", async () => {
    const context = aContext();
    const said = { subject: resourceSubject(SUBNET.idHash), notes: "n", owner: "", changedAt: "x", sequence: 1 };
    await context.table.commit([put(SaidItem, said)]);
    const late = withEmptyReplica(context);
    expect((await toResources(late, [SUBNET], { consistent: true }))[0]).toMatchObject({ notes: "n" });
  });
});

import type { KindName } from "@cadastre/contract/kinds/names";
import type { Stored } from "@cadastre/store/table";
import { describe, expect, it } from "vitest";
import { decideAbsence, decideObservation, type Look, type Observation } from "./decide.ts";
import { isConfirmed, type ResourceItem } from "./items.ts";

const OWNER = "111122223333";
const GUEST = "444455556666";
const OTHER = "777788889999";
const SUBNET = `arn:aws:ec2:us-east-1:${OWNER}:subnet/subnet-1`;
const T1 = "2026-03-01T00:00:00.000Z";
const T2 = "2026-03-02T00:00:00.000Z";

const look = (account: string, more: Partial<Look> & { kind?: KindName } = {}): Look => {
  const { kind = "subnet", ...rest } = more;
  return {
    source: "s",
    scope: { provider: "aws", account, region: "us-east-1", kind },
    run: "run_2",
    actor: "collector:col_1",
    at: T2,
    ...rest,
  };
};

function observation(account: string, more: Partial<Observation> & { state?: string } = {}): Observation {
  const { state = "available", ...rest } = more;
  return {
    ...look(account),
    idHash: "aa",
    contentHash: `hash of ${state}`,
    resource: { id: SUBNET, name: "a", tags: { env: "prod" }, attributes: { state }, volatile: { free: 7 } },
    ...rest,
  };
}

const claimOf = (account: string, source = "s") => ({ source, scope: `aws/${account}/us-east-1/subnet` });

/** A subnet as its first observation made it, seen by these accounts. */
function stored(claims = [claimOf(OWNER)], more: Partial<ResourceItem> = {}): Stored<ResourceItem> {
  const made = decideObservation(undefined, { ...observation(OWNER), run: "run_1", at: T1 })?.after as ResourceItem;
  return { ...made, claims, ...more, version: 4 };
}

describe("a resource that was not known", () => {
  it("is created for the account that its id names, also when a guest sees it first", () => {
    const change = decideObservation(undefined, observation(GUEST));
    expect(change).toEqual({
      type: "created",
      before: undefined,
      changes: [],
      run: "run_2",
      actor: "collector:col_1",
      at: T2,
      after: {
        idHash: "aa",
        id: SUBNET,
        kind: "subnet",
        provider: "aws",
        account: OWNER,
        region: "us-east-1",
        name: "a",
        tags: { env: "prod" },
        attributes: { state: "available" },
        volatile: { free: 7 },
        contentHash: "hash of available",
        claims: [claimOf(GUEST)],
        status: "active",
        firstSeenAt: T2,
        firstSeenBy: { actor: "collector:col_1", run: "run_2" },
        changedAt: T2,
        sequence: 1,
        lastChange: { run: "run_2", type: "created", scope: claimOf(GUEST).scope },
      },
    });
  });

  it("whose id names no account belongs to the one that sees it", () => {
    const id = `sha256:${"0".repeat(64)}`;
    const { resource } = observation(OTHER);
    const scope = { provider: "tls", account: "office", region: "global", kind: "certificate" } as const;
    const change = decideObservation(undefined, observation(OTHER, { scope, resource: { ...resource, id } }));
    expect(change?.after.account).toBe("office");
  });
});

describe("an observation of a known resource", () => {
  it("that says what is known, by who saw it before, changes nothing", () => {
    expect(decideObservation(stored(), observation(OWNER))).toBeUndefined();
  });

  it("that says something else updates it, in the next number, with what differs before and after", () => {
    const before = stored();
    const change = decideObservation(before, observation(OWNER, { state: "pending" }));
    expect(change).toMatchObject({
      type: "updated",
      before,
      at: T2,
      changes: [{ path: "attributes.state", before: "available", after: "pending" }],
    });
    expect(change?.after).toMatchObject({
      attributes: { state: "pending" },
      contentHash: "hash of pending",
      changedAt: T2,
      firstSeenAt: T1,
      sequence: 2,
      claims: [claimOf(OWNER)],
      lastChange: { run: "run_2", type: "updated", scope: claimOf(OWNER).scope },
    });
    expect(change?.after).not.toHaveProperty("version");
  });

  it("is never before the change before it, also when the clock is", () => {
    const change = decideObservation(
      stored(),
      observation(OWNER, { state: "pending", at: "2026-01-01T00:00:00.000Z" }),
    );
    expect([change?.at, change?.after.changedAt]).toEqual([T1, T1]);
  });

  it("whose content is the same, written in another way, is noted and no event", () => {
    const before = stored();
    const change = decideObservation(before, observation(OWNER, { contentHash: "written in another way" }));
    expect(change).toMatchObject({ type: "noted", changes: [] });
    expect(change?.after).toMatchObject({
      contentHash: "written in another way",
      changedAt: T1,
      sequence: 1,
      lastChange: { run: "run_1", type: "created", scope: claimOf(OWNER).scope },
    });
  });

  it("by a further account is noted, and what it says is not heard while the owner sees the resource", () => {
    const change = decideObservation(stored(), observation(GUEST, { state: "pending" }));
    expect(change).toMatchObject({ type: "noted", changes: [] });
    expect(change?.after).toMatchObject({
      attributes: { state: "available" },
      claims: [claimOf(OWNER), claimOf(GUEST)],
      changedAt: T1,
      sequence: 1,
    });
    const both = stored([claimOf(OWNER), claimOf(GUEST)]);
    expect(decideObservation(both, observation(GUEST, { state: "pending" }))).toBeUndefined();
  });

  it("by a further source of the same account is a claim of its own", () => {
    const change = decideObservation(stored(), observation(OWNER, { source: "t" }));
    expect(change).toMatchObject({ type: "noted", after: { claims: [claimOf(OWNER), claimOf(OWNER, "t")] } });
  });

  it("by a guest is heard when the owner does not see the resource, and by the owner in any case", () => {
    const change = decideObservation(stored([claimOf(GUEST)]), observation(OTHER, { state: "pending" }));
    expect(change).toMatchObject({ type: "updated", after: { claims: [claimOf(GUEST), claimOf(OTHER)] } });
    const owners = decideObservation(stored([claimOf(GUEST)]), observation(OWNER, { state: "pending" }));
    expect(owners).toMatchObject({ type: "updated", after: { claims: [claimOf(GUEST), claimOf(OWNER)] } });
  });

  it("of a retired one brings it back, for who sees it alone, with what changed meanwhile", () => {
    const retired = stored([], { status: "retired", retiredAt: T1, sequence: 2 });
    const change = decideObservation(retired, observation(OWNER, { state: "pending" }));
    expect(change).toMatchObject({
      type: "returned",
      changes: [{ path: "attributes.state" }],
      after: {
        status: "active",
        claims: [claimOf(OWNER)],
        sequence: 3,
        lastChange: { run: "run_2", type: "returned", scope: claimOf(OWNER).scope },
      },
    });
    expect(change?.after).not.toHaveProperty("retiredAt");
    expect(decideObservation(retired, observation(OWNER))).toMatchObject({ type: "returned", changes: [] });
  });
});

describe("a resource that a complete scope no longer has", () => {
  it("is retired when nobody else sees it, in the next number", () => {
    const before = stored();
    expect(decideAbsence(before, look(OWNER))).toMatchObject({
      type: "retired",
      before,
      changes: [],
      run: "run_2",
      actor: "collector:col_1",
      at: T2,
      after: {
        status: "retired",
        claims: [],
        changedAt: T2,
        retiredAt: T2,
        sequence: 2,
        lastChange: { run: "run_2", type: "retired", scope: claimOf(OWNER).scope },
        attributes: { state: "available" },
      },
    });
    expect(decideAbsence(before, look(OWNER))?.after).not.toHaveProperty("version");
  });

  it("is never retired before its last change, also when the clock is behind", () => {
    expect(decideAbsence(stored(), look(OWNER, { at: "2026-01-01T00:00:00.000Z" }))).toMatchObject({
      at: T1,
      after: { retiredAt: T1 },
    });
  });

  it("is retired by its owner's word whatever guests still see", () => {
    const change = decideAbsence(stored([claimOf(OWNER), claimOf(GUEST)]), look(OWNER));
    expect(change).toMatchObject({ type: "retired", after: { claims: [claimOf(GUEST)] } });
    expect(change?.after).not.toHaveProperty("lapsed");
  });

  it("stays while another source of the owner's account sees it", () => {
    const claims = [claimOf(OWNER), claimOf(OWNER, "t"), claimOf(GUEST)];
    const change = decideAbsence(stored(claims), look(OWNER));
    expect(change).toMatchObject({ type: "noted", changes: [], after: { status: "active", sequence: 1 } });
    expect(change?.after.claims).toEqual([claimOf(OWNER, "t"), claimOf(GUEST)]);
  });

  it("stays while anybody else sees it when it is a guest who no longer does", () => {
    expect(decideAbsence(stored([claimOf(OWNER), claimOf(GUEST)]), look(GUEST))).toMatchObject({
      type: "noted",
      after: { claims: [claimOf(OWNER)] },
    });
    expect(decideAbsence(stored([claimOf(GUEST), claimOf(OTHER)]), look(GUEST))).toMatchObject({
      type: "noted",
      after: { claims: [claimOf(OTHER)] },
    });
    expect(decideAbsence(stored([claimOf(GUEST)]), look(GUEST))).toMatchObject({ type: "retired" });
  });

  it("that belongs to no account stays while anybody sees it", () => {
    const id = `sha256:${"0".repeat(64)}`;
    const certificate = (scope: string) => ({ source: "s", scope });
    const seen = stored([certificate("tls/office/global/certificate"), certificate("tls/dmz/global/certificate")], {
      id,
      kind: "certificate",
      provider: "tls",
      account: "office",
    });
    const scope = { provider: "tls", account: "office", region: "global", kind: "certificate" } as const;
    expect(decideAbsence(seen, { ...look(OWNER), scope })).toMatchObject({ type: "noted" });
  });

  it("that it never had, that is not known or that is retired is not its concern", () => {
    expect(decideAbsence(undefined, look(OWNER))).toBeUndefined();
    expect(decideAbsence(stored(), look(GUEST))).toBeUndefined();
    expect(decideAbsence(stored(), look(OWNER, { source: "t" }))).toBeUndefined();
    expect(decideAbsence(stored([], { status: "retired" }), look(OWNER))).toBeUndefined();
  });
});

describe("a sighting of another account's property", () => {
  const gone = (more: Partial<ResourceItem> = {}) =>
    stored([], { status: "retired", retiredAt: T1, sequence: 2, ...more });

  it("brings nothing back that its owner's account said is gone: that others see it is noted, and what they see is not heard", () => {
    const change = decideObservation(gone(), observation(GUEST, { state: "pending" }));
    expect(change).toMatchObject({
      type: "noted",
      after: { status: "retired", retiredAt: T1, claims: [claimOf(GUEST)], attributes: { state: "available" } },
    });
    expect(decideObservation(gone({ claims: [claimOf(GUEST)] }), observation(GUEST))).toBeUndefined();
  });

  it("is still known when the owner's account has it again", () => {
    const back = decideObservation(gone({ claims: [claimOf(GUEST)] }), observation(OWNER));
    expect(back).toMatchObject({ type: "returned", after: { claims: [claimOf(GUEST), claimOf(OWNER)] } });
  });

  it("goes from what is retired when its reporter no longer sees it", () => {
    const change = decideAbsence(gone({ claims: [claimOf(GUEST), claimOf(OTHER)] }), look(GUEST));
    expect(change).toMatchObject({
      type: "noted",
      after: { status: "retired", claims: [claimOf(OTHER)], sequence: 2 },
    });
  });

  it("lapses when nobody is left who sees it, and comes back with whoever sees it again", () => {
    const lapsed = decideAbsence(stored([claimOf(GUEST)]), look(GUEST));
    expect(lapsed).toMatchObject({ type: "retired", after: { lapsed: true, claims: [] } });
    const back = decideObservation({ ...(lapsed?.after as ResourceItem), version: 5 }, observation(OTHER));
    expect(back).toMatchObject({ type: "returned", after: { claims: [claimOf(OTHER)], status: "active" } });
    expect(back?.after).not.toHaveProperty("lapsed");
  });

  it("never takes away what the owner's account has, also when that account's collector was revoked", () => {
    const both = stored([claimOf(OWNER, "old"), claimOf(GUEST)]);
    const ended = new Set(["old"]);
    expect(decideAbsence(both, look(GUEST), ended)).toMatchObject({
      type: "noted",
      after: { claims: [claimOf(OWNER, "old")] },
    });
    expect(decideObservation(both, observation(GUEST, { state: "pending" }), ended)).toBeUndefined();
  });
});

describe("a claim of a collector that was revoked", () => {
  const ended = new Set(["old"]);

  it("keeps nothing alive that another source of the account no longer has", () => {
    const change = decideAbsence(stored([claimOf(OWNER, "old"), claimOf(OWNER)]), look(OWNER), ended);
    expect(change).toMatchObject({ type: "retired" });
  });

  it("keeps no sighting, and no certificate", () => {
    expect(decideAbsence(stored([claimOf(GUEST), claimOf(OTHER, "old")]), look(GUEST), ended)).toMatchObject({
      type: "retired",
      after: { lapsed: true },
    });
    const id = `sha256:${"0".repeat(64)}`;
    const scope = { provider: "tls", account: "office", region: "global", kind: "certificate" } as const;
    const claims = [
      { source: "s", scope: "tls/office/global/certificate" },
      { source: "old", scope: "tls/dmz/global/certificate" },
    ];
    const seen = stored(claims, { id, kind: "certificate", provider: "tls", account: "office" });
    expect(decideAbsence(seen, { ...look(OWNER), scope }, ended)).toMatchObject({ type: "retired" });
  });

  it("does not hold against what others see of a certificate", () => {
    const id = `sha256:${"0".repeat(64)}`;
    const scope = { provider: "tls", account: "dmz", region: "global", kind: "certificate" } as const;
    const claims = [{ source: "old", scope: "tls/office/global/certificate" }];
    const seen = stored(claims, { id, kind: "certificate", provider: "tls", account: "office" });
    const told = observation(OTHER, { state: "pending", scope });
    expect(decideObservation(seen, told)).toMatchObject({ type: "noted" });
    expect(decideObservation(seen, told, ended)).toMatchObject({ type: "updated" });
  });

  it("confirms nothing", () => {
    expect(isConfirmed(stored([claimOf(OWNER, "old")]), ended)).toBe(false);
    expect(isConfirmed(stored([claimOf(OWNER, "old"), claimOf(OWNER)]), ended)).toBe(true);
    expect(isConfirmed(stored([claimOf(GUEST)]), ended)).toBe(false);
    expect(isConfirmed(stored([], { status: "retired" }), ended)).toBe(true);
    expect(isConfirmed(stored([], { status: "retired", lapsed: true }), ended)).toBe(false);
  });
});

describe("an attribute that could not be found out", () => {
  const seen = (attributes: Record<string, unknown>, unknown?: string[]) =>
    observation(OWNER, {
      contentHash: JSON.stringify([attributes, unknown]),
      resource: { id: SUBNET, name: "a", tags: { env: "prod" }, attributes, volatile: {}, ...(unknown && { unknown }) },
    });
  const known = (attributes: Record<string, unknown>) => stored([claimOf(OWNER)], { attributes, contentHash: "known" });

  it("stands as it was known, which is no change, and neither is that it is known again", () => {
    const unsure = decideObservation(known({ state: "available", host: true }), seen({ state: "available" }, ["host"]));
    expect(unsure).toMatchObject({ type: "noted", changes: [], after: { attributes: { host: true }, sequence: 1 } });
    const after = { ...(unsure?.after as ResourceItem), version: 5 };
    const again = decideObservation(after, seen({ state: "available", host: true }));
    expect(again).toMatchObject({ type: "noted", changes: [], after: { attributes: { host: true } } });
  });

  it("does not hide what else changed, nor that it changed itself", () => {
    const before = known({ state: "available", host: true });
    expect(decideObservation(before, seen({ state: "pending" }, ["host"]))).toMatchObject({
      type: "updated",
      changes: [{ path: "attributes.state", before: "available", after: "pending" }],
      after: { attributes: { state: "pending", host: true } },
    });
    expect(decideObservation(before, seen({ state: "available", host: false }, ["host"]))).toMatchObject({
      type: "updated",
      changes: [{ path: "attributes.host", before: true, after: false }],
    });
    expect(decideObservation(before, seen({ state: "available" }))).toMatchObject({
      type: "updated",
      changes: [{ path: "attributes.host", before: true }],
    });
  });

  it("is not there when it was never known", () => {
    const change = decideObservation(known({ state: "available" }), seen({ state: "available" }, ["host", "toString"]));
    expect(change?.after.attributes).toEqual({ state: "available" });
  });
});

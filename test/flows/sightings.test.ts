import { approveCollector, revokeCollector } from "@cadastre/core/access/decide-collector";
import { registerCollector } from "@cadastre/core/access/register-collector";
import { aCollector, aKey } from "@cadastre/core/access/testing";
import { patchAccount } from "@cadastre/core/accounts/accounts";
import { type Context, DEFAULT_RETENTION_DAYS, systemActor } from "@cadastre/core/context";
import { listJobs } from "@cadastre/core/jobs/list";
import { countListed } from "@cadastre/core/register/counts";
import { getResource } from "@cadastre/core/register/resources";
import { findResources } from "@cadastre/core/register/search";
import { retention } from "@cadastre/core/retention/retention";
import { parseSearch } from "@cadastre/core/subjects/parse-search";
import { whoseAddress } from "@cadastre/core/whose/whose";
import { describe, expect, it } from "vitest";
import { createTestContext } from "../support/context.ts";
import { crashAt } from "../support/crashing-table.ts";
import { aRun, instanceScope, ACCOUNT as OWNER, type Raw, type SeenScope } from "../support/estate.ts";
import { countDump, indexDump } from "../support/index-dump.ts";
import { found, historyTypes, snapshot } from "../support/register.ts";
import { runJobs } from "../support/run-jobs.ts";

const GUEST = "444455556666";
const SYSTEM = systemActor("test");

function aSubnet(n: number, { name = "", prefix = `10.${n}.0.0/16` } = {}): Raw {
  const attributes = {
    subnetId: `subnet-${n}`,
    network: `arn:aws:ec2:us-east-1:${OWNER}:vpc/vpc-1`,
    ownerAccount: OWNER,
    cloudReservedCount: 5,
    blocks: [{ prefix, role: "primary" }],
  };
  return { id: `arn:aws:ec2:us-east-1:${OWNER}:subnet/subnet-${n}`, name, tags: {}, attributes };
}

const seenBy = (account: string, ...resources: Raw[]): SeenScope => ({
  key: instanceScope({ account, kind: "subnet" }),
  resources,
});

/** A collector that an operator has approved, and what it delivers. */
async function approved(context: Context, name: string) {
  const collector = await registerCollector(context, SYSTEM, aCollector(aKey(), { name, accounts: ["*"] }));
  await approveCollector(context, SYSTEM, collector.id);
  return {
    deliver: (...scopes: SeenScope[]) => aRun(scopes, { reporter: collector }).deliver(context),
    revoke: () => revokeCollector(context, SYSTEM, collector.id),
  };
}

/** The register, its index and its counts say the same. */
async function expectWhole(context: Context): Promise<void> {
  expect((await indexDump(context)).missing).toEqual([]);
  const counts = await countDump(context);
  expect(counts.stored).toEqual(counts.expected);
  for (const [id, { indexed }] of Object.entries(await snapshot(context))) expect(indexed, id).toBe(true);
}

describe("a subnet that an account reports and another owns", () => {
  it("and that is retired is kept for as long as somebody reports it", async () => {
    const { context, clock } = await createTestContext();
    const [owner, guest] = [await approved(context, "owner"), await approved(context, "guest")];
    await owner.deliver(seenBy(OWNER, ...[1, 2, 3, 4, 5, 6, 7, 8].map((n) => aSubnet(n))));
    await guest.deliver(seenBy(GUEST, aSubnet(1), aSubnet(2)));
    await owner.deliver(seenBy(OWNER, ...[3, 4, 5, 6, 7, 8].map((n) => aSubnet(n))));
    clock.forward((DEFAULT_RETENTION_DAYS + 1) * 86_400);
    await runJobs(context, [retention]);
    expect(await found(context, "status:retired kind:subnet")).toHaveLength(2);
    await guest.deliver(seenBy(GUEST, aSubnet(1)));
    clock.forward(86_400);
    await runJobs(context, [retention]);
    expect(await found(context, "status:retired kind:subnet")).toEqual([aSubnet(1).id]);
    await owner.deliver(seenBy(OWNER, ...[1, 3, 4, 5, 6, 7, 8].map((n) => aSubnet(n))));
    expect((await getResource(context, aSubnet(1).id)).observedBy).toHaveLength(2);
    await expectWhole(context);
  });

  it("is shown as unconfirmed, with who reports it, until its owner's account has it itself", async () => {
    const { context } = await createTestContext();
    const { id } = aSubnet(1);
    const guest = await approved(context, "guest");
    await guest.deliver(seenBy(GUEST, aSubnet(1)));
    expect(await getResource(context, id)).toMatchObject({
      account: OWNER,
      confirmed: false,
      reportedBy: [`aws/${GUEST}`],
    });
    expect(await found(context, "confirmed:true kind:subnet")).toEqual([]);
    expect(await found(context, "confirmed:false kind:subnet")).toEqual([id]);

    await (await approved(context, "owner")).deliver(seenBy(OWNER, aSubnet(1)));
    const shown = await getResource(context, id);
    expect(shown).toMatchObject({ confirmed: true });
    expect(shown).not.toHaveProperty("reportedBy");
    expect(await found(context, "confirmed:true kind:subnet")).toEqual([id]);
    expect(await found(context, "confirmed:false kind:subnet")).toEqual([]);
    expect(await historyTypes(context, id)).toEqual(["created"]);
    await expectWhole(context);
  });

  it("stands behind what is confirmed where an address is asked for, and is not what the account's owner answers for", async () => {
    const { context } = await createTestContext();
    await (await approved(context, "owner")).deliver(seenBy(OWNER, aSubnet(1)));
    await (await approved(context, "guest")).deliver(seenBy(GUEST, aSubnet(9, { prefix: "10.1.0.0/30" })));
    await patchAccount(context, SYSTEM, { provider: "aws", account: OWNER }, { owner: "platform" }, {});
    const { items } = await whoseAddress(context, "10.1.0.1", { readsAccounts: true });
    expect(items).toMatchObject([
      { chain: [{ id: aSubnet(1).id, confirmed: true }], owner: { name: "platform", from: `aws/${OWNER}` } },
      { chain: [{ id: aSubnet(9).id, confirmed: false, reportedBy: [`aws/${GUEST}`] }] },
    ]);
    expect(items[0]?.chain[0]).not.toHaveProperty("reportedBy");
    expect(items[1]).not.toHaveProperty("owner");
  });

  it("stays as the owner says it is, and gone when the owner says so, whatever the other account reports", async () => {
    const { context } = await createTestContext();
    const { id } = aSubnet(1);
    const [owner, guest] = [await approved(context, "owner"), await approved(context, "guest")];
    await owner.deliver(seenBy(OWNER, aSubnet(1, { name: "web" }), aSubnet(2)));
    await guest.deliver(seenBy(GUEST, aSubnet(1, { name: "stolen", prefix: "10.0.0.0/8" })));
    expect(await getResource(context, id)).toMatchObject({ name: "web", confirmed: true });
    await owner.deliver(seenBy(OWNER, aSubnet(2)));
    await guest.deliver(seenBy(GUEST, aSubnet(1, { name: "stolen again" }), aSubnet(2)));
    expect(await getResource(context, id)).toMatchObject({ status: "retired", name: "web", confirmed: true });
    expect(await historyTypes(context, id)).toEqual(["created", "retired"]);
    expect(await found(context, "ip:10.1.0.1")).toEqual([]);
    await owner.deliver(seenBy(OWNER, aSubnet(1, { name: "web" }), aSubnet(2)));
    expect(await found(context, `account:${GUEST}`)).toEqual([id, aSubnet(2).id]);
    await expectWhole(context);
  });

  it("is found by its address after all that is confirmed, on pages of any size", async () => {
    const { context } = await createTestContext();
    const guest = await approved(context, "guest");
    await guest.deliver(seenBy(GUEST, aSubnet(9, { prefix: "10.1.2.0/28" }), aSubnet(8, { prefix: "10.1.2.0/24" })));
    await (await approved(context, "owner")).deliver(
      seenBy(OWNER, aSubnet(1, { prefix: "10.1.0.0/16" }), aSubnet(2, { prefix: "10.1.2.0/24" })),
    );
    const chain = [2, 1, 9, 8].map((n) => aSubnet(n).id);
    for (const limit of [1, 3, 50]) {
      const ids: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await findResources(context, parseSearch("ip:10.1.2.5", context.now()), { limit, cursor });
        ids.push(...page.items.map(({ id }) => id));
        cursor = page.cursor;
      } while (cursor !== undefined);
      expect(ids).toEqual(chain);
    }
    expect(await found(context, "cidr:10.1.2.0/24")).toHaveLength(3);
  });
});

describe("when a collector is revoked", () => {
  it("what it alone saw of others is retired, in the register, its index, its counts and its history", async () => {
    const { context } = await createTestContext();
    const guest = await approved(context, "guest");
    await (await approved(context, "owner")).deliver(seenBy(OWNER, aSubnet(2)));
    await guest.deliver(seenBy(GUEST, aSubnet(1), aSubnet(2)), seenBy("777788889999", aSubnet(1)));
    await guest.revoke();
    expect(await getResource(context, aSubnet(1).id)).toMatchObject({ confirmed: false, reportedBy: [] });
    await runJobs(context);
    expect(await getResource(context, aSubnet(1).id)).toMatchObject({ status: "retired", confirmed: false });
    expect(await getResource(context, aSubnet(2).id)).toMatchObject({ status: "active", confirmed: true });
    expect(await historyTypes(context, aSubnet(1).id)).toEqual(["created", "retired"]);
    expect(await found(context, "ip:10.1.0.1")).toEqual([]);
    expect(await countListed(context, { account: GUEST })).toBe(0);
    expect((await listJobs(context, { limit: 10, name: "end-sightings" })).items).toMatchObject([
      { state: "done", progress: { done: 3 } },
    ]);
    await expectWhole(context);
  });

  it("another that is approved under its name brings back what it sees, although nothing has changed", async () => {
    const { context } = await createTestContext();
    const guest = await approved(context, "guest");
    const seen = Array.from({ length: 3 }, (_, n) => aSubnet(n + 1));
    await guest.deliver(seenBy(GUEST, ...seen));
    await guest.revoke();
    await runJobs(context);
    expect(await found(context, "kind:subnet")).toEqual([]);
    const next = await approved(context, "guest");
    await next.deliver(seenBy(GUEST, ...seen));
    expect(await found(context, "confirmed:false kind:subnet")).toEqual(seen.map(({ id }) => id));
    expect(await getResource(context, aSubnet(1).id)).toMatchObject({ reportedBy: [`aws/${GUEST}`] });
    expect((await next.deliver(seenBy(GUEST, ...seen))).opened.state).toBe("unchanged");
    await expectWhole(context);
  });

  it.each(["another goes on where it died", "it is done again first"])(
    "it is killed at any write while its sightings end, and %s: what another one under its name sees is back",
    async (how) => {
      const seen = Array.from({ length: 20 }, (_, n) => aSubnet(n + 1));
      for (let at = 1, died = true; died; at++) {
        const { context, clock, table } = await createTestContext();
        const guest = await approved(context, "guest");
        await guest.deliver(seenBy(GUEST, ...seen));
        await guest.revoke();
        const dying = crashAt(table, at);
        await runJobs({ ...context, table: dying }).catch(() => undefined);
        died = dying.writes() >= at;
        if (how === "it is done again first") {
          clock.forward(3600);
          await runJobs(context);
          expect(await found(context, "kind:subnet"), `died at write ${at}`).toEqual([]);
        }
        const next = await approved(context, "guest");
        await next.deliver(seenBy(GUEST, ...seen));
        const all = await found(context, "confirmed:false kind:subnet");
        expect(all.toSorted(), `died at write ${at}`).toEqual(seen.map(({ id }) => id).toSorted());
        expect((await next.deliver(seenBy(GUEST, ...seen))).opened.state).toBe("unchanged");
        await expectWhole(context);
      }
    },
  );

  it("and another approved under its name before anything was ended, all stays and is confirmed as before", async () => {
    const { context } = await createTestContext();
    const guest = await approved(context, "both");
    await guest.deliver(seenBy(GUEST, aSubnet(1)), seenBy(OWNER, aSubnet(2)));
    await guest.revoke();
    expect(await getResource(context, aSubnet(2).id)).toMatchObject({
      status: "active",
      confirmed: false,
      reportedBy: [],
    });
    await approved(context, "both");
    await runJobs(context);
    expect((await listJobs(context, { limit: 10, name: "end-sightings" })).items).toMatchObject([
      { state: "done", attempts: 0, progress: { done: 0 } },
    ]);
    expect(await getResource(context, aSubnet(1).id)).toMatchObject({ reportedBy: [`aws/${GUEST}`] });
    expect(await getResource(context, aSubnet(2).id)).toMatchObject({ status: "active", confirmed: true });
  });

  it("what it saw of its own account is nobody's word, goes when another collector of the account misses it, and never by a guest", async () => {
    const { context } = await createTestContext();
    const [old, next, guest] = [
      await approved(context, "old"),
      await approved(context, "next"),
      await approved(context, "guest"),
    ];
    const all = [aSubnet(1), aSubnet(2), aSubnet(3)];
    for (const one of [old, next]) await one.deliver(seenBy(OWNER, ...all.slice(0, 2)));
    await old.deliver(seenBy(OWNER, ...all));
    await guest.deliver(seenBy(GUEST, ...all));
    await old.revoke();
    await runJobs(context);
    expect(await getResource(context, aSubnet(3).id)).toMatchObject({ status: "active", confirmed: false });
    await next.deliver(seenBy(OWNER, aSubnet(2)));
    await guest.deliver(seenBy(GUEST, aSubnet(2)));
    expect(await getResource(context, aSubnet(1).id)).toMatchObject({ status: "retired", confirmed: true });
    expect(await getResource(context, aSubnet(3).id)).toMatchObject({ status: "active", confirmed: false });
    await expectWhole(context);
  });
});

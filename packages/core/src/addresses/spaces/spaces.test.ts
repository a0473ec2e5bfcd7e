import { newSpace } from "@cadastre/contract/addresses/space";
import { newId } from "@cadastre/contract/ids";
import { create, put, replace } from "@cadastre/store/table";
import { beforeEach, describe, expect, it } from "vitest";
import { aContext, anActorOf, auditRecords, type TestContext } from "../../audit/testing.ts";
import { closingWrites, enterSpace, whileHalted } from "./gate.ts";
import { AddressSpaceGateItem, AddressSpaceItem, AddressSpaceListItem } from "./items.ts";
import { listSpaces } from "./list-spaces.ts";
import { requireSpace } from "./read.ts";
import { spacesOf } from "./rules.ts";
import { createSpace, replaceSpace } from "./spaces.ts";

const ACTOR = anActorOf("service-account", "sva_1");
const CLAIMING = { requireMayClaim: async () => undefined };
const MISSING = newId("space", new Date(0));

let context: TestContext;
beforeEach(() => {
  context = aContext();
});

const aSpace = (name: string, ...rules: object[]) =>
  createSpace(context, ACTOR, newSpace.parse({ name, rules }), CLAIMING);

describe("the address space of an observed network", () => {
  const network = (id: string, account = "111122223333") => ({
    provider: "aws" as const,
    account,
    network: `arn:aws:ec2:eu-west-1:${account}:vpc/${id}`,
  });

  it("follows from the most specific rule, and is none where no rule is about it", async () => {
    const all = await aSpace("all", { provider: "aws" });
    const account = await aSpace("account", { provider: "aws", account: "111122223333" });
    const one = await aSpace("one", { provider: "aws", account: "111122223333", network: "vpc-1" });
    const other = await aSpace("other", { provider: "aws", network: "vpc-2" });
    const gcp = {
      provider: "gcp" as const,
      account: "shop",
      network: "//compute.googleapis.com/projects/shop/global/networks/vpc-1",
    };
    const asked = [network("vpc-1"), network("vpc-2"), network("vpc-3"), network("vpc-1", "444455556666"), gcp];
    expect(await spacesOf(context, asked)).toEqual([one.id, other.id, account.id, all.id, undefined]);
  });

  it("costs four keys, however many spaces there are", async () => {
    for (let n = 0; n < 30; n++) await aSpace(`space ${n}`, { provider: "aws", account: `${n}` });
    const { units, calls } = await context.table.meter.measure(() => spacesOf(context, [network("vpc-1", "7")]));
    expect([units.read, calls]).toEqual([4, 1]);
  });
});

describe("commits into an address space", () => {
  const note = (name: string) => create(AddressSpaceListItem, { id: name, name });

  it("rest on its gate, which costs two units: what was decided before its tags changed, or it was deleted, does not come in", async () => {
    const { id } = await aSpace("space");
    const { gate } = await enterSpace(context, id);
    const entering = await context.table.meter.measure(() => enterSpace(context, id));
    expect([entering.units.read, entering.units.write]).toEqual([2, 0]);
    const alone = await context.table.meter.measure(() => context.table.commit([note("a"), note("b")]));
    const gated = await context.table.meter.measure(() => context.table.commit([gate, note("c"), note("d")]));
    expect(gated.units.write - alone.units.write).toBe(2);
    await whileHalted(context, id, async ({ turn }) => context.table.commit([...turn, note("change")]));
    await expect(context.table.commit([gate, note("e")])).rejects.toMatchObject({ name: "ConflictError" });
    for (let n = 0; n < 40; n++) await context.table.commit([(await enterSpace(context, id)).gate, note(`f${n}`)]);
    const again = await enterSpace(context, id);
    await context.table.commit(closingWrites(context, id));
    await expect(context.table.commit([again.gate, note("g")])).rejects.toMatchObject({ name: "ConflictError" });
  });

  it("wait for who changes what it may hold, and what was decided before does not come in behind its back", async () => {
    const { id } = await aSpace("space");
    const { gate } = await enterSpace(context, id);
    let entering: Promise<unknown> | undefined;
    let isIn = false;
    await whileHalted(context, id, async ({ turn }) => {
      await expect(context.table.commit([gate, note("before")])).rejects.toMatchObject({ name: "ConflictError" });
      entering = enterSpace(context, id).then((entered) => {
        isIn = true;
        return context.table.commit([entered.gate, note("after")]);
      });
      for (let n = 0; n < 10; n++) await requireSpace(context, id);
      expect(isIn).toBe(false);
      await context.table.commit([...turn, note("change")]);
    });
    await entering;
    expect(isIn).toBe(true);
  });

  it("are let in again where nothing is changed, or the change fails", async () => {
    const { id } = await aSpace("space");
    expect(await whileHalted(context, id, async () => "nothing")).toBe("nothing");
    await enterSpace(context, id);
    const failing = whileHalted(context, id, () => Promise.reject(new TypeError("no")));
    await expect(failing).rejects.toThrow(TypeError);
    await enterSpace(context, id);
  });

  it("come in after a minute where who changes it has died, and that one's commit fails then", async () => {
    const { id } = await aSpace("space");
    const late = whileHalted(context, id, async ({ turn }) => {
      context.advance(60);
      await context.table.commit([(await enterSpace(context, id)).gate, note("in")]);
      try {
        await context.table.commit([...turn, note("late")]);
      } catch (error) {
        throw new TypeError("as it should", { cause: error });
      }
    });
    await expect(late).rejects.toMatchObject({ message: "as it should", cause: { name: "ConflictError" } });
  });

  it("are told after a while that it is being changed, and so is who wants to change it", async () => {
    const { id } = await aSpace("space");
    await whileHalted(context, id, async () => {
      const both = [enterSpace(context, id), whileHalted(context, id, async () => undefined)];
      const outcomes = await Promise.allSettled(both);
      expect(outcomes).toMatchObject([1, 2].map(() => ({ reason: { code: "space.changing" } })));
    });
  });

  it("of several that change what it may hold one is at it at a time, also where nobody ever was", async () => {
    const { id } = await aSpace("space");
    let [at, most, done] = [0, 0, 0];
    const change = () =>
      whileHalted(context, id, async ({ turn }) => {
        at += 1;
        most = Math.max(most, at);
        await requireSpace(context, id);
        at -= 1;
        done += 1;
        await context.table.commit([...turn, note(`change ${done}`)]);
      });
    await Promise.all([change(), change(), change()]);
    expect([most, done]).toEqual([1, 3]);
  });

  it("of one that is being deleted are refused, and of one that is not there or not to be known of it is nothing", async () => {
    const { id } = await aSpace("space");
    const { version, ...item } = await requireSpace(context, id);
    const deletion = { job: "job_1", since: "2026-11-22T05:00:00.000Z" };
    await context.table.commit([replace(AddressSpaceItem, { ...item, deletion }, version)]);
    await expect(enterSpace(context, id)).rejects.toMatchObject({ code: "space.deleting" });
    await expect(whileHalted(context, id, async () => 0)).rejects.toMatchObject({ code: "space.deleting" });
    const change = replaceSpace(context, ACTOR, id, newSpace.parse({ name: "x" }), CLAIMING);
    await expect(change).rejects.toMatchObject({ code: "space.deleting" });
    const limited = { ...context, spaces: { isDefault: false, except: [] } };
    for (const read of [requireSpace(context, MISSING), requireSpace(limited, id), enterSpace(limited, id)])
      await expect(read).rejects.toMatchObject({ code: "space.not_found", message: "There is no such address space" });
  });

  it("take slots that are those of the gate", async () => {
    const { id } = await aSpace("space");
    const slots = new Set<number>();
    for (let n = 0; n < 300; n++) {
      const { gate } = await enterSpace(context, id);
      slots.add((gate as { readonly key: { readonly slot: number } }).key.slot);
    }
    const slotsOf = (writes: readonly object[]) =>
      new Set(writes.map((write) => (write as { readonly item: { readonly slot: number } }).item.slot));
    expect(slotsOf(closingWrites(context, id))).toEqual(slots);
    await whileHalted(context, id, async ({ turn }) => {
      expect(slotsOf(turn)).toEqual(slots);
      await context.table.commit(turn);
    });
    expect((await context.table.query(AddressSpaceGateItem, { partition: `address-space#${id}` })).items).toHaveLength(
      16,
    );
  });
});

describe("address spaces", () => {
  it("leave one record each, with what changed, and none where nothing did", async () => {
    const { id } = await aSpace("space");
    const again = newSpace.parse({ name: "space" });
    await replaceSpace(context, ACTOR, id, again, CLAIMING);
    await replaceSpace(context, ACTOR, id, { ...again, description: "d" }, CLAIMING);
    const records = (await auditRecords(context)).map(({ action, target, changes }) => ({ action, target, changes }));
    expect(records).toEqual([
      { action: "space.create", target: id, changes: [expect.objectContaining({ path: "" })] },
      { action: "space.replace", target: id, changes: [{ path: "description", before: "", after: "d" }] },
    ]);
  });

  it("at once: of two changes of one version one is refused", async () => {
    const { id, version } = await aSpace("space");
    const change = (name: string) =>
      replaceSpace(context, ACTOR, id, newSpace.parse({ name }), { ...CLAIMING, version });
    const both = await Promise.allSettled([change("a"), change("b")]);
    expect(both.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
  });

  it("that make a page cost the same among thousands, and so do those of who may read few", async () => {
    const now = context.now().toISOString();
    const ids: string[] = [];
    for (let n = 0; n < 5000; n++) ids.push(newId("space", context.now()));
    const item = (id: string, n: number) => {
      const said = newSpace.parse({ name: `space ${n}` });
      return { ...said, id, createdOn: now, createdBy: "system", modifiedOn: now };
    };
    await context.table.load(
      ids.flatMap((id, n) => [
        put(AddressSpaceItem, item(id, n)),
        put(AddressSpaceListItem, { id, name: `space ${n}` }),
      ]),
    );
    const measured = (query: object, more: object = {}) =>
      context.table.meter.measure(() => listSpaces({ ...context, ...more }, { limit: 50, ...query }));
    const page = await measured({});
    expect(page.result.items).toHaveLength(50);
    expect([page.calls, page.units.read]).toEqual([2, 52]);
    const few = [ids[4999], ids[7], MISSING].map(String);
    const limited = await measured({}, { spaces: { isDefault: false, except: few } });
    expect(limited.result.items.map(({ id }) => id)).toEqual([ids[7], ids[4999]]);
    expect(limited.result.cursor).toBeUndefined();
    expect([limited.calls, limited.units.read]).toEqual([1, 3]);
    const found = await measured({ nameContains: "SPACE 4999" });
    expect([found.result.items, typeof found.result.cursor]).toEqual([[], "string"]);
    expect(found.units.read).toBeLessThan(60);
    const all: string[] = [];
    let cursor: string | undefined;
    do {
      const next = await listSpaces(context, { limit: 50, nameContains: "SPACE 4999", cursor });
      all.push(...next.items.map(({ name }) => name));
      cursor = next.cursor;
    } while (cursor !== undefined);
    expect(all).toEqual(["space 4999"]);
  });

  it("of who may read a few are told page by page, none twice and none left out", async () => {
    const made: string[] = [];
    for (let n = 0; n < 7; n++) made.push((await aSpace(`space ${n}`)).id);
    const limited = { ...context, spaces: { isDefault: false, except: made.toReversed() } };
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await listSpaces(limited, { limit: 3, cursor });
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.cursor;
    } while (cursor !== undefined);
    expect(seen).toEqual(made);
  });
});

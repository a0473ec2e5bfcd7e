import { newIp } from "@cadastre/contract/addresses/ip";
import { newSpace } from "@cadastre/contract/addresses/space";
import { newTag } from "@cadastre/contract/addresses/tag";
import { deleteSpace, keepSpace, previewDeletion } from "@cadastre/core/addresses/deletion/delete-space";
import { emptySpace } from "@cadastre/core/addresses/deletion/empty-space";
import { enterSpace } from "@cadastre/core/addresses/spaces/gate";
import { AddressSpaceItem, AddressSpaceListItem } from "@cadastre/core/addresses/spaces/items";
import { requireSpace } from "@cadastre/core/addresses/spaces/read";
import { spacesOf } from "@cadastre/core/addresses/spaces/rules";
import { createSpace } from "@cadastre/core/addresses/spaces/spaces";
import { TagUseItem, tagUsePartition } from "@cadastre/core/addresses/tags/items";
import { createTag } from "@cadastre/core/addresses/tags/tags";
import { createIp } from "@cadastre/core/addresses/tree/create-ip";
import {
  IpIdItem,
  IpItem,
  IpLengthsItem,
  IpPastItem,
  ObservedItem,
  observedPartition,
  pastPartition,
  spacePartition,
  WindowItem,
} from "@cadastre/core/addresses/tree/items";
import { listIps } from "@cadastre/core/addresses/tree/list";
import { aContext, anActorOf, auditRecords } from "@cadastre/core/audit/testing";
import { type Context, DEFAULT_HOLD_POLICY, FIRST_ORGANIZATION } from "@cadastre/core/context";
import { getJob } from "@cadastre/core/jobs/list";
import { runDueJobs } from "@cadastre/core/jobs/run-due";
import { create, put, replace, type Write } from "@cadastre/store/table";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openDynamo } from "../store/open-dynamo.ts";
import { crashAt } from "../support/crashing-table.ts";

const ACTOR = anActorOf("service-account", "sva_1");
const RULE = { provider: "aws", account: "111122223333" } as const;

interface Opened {
  readonly context: Context;
  readonly advance: (seconds: number) => void;
  readonly close: () => Promise<void>;
}

const DRIVERS: Record<string, () => Promise<Opened>> = {
  SQLite: async () => {
    const context = aContext();
    return { context, advance: context.advance, close: () => context.table.close() };
  },
  DynamoDB: async () => {
    const { table, clock, close } = await openDynamo();
    const rest = { organization: FIRST_ORGANIZATION, holdPolicy: DEFAULT_HOLD_POLICY, retentionDays: 400 };
    return { context: { table, now: clock.now, ...rest }, advance: clock.advance, close };
  },
};

describe.each(Object.keys(DRIVERS))("an address space that is deleted, over %s", (driver) => {
  let opened: Opened;
  let context: Context;
  let space: string;
  let ips: string[];
  let count = 0;
  beforeAll(async () => {
    opened = await (DRIVERS[driver] as () => Promise<Opened>)();
    context = opened.context;
  });
  afterAll(() => opened.close());

  const plan = (prefix: string, tags: Record<string, string> = {}) =>
    createIp(context, ACTOR, space, newIp.parse({ prefix, tags }));
  const may = { requireMayClaim: async () => undefined };
  const named = (name: string, rules: object[] = []) =>
    createSpace(context, ACTOR, newSpace.parse({ name, rules }), may);

  beforeEach(async () => {
    count += 1;
    space = (await named(`space ${count}`)).id;
    await createTag(context, ACTOR, space, newTag.parse({ name: "env", type: "Inheritable" }));
    ips = [];
    for (const prefix of ["10.0.0.0/8", "10.0.0.0/16", "2001:db8::/32"])
      ips.push((await plan(prefix, { env: prefix })).id);
    for (let n = 0; n < 3; n++) ips.push((await plan(`10.0.${n}.0/24`)).id);
    const seen = {
      externalId: "vpc-1",
      role: "primary",
      isDefault: false,
      provider: "aws",
      account: "1",
      region: "eu-west-1",
      name: "",
    } as const;
    const observed = { space, prefix: "10.9.0.0/16", resource: "r", tags: {}, seenAt: context.now().toISOString() };
    await context.table.commit([put(ObservedItem, { ...observed, ...seen, kind: "network" })]);
  });

  const left = async () => {
    const { table } = context;
    const partition = spacePartition(space);
    const query = { partition, consistent: true };
    const found: readonly { readonly items: readonly object[] }[] = await Promise.all([
      table.query(IpItem, query),
      table.query(WindowItem, query),
      table.query(IpLengthsItem, query),
      table.query(AddressSpaceItem, query),
      table.query(ObservedItem, { partition: observedPartition(space) }),
      table.query(IpPastItem, { partition: pastPartition(space) }),
      ...[0, 1, 2, 3].map((slot) =>
        table.query(TagUseItem, { partition: tagUsePartition({ space, tag: "env", slot }) }),
      ),
    ]);
    const held = await table.getMany(
      IpIdItem,
      ips.map((id) => ({ id })),
    );
    const listed = await table.get(AddressSpaceListItem, { id: space });
    return [...found.flatMap(({ items }) => items), ...held, listed].filter((item) => item !== undefined);
  };
  const codeOf = (work: Promise<unknown>) => work.then(() => "done").catch((error: { code?: string }) => error.code);
  const later = (seconds: number) => new Date(context.now().getTime() + seconds * 1000);
  /** Another runner, once nobody has the run in hand. */
  const goOn = async () => {
    opened.advance(61);
    await runDueJobs(context, [emptySpace], { until: later(3600) });
  };
  /** A deletion whose runner dies at its n-th write. */
  const dying = async (at: number) => {
    const table = crashAt(context.table, at);
    await deleteSpace({ ...context, table }, ACTOR, space).catch(() => undefined);
    return table.writes();
  };

  it("is shown with what would go, which changes nothing, and goes with all of it; its name is free", async () => {
    const shown = await previewDeletion(context, space);
    expect(shown).toEqual({
      contents: [
        { of: "prefixes", count: 6 },
        { of: "observed blocks", count: 1 },
        { of: "tags", count: 1 },
      ],
    });
    const before = (await auditRecords(context)).length;
    const { contents, job } = await deleteSpace(context, ACTOR, space);
    expect(contents).toEqual(shown.contents);
    expect(await left()).toEqual([]);
    expect(await codeOf(requireSpace(context, space))).toBe("space.not_found");
    expect((await getJob(context, job as string)).state).toBe("done");
    const records = (await auditRecords(context)).slice(before);
    expect(records.map(({ action, target }) => [action, target])).toEqual([
      ["space.delete", space],
      ["job.end", job],
    ]);
    expect(await codeOf(deleteSpace(context, ACTOR, space))).toBe("space.not_found");
    await named(`space ${count}`);
  });

  it("has its rules until it is gone, and lets in nothing after that", async () => {
    space = (await named("claiming", [RULE])).id;
    const networks = [{ ...RULE, network: "vpc-1" }];
    const { gate } = await enterSpace(context, space);
    expect(await spacesOf(context, networks)).toEqual([space]);
    await deleteSpace(context, ACTOR, space);
    expect(await spacesOf(context, networks)).toEqual([undefined]);
    // Nobody had ever written its gate: as it was before, so it is not again.
    const comes = context.table.commit([gate, create(IpIdItem, { id: "ip_3", space, prefix: "10.0.0.0/16" })]);
    await expect(comes).rejects.toMatchObject({ name: "ConflictError" });
    await deleteSpace(context, ACTOR, (await named("claiming", [RULE])).id);
  });

  it("keeps nothing that is planned at the same time, nor what was decided before and comes when all is over", async () => {
    const early = await enterSpace(context, space);
    const late = { id: "ip_1", space, prefix: "10.200.0.0/16" };
    const planned = Promise.allSettled(Array.from({ length: 8 }, (_, n) => plan(`10.${n + 100}.0.0/16`)));
    await Promise.all([planned, deleteSpace(context, ACTOR, space)]);
    expect(await left()).toEqual([]);
    const comes = context.table.commit([early.gate, create(IpIdItem, late)]);
    await expect(comes).rejects.toMatchObject({ name: "ConflictError" });
  });

  it("is one run however often it is asked for, and lets nothing in meanwhile", async () => {
    const { gate } = await enterSpace(context, space);
    await dying(3);
    const comes = context.table.commit([gate, create(IpIdItem, { id: "ip_2", space, prefix: "10.200.0.0/16" })]);
    await expect(comes).rejects.toMatchObject({ name: "ConflictError" });
    const { deletion } = await requireSpace(context, space);
    expect(await codeOf(plan("10.77.0.0/16"))).toBe("space.deleting");
    expect((await deleteSpace(context, ACTOR, space)).job).toBe(deletion?.job);
    await goOn();
    expect(await left()).toEqual([]);
  });

  it("is kept with what is left of it when it is told so, each prefix in its place; and can be deleted again", async () => {
    for (let n = 3; n < 12; n++) await plan(`10.0.${n}.0/24`);
    await dying(4);
    const kept = await keepSpace(context, ACTOR, space);
    expect(kept.deletion).toBeUndefined();
    const { items } = await listIps(context, space, {}, { limit: 100 });
    expect(items.length).toBeGreaterThan(0);
    expect(items.length).toBeLessThan(15);
    await goOn();
    expect((await listIps(context, space, {}, { limit: 100 })).items).toEqual(items);
    expect(await codeOf(keepSpace(context, ACTOR, space))).toBe("space.not_deleting");
    const gone = ["10.0.11.0/24", "10.0.10.0/24", "2001:db8::/32"].filter(
      (one) => !items.some(({ prefix }) => prefix === one),
    );
    expect(gone.length).toBeGreaterThan(0);
    for (const prefix of gone) expect(await codeOf(plan(prefix))).toBe("done");
    await deleteSpace(context, ACTOR, space);
    expect(await left()).toEqual([]);
  });

  it("that is kept while a runner is at it loses nothing more", async () => {
    for (let n = 3; n < 12; n++) await plan(`10.0.${n}.0/24`);
    const prefixes = async () => (await listIps(context, space, {}, { limit: 100 })).items.map(({ prefix }) => prefix);
    let atKept: string[] | undefined;
    const commit = async (writes: readonly Write[]) => {
      if (!atKept && writes.some(({ op, entity }) => op === "remove" && entity === IpItem)) {
        await keepSpace(context, ACTOR, space);
        atKept = await prefixes();
      }
      return context.table.commit(writes);
    };
    await deleteSpace({ ...context, table: { ...context.table, commit } }, ACTOR, space);
    expect(atKept).toHaveLength(15);
    await goOn();
    expect(await prefixes()).toEqual(atKept);
  });

  it("is not kept once its prefixes are gone", async () => {
    const { version, ...item } = await requireSpace(context, space);
    const deletion = {
      job: "job_01JD0000000000000000000000",
      since: context.now().toISOString(),
      isFinal: true,
    } as const;
    await context.table.commit([replace(AddressSpaceItem, { ...item, deletion }, version)]);
    expect(await codeOf(keepSpace(context, ACTOR, space))).toBe("space.deleting");
    await deleteSpace(context, ACTOR, space);
    expect(await left()).not.toContainEqual(expect.objectContaining({ name: item.name }));
  });

  it("is refused as it was not seen, and so is the preview", async () => {
    const { version } = await requireSpace(context, space);
    const seen = { version: version + 1 };
    expect(await codeOf(deleteSpace(context, ACTOR, space, seen))).toBe("request.precondition_failed");
    expect(await codeOf(previewDeletion(context, space, seen))).toBe("request.precondition_failed");
    await deleteSpace(context, ACTOR, space, { version });
  });

  // One driver is enough for what takes so long.
  if (driver === "SQLite")
    it("is gone in the end, whichever write its runner dies at", async () => {
      const first = await dying(Number.POSITIVE_INFINITY);
      expect(first).toBeGreaterThan(8);
      for (let at = 2; at <= first; at++) {
        space = (await named(`dying ${at}`)).id;
        await createTag(context, ACTOR, space, newTag.parse({ name: "env", type: "Inheritable" }));
        for (let n = 0; n < 12; n++) await plan(`10.0.${n}.0/24`, { env: "x" });
        await dying(at);
        await goOn();
        expect(await left()).toEqual([]);
      }
    });
});

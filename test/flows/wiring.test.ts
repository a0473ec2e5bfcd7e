import { afterEach, describe, expect, it, vi } from "vitest";
import { type ApiProcess, aTestCollector, startApiProcess } from "../support/api-process.ts";
import { anInstance, instanceScope, type Raw, type SeenScope } from "../support/estate.ts";
import { aSession, observing } from "../support/reporting.ts";

vi.setConfig({ testTimeout: 180_000 });

const collector = aTestCollector("aws-main");
const EAST = instanceScope();
const WEST = instanceScope({ region: "us-west-2" });
const many = (from: number, to: number, more: Parameters<typeof anInstance>[1] = {}): Raw[] =>
  Array.from({ length: to - from }, (_, n) => anInstance(from + n, more));

/** The estate as it is in round `n`: every time some come, some change, some go, and some of what had gone come back. */
const inRound = (n: number): SeenScope[] => [
  {
    key: EAST,
    resources: [
      ...many(n % 5, 66),
      anInstance(100, { state: `s${n}`, address: `10.9.0.${n}` }),
      ...many(200 + n, 203 + n),
    ],
  },
  { key: WEST, resources: many(300, 303 + (n % 2), { region: "us-west-2" }) },
];

const apis: ApiProcess[] = [];
async function anApiProcess(): Promise<ApiProcess> {
  const api = await startApiProcess({ collectors: [collector] });
  apis.push(api);
  return api;
}
afterEach(async () => {
  for (const api of apis.splice(0)) await api.remove();
});

/** The register after these rounds, undisturbed. */
async function undisturbed(rounds: readonly number[]) {
  const api = await anApiProcess();
  for (const n of rounds) await aSession(api, collector).run([observing(inRound(n))]);
  return api.endWithSnapshot();
}

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);

describe("kill -9 of the API", () => {
  it.each([
    { when: "after", step: 1 },
    { when: "before", step: 3 },
  ] as const)(
    "$when any of its writes, and started again, the register ends as if nothing had happened",
    async ({ when, step }) => {
      const api = await anApiProcess();
      const rounds: number[] = [];
      for (let write = 1, killed = true; killed; write += step) {
        const before = api.kills();
        await api.arm({ write, when });
        rounds.push(rounds.length);
        const result = await aSession(api, collector).run([observing(inRound(rounds.length - 1))]);
        expect(result, `killed ${when} write ${write}`).toMatchObject({ delivered: true, earlier: [] });
        killed = api.kills() > before;
      }
      expect(api.kills()).toBeGreaterThan(10 / step);
      expect(await api.endWithSnapshot()).toEqual(await undisturbed(rounds));
    },
  );

  it.each(["run-opened", "uploading", "run-completed"])("from outside, at %s, loses nothing", async (point) => {
    const api = await anApiProcess();
    const rounds = upTo(3);
    for (const n of rounds) {
      let armed = true;
      const onProgress = (event: { type: string }) => {
        if (event.type !== point || !armed) return;
        armed = false;
        api.kill();
      };
      await aSession(api, collector, { onProgress }).run([observing(inRound(n))]);
      await api.revive();
    }
    expect(api.kills()).toBe(rounds.length);
    expect(await api.endWithSnapshot()).toEqual(await undisturbed(rounds));
  });
});

describe("an API that is down", () => {
  it("for whole runs gets them later, oldest first, and retires what it would have retired then", async () => {
    const api = await anApiProcess();
    await aSession(api, collector).run([observing(inRound(0))]);
    await api.down();
    const runs: string[] = [];
    for (const n of [1, 2, 3]) {
      const result = await aSession(api, collector).run([observing(inRound(n))]);
      expect(result).toMatchObject({ delivered: false, state: "spooled", problem: { code: "api.unavailable" } });
      runs.push(result.run);
    }
    await api.start();
    const drained = await aSession(api, collector).drain();
    expect(drained.runs.map(({ run, state }) => ({ run, state }))).toEqual(
      runs.map((run) => ({ run, state: "closed" })),
    );
    expect(drained.waiting).toBe(0);
    expect(await api.endWithSnapshot()).toEqual(await undisturbed(upTo(4)));
  });

  it("for a run that another spool's newer one has come before ends with what is there now", async () => {
    const api = await anApiProcess();
    await aSession(api, collector).run([observing(inRound(0))]);
    await api.down();
    await aSession(api, collector, { spool: "late" }).run([observing(inRound(1))]);
    await api.start();
    await aSession(api, collector).run([observing(inRound(2))]);
    const late = await aSession(api, collector, { spool: "late" }).run([observing(inRound(2))]);
    expect(late.earlier).toMatchObject([{ delivered: true }]);
    expect((await aSession(api, collector).run([observing(inRound(2))])).state).toBe("unchanged");
    const control = Object.entries(await undisturbed([0, 2]));
    const all = await api.endWithSnapshot();
    for (const [id, { status, hash, claims }] of control)
      expect(all[id], id).toMatchObject({ status, hash, claims, indexed: true });
    for (const [id, resource] of Object.entries(all)) {
      if (!control.some(([known]) => known === id)) expect(resource.status, id).toBe("retired");
    }
  });
});

describe("collectors at the same time on one API", () => {
  it("of one name and of several, over the same scopes, make each resource once and lose none", async () => {
    const names = ["aws-main", "aws-second", "aws-third"];
    const several = names.map((name) => (name === collector.name ? collector : aTestCollector(name)));
    const api = await startApiProcess({ collectors: several });
    apis.push(api);
    const seen = (n: number): SeenScope[] => [
      { key: EAST, resources: many(0, 70, { state: `s${n}` }) },
      { key: WEST, resources: many(300, 310, { region: "us-west-2" }) },
    ];
    const sessions = upTo(6).map((n) =>
      aSession(api, several[n % 3] as (typeof several)[number], { spool: `spool-${n}`, delay: async () => undefined }),
    );
    for (const round of upTo(3)) {
      await Promise.all(
        sessions.map(async (session, n) => {
          await session.run([observing(seen(round * 10 + n))]);
          for (let left = 1; left > 0; ) left = (await session.drain()).waiting;
        }),
      );
    }
    for (const one of several) {
      const last = await aSession(api, one, { spool: "last" }).run([observing(seen(99))]);
      expect(last).toMatchObject({ delivered: true, totals: { created: 0, retired: 0 } });
    }
    const all = Object.values(await api.endWithSnapshot());
    expect(all).toHaveLength(80);
    const hashes = new Set(all.map(({ name, hash }) => `${name} ${hash}`));
    expect(hashes.size).toBe(80);
    for (const resource of all) {
      expect(resource).toMatchObject({ status: "active", indexed: true });
      expect(resource.claims).toHaveLength(3);
      expect(new Set(resource.events?.slice(1))).not.toContain("created");
      expect(resource.events).not.toContain("retired");
    }
  });
});

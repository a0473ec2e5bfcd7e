import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { splitAws } from "@cadastre/collectors/aws/observe";
import { createSession } from "@cadastre/collectors/session/session";
import { startApi } from "@cadastre/collectors/session/testing/api";
import { aKey } from "@cadastre/collectors/session/testing/builders";
import type { LogLine } from "@cadastre/contract/log";
import { awsEnvironment } from "@cadastre/simulator/aws/environment";
import { startAwsSimulator } from "@cadastre/simulator/aws/server";
import { createAwsEstate } from "@cadastre/simulator/estate-aws";
import { createFaults } from "@cadastre/simulator/faults";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { runInTurns } from "./in-turns.ts";

const MINUTE = 60_000;
let directory: string;
let at: number;
const now = () => new Date(at);
const log: LogLine[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "cadastre-turns-"));
  at = Date.parse("2026-03-01T08:00:00Z");
  log.length = 0;
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** One invocation of ten minutes, in which each part takes three. */
async function invoke<Part>(parts: readonly Part[], run: (part: Part) => Promise<void> = async () => undefined) {
  const done: Part[] = [];
  await runInTurns({
    parts,
    directory,
    now,
    deadline: new Date(at + 10 * MINUTE),
    log: (line) => log.push(line),
    run: async (part) => {
      done.push(part);
      at += 3 * MINUTE;
      await run(part);
    },
  }).catch((error: unknown) => done.push(error as Part));
  return done;
}

describe("parts that do not all fit the time", () => {
  const parts = ["a", "b", "c", "d", "e"];

  test("are gone on with the next time, each in its turn", async () => {
    expect(await invoke(parts)).toEqual(["a", "b", "c"]);
    expect(log).toMatchObject([
      { message: expect.stringContaining("goes on with the other parts"), done: 3, parts: 5 },
    ]);
    expect(await invoke(parts)).toEqual(["d", "e", "a"]);
    expect(await invoke(parts)).toEqual(["b", "c", "d"]);
  });

  test("each come first in their hour where nobody remembers", async () => {
    const first: string[] = [];
    for (let hour = 0; hour < parts.length; hour++) {
      at = Date.parse("2026-03-01T08:00:00Z") + hour * 60 * MINUTE;
      await rm(join(directory, "next-part.json"), { force: true });
      first.push((await invoke(parts))[0] as string);
    }
    expect(first.sort()).toEqual(parts);
  });

  test("do not hold each other up: one that the runtime ends is not first again, one that fails is told at the end", async () => {
    const failed = await invoke(parts, (part) =>
      part === "a" ? Promise.reject(new Error("a failed")) : Promise.resolve(),
    );
    expect(failed).toEqual(["a", "b", "c", expect.objectContaining({ message: "a failed" })]);
    // Killed in the middle of "d": what is kept was written before it began.
    await Promise.race([invoke(parts, () => new Promise(() => undefined)), Promise.resolve()]);
    expect((await invoke(parts))[0]).toBe("e");
  });

  test("are begun anew when there are others", async () => {
    await invoke(parts);
    expect((await invoke(["x", "y"]))[0]).toBe("x");
    expect(await invoke(["one"])).toEqual(["one"]);
  });
});

test("an organization that does not fit one run is seen whole in several, the same accounts together each time", async () => {
  const estate = createAwsEstate({ seed: "turns", accounts: 12, regions: ["eu-west-1"], instancesPerAccountRegion: 1 });
  const simulator = await startAwsSimulator({ estate, faults: createFaults() });
  for (const [name, value] of Object.entries(awsEnvironment(simulator))) vi.stubEnv(name, value);
  const key = aKey();
  const api = await startApi({ now });
  await api.register(key.publicKey, { accounts: ["*"] });
  const { signal } = new AbortController();
  const { roleName, externalId } = { roleName: estate.role.name, externalId: estate.role.externalId };
  const split = splitAws({
    accounts: { organization: { roleName, externalId } },
    regions: ["eu-west-1"],
    accountsPerRun: 2,
  });
  try {
    const states: string[] = [];
    const look = async () => {
      const parts = await split({ now, log: () => undefined, signal, scopeDeadlineMilliseconds: 30_000 });
      expect(parts.length).toBeGreaterThan(3);
      return invoke(parts, async (observe) => {
        const session = createSession({
          api: api.url,
          signer: key.signer,
          spoolDirectory: join(directory, "spool"),
          now,
          log: () => undefined,
          collectorVersion: "test",
          signal,
        });
        const { delivered, state, failures } = await session.run([observe]);
        expect([delivered, failures]).toEqual([true, []]);
        states.push(state);
      });
    };
    const seen = async () => {
      const { items } = await api.ask<{ items: { account: string; status: string }[] }>(
        "GET",
        "/api/v1/discovery/status?limit=200",
      );
      return new Set(items.filter(({ status }) => status === "complete").map(({ account }) => account));
    };
    const active = estate.accounts.filter(({ state }) => state === "ACTIVE").map(({ id }) => id);
    await look();
    const after = (await seen()).size;
    expect(after).toBeGreaterThan(0);
    expect(after).toBeLessThan(active.length);
    for (let turn = 0; turn < 3; turn++) await look();
    expect([...(await seen())].sort()).toEqual([...active].sort());
    states.length = 0;
    await look();
    expect(states).toEqual(["unchanged", "unchanged", "unchanged"]);
  } finally {
    vi.unstubAllEnvs();
    await simulator.stop();
    await api.end();
  }
});

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSession } from "@cadastre/collectors/session/session";
import { startApi, type TestApi } from "@cadastre/collectors/session/testing/api";
import { aKey, anInstance, observing } from "@cadastre/collectors/session/testing/builders";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createClock } from "../support/context.ts";

const clock = createClock();
const key = aKey();
let api: TestApi;
const directories: string[] = [];

beforeEach(async () => {
  api = await startApi({ now: clock.now });
  await api.register(key.publicKey);
});
afterEach(async () => {
  await api.end();
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

/** A machine with a spool and a clock of its own, which is off by so many seconds; all have the one collector's key. */
function aMachine(offSeconds: number) {
  const spoolDirectory = mkdtempSync(join(tmpdir(), "cadastre-older-"));
  directories.push(spoolDirectory);
  const now = () => new Date(clock.now().getTime() + offSeconds * 1000);
  const session = (isCut = false) =>
    createSession({
      api: api.url,
      signer: key.signer,
      spoolDirectory,
      now,
      log: () => undefined,
      collectorVersion: "test",
      signal: new AbortController().signal,
      delay: async () => undefined,
      ...(isCut ? { fetch: () => Promise.reject(new TypeError("fetch failed")) } : {}),
    });
  const look = (numbers: readonly number[]) =>
    observing(
      "us-east-1",
      numbers.map((number) => anInstance(number)),
    );
  return {
    look: (...numbers: number[]) => session().run([look(numbers)]),
    /** Without a network: the run waits in the spool. */
    lookCutOff: (...numbers: number[]) => session(true).run([look(numbers)]),
    drain: () => session().drain(),
  };
}

const known = async () =>
  (await api.registered()).map((id) => Number.parseInt(id.slice(-17), 16)).sort((a, b) => a - b);

describe.each([
  ["right", 0, 0],
  ["off, the older one ahead", 200, -200],
  ["off, the older one behind", -200, 200],
])("two machines whose clocks are %s", (_, first, second) => {
  it("an older look that is delivered later retires nothing of what a newer one saw, and the next one does", async () => {
    const [late, prompt] = [aMachine(first), aMachine(second)];
    await prompt.look(1, 2);
    clock.forward(600);
    await late.lookCutOff(1, 2);
    clock.forward(600);
    await prompt.look(1, 2, 3);
    clock.forward(600);
    expect((await late.drain()).runs).toMatchObject([{ delivered: true, totals: { retired: 0 } }]);
    expect(await known()).toEqual([1, 2, 3]);
    clock.forward(600);
    // What it says is what the register was told last, and it is looked at all the same.
    expect(await prompt.look(1, 2)).toMatchObject({ totals: { retired: 1 } });
    expect(await known()).toEqual([1, 2]);
    clock.forward(600);
    expect(await prompt.look(1, 2)).toMatchObject({ state: "unchanged" });
  });

  it("also of what a newer one saw as it was known, for which nothing was opened", async () => {
    const [late, prompt] = [aMachine(first), aMachine(second)];
    await prompt.look(1, 2, 3);
    clock.forward(600);
    await late.lookCutOff(1, 2);
    clock.forward(600);
    expect(await prompt.look(1, 2, 3)).toMatchObject({ state: "unchanged" });
    clock.forward(600);
    await late.drain();
    expect(await known()).toEqual([1, 2, 3]);
    expect(await prompt.look(1, 2, 3)).toMatchObject({ delivered: true });
    expect(await known()).toEqual([1, 2, 3]);
  });

  it("a newer look retires what is gone, also right after an older one that waited", async () => {
    const [late, prompt] = [aMachine(first), aMachine(second)];
    await prompt.look(1, 2, 3);
    clock.forward(600);
    await late.lookCutOff(1, 2, 3, 4);
    clock.forward(60);
    // It delivers what waits first, after it has looked itself.
    await late.look(1, 2);
    expect(await known()).toEqual([1, 2]);
    clock.forward(60);
    await prompt.look(1);
    expect(await known()).toEqual([1]);
  });
});

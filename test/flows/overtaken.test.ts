import type { Context } from "@cadastre/core/context";
import { RunItem } from "@cadastre/core/discovery/items";
import { getResource } from "@cadastre/core/register/resources";
import { describe, expect, it } from "vitest";
import { createTestContext } from "../support/context.ts";
import { anInstance, aRun, instanceScope, type SeenScope } from "../support/estate.ts";
import { tableWith } from "../support/table-with.ts";

/** A scope of one instance: its number is its region's. */
const seen = (n: number, state: string): SeenScope => ({
  key: instanceScope({ region: `region-${n}` }),
  resources: [anInstance(n, { region: `region-${n}`, state })],
});
const many = (from: number, to: number, state: string) =>
  Array.from({ length: to - from }, (_, n) => seen(from + n, state));

async function stateOf(context: Context, n: number): Promise<unknown> {
  const { attributes } = await getResource(context, seen(n, "").resources[0]?.id as string);
  return attributes.state;
}

/** Opens a run and sends all that it has, and is never heard of again. */
async function abandon(context: Context, scopes: readonly SeenScope[]) {
  const run = aRun(scopes);
  await run.uploadAll(context, await run.open(context));
}

/** The run completes its scopes; before that is settled, something else happens. */
async function completeWith(context: Context, run: ReturnType<typeof aRun>, meanwhile: () => Promise<void>) {
  let happened = false;
  const table = tableWith(context.table, {
    async commit(writes) {
      const settles = writes.some((write) => write.op === "replace" && write.entity === RunItem);
      if (settles && !happened) {
        happened = true;
        await meanwhile();
      }
      return context.table.commit(writes);
    },
  });
  await run.complete({ ...context, table });
  expect(happened).toBe(true);
}

describe("what an abandoned run wrote is undone by the next whole run", () => {
  it("that says what the register said before, whichever of three overlapping sets of scopes it reports", async () => {
    const { context } = await createTestContext();
    await aRun([seen(1, "running"), seen(2, "running")]).deliver(context);
    await aRun([seen(1, "running")]).deliver(context);
    await abandon(context, [seen(1, "stopped"), seen(3, "running")]);
    expect(await stateOf(context, 1)).toBe("stopped");
    await aRun([seen(1, "running"), seen(2, "running")]).deliver(context);
    expect(await stateOf(context, 1)).toBe("running");
  });

  it("also when a run of many scopes that it had overtaken was completed after it", async () => {
    const { context } = await createTestContext();
    await aRun(many(0, 120, "running")).deliver(context);
    const late = aRun(many(0, 120, "stopping"));
    await late.uploadAll(context, await late.open(context));
    await abandon(context, many(0, 120, "stopped"));
    expect((await late.complete(context)).scopes).toEqual([]);
    await aRun(many(0, 120, "running")).deliver(context);
    expect(await stateOf(context, 5)).toBe("running");
  });

  it.each([
    ["the same scopes", [seen(1, "stopped")], true],
    ["the same scopes, for the first time", [seen(1, "stopped")], false],
    ["other scopes too", [seen(1, "stopped"), seen(2, "stopped")], true],
    ["other scopes too, for the first time", [seen(1, "stopped"), seen(2, "stopped")], false],
  ])("also when it was opened while another run was completed: %s", async (_, scopes, known) => {
    const { context } = await createTestContext();
    if (known) await aRun([seen(1, "pending")]).deliver(context);
    const run = aRun([seen(1, "running")]);
    await run.uploadAll(context, await run.open(context));
    await completeWith(context, run, () => abandon(context, scopes));
    expect(await stateOf(context, 1)).toBe("stopped");
    await aRun([seen(1, "running")]).deliver(context);
    expect(await stateOf(context, 1)).toBe("running");
  });

  it("at once, when it was opened while a run that had nothing but another set to report was about to be noted", async () => {
    const { context } = await createTestContext();
    await aRun([seen(1, "running"), seen(2, "running")]).deliver(context);
    let happened = false;
    const table = tableWith(context.table, {
      async commit(writes) {
        if (!happened) {
          happened = true;
          await abandon(context, [seen(1, "stopped"), seen(3, "running")]);
          expect(await stateOf(context, 1)).toBe("stopped");
        }
        return context.table.commit(writes);
      },
    });
    await aRun([seen(1, "running")]).deliver({ ...context, table });
    expect(happened).toBe(true);
    expect(await stateOf(context, 1)).toBe("running");
  });
});

describe("sets of scopes that overlap", () => {
  it("cost no more than others once each was reported", async () => {
    const { context } = await createTestContext();
    await aRun(many(0, 60, "a")).deliver(context);
    await aRun(many(30, 90, "b")).deliver(context);
    await aRun(many(0, 60, "c")).deliver(context);
    const again = await context.table.meter.measure(() => aRun(many(0, 60, "c")).open(context));
    expect(again.result.state).toBe("unchanged");
    expect(again.units.read).toBeLessThan(3);
    expect(again.units.write).toBeLessThan(10);
  });
});

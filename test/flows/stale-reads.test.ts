import { anActorOf } from "@cadastre/core/audit/testing";
import type { Context } from "@cadastre/core/context";
import { approveHold, listHolds } from "@cadastre/core/discovery/holds";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createTestContext } from "../support/context.ts";
import { anInstance, aRun, instanceScope, type SeenScope } from "../support/estate.ts";
import { laggingTable } from "../support/lagging-table.ts";
import { present } from "../support/register.ts";

const OPERATOR = anActorOf("user", "usr_1", "req_2");
const REGIONS = ["us-east-1", "us-west-2"];
const PER_REGION = 3;

/** For each instance of each region its state, or nothing where it is gone. */
const aCloud = fc.array(fc.option(fc.integer({ min: 0, max: 1 }), { nil: undefined }), {
  minLength: REGIONS.length * PER_REGION,
  maxLength: REGIONS.length * PER_REGION,
});
type Cloud = readonly (number | undefined)[];

function seen(cloud: Cloud, regions: readonly string[]): SeenScope[] {
  return regions.map((region) => {
    const first = REGIONS.indexOf(region) * PER_REGION;
    const resources = cloud.slice(first, first + PER_REGION).flatMap((state, n) => {
      return state === undefined ? [] : [anInstance(first + n, { region, state: `s${state}` })];
    });
    return { key: instanceScope({ region }), resources };
  });
}

const aStep = fc.record({
  cloud: aCloud,
  regions: fc.subarray(REGIONS, { minLength: 1 }),
  how: fc.constantFrom("deliver", "deliver", "abandon", "twice"),
});

async function play(context: Context, step: { cloud: Cloud; regions: string[]; how: string }): Promise<void> {
  const run = aRun(seen(step.cloud, step.regions));
  if (step.how === "abandon") {
    await run.uploadAll(context, await run.open(context));
    return;
  }
  await run.deliver(context);
  if (step.how === "twice") await run.deliver(context);
}

describe("a replica that has not heard of the last writes", () => {
  it("never makes discovery settle on what is no longer so", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(aStep, { minLength: 1, maxLength: 6 }),
        fc.array(fc.boolean(), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 12 }),
        async (steps, lateness, lag) => {
          const { context, table } = await createTestContext();
          let read = 0;
          const isLate = () => lateness[read++ % lateness.length] === true;
          const late: Context = { ...context, table: laggingTable(table, { lag, isLate }) };
          for (const step of steps) await play(late, step);
          const cloud = steps[0]?.cloud as Cloud;
          await aRun(seen(cloud, REGIONS)).deliver(late);
          for (const { id } of (await listHolds(context, { limit: 100, state: "pending" })).items)
            await approveHold(context, OPERATOR, id, {});
          const undisturbed = (await createTestContext()).context;
          await aRun(seen(cloud, REGIONS)).deliver(undisturbed);
          expect(await present(context)).toEqual(await present(undisturbed));
          expect((await aRun(seen(cloud, REGIONS)).open(context)).state).toBe("unchanged");
        },
      ),
      { numRuns: 150 },
    );
  });
});

import type { Context } from "@cadastre/core/context";
import type { Units } from "@cadastre/store/table";
import { describe, expect, it } from "vitest";
import { createTestContext } from "../support/context.ts";
import { ACCOUNT, anInstance, aRun, instanceScope, type Raw, type SeenScope } from "../support/estate.ts";

/** Each signed request reads the collector strongly and writes a nonce: measured with the routes, added here by the design. */
const SIGNED_REQUEST = { read: 1, write: 1 };

function anEstate(resources: number, scopes: number, make: (n: number, region: string) => Raw): SeenScope[] {
  const each = resources / scopes;
  return Array.from({ length: scopes }, (_, s) => {
    const region = `region-${s}`;
    return {
      key: instanceScope({ region }),
      resources: Array.from({ length: each }, (_, n) => make(s * each + n, region)),
    };
  });
}

/** An elastic address: as small as resources get, so that many of them are made quickly. */
const anAddress = (n: number, region: string): Raw => ({
  id: `arn:aws:ec2:${region}:${ACCOUNT}:elastic-ip/eipalloc-${n.toString(16).padStart(17, "0")}`,
  name: "",
  tags: {},
  attributes: { type: "external", address: `52.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}` },
});

async function unitsOf(
  context: Context,
  scopes: readonly SeenScope[],
): Promise<{ units: Units; state: string; updated: number }> {
  const { result, units } = await context.table.meter.measure(() => aRun(scopes).deliver(context));
  const requests = result.opened.state === "unchanged" ? 1 : 2 + result.uploads;
  return {
    units: { read: units.read + requests * SIGNED_REQUEST.read, write: units.write + requests * SIGNED_REQUEST.write },
    state: result.opened.state,
    updated: result.completed?.totals.updated ?? 0,
  };
}

describe.each([1, 500])("an estate of 10,000 resources in %i scopes", (scopes) => {
  it("costs at most 30 read and 10 write units when nothing changed, and 60 in all when one resource did", async () => {
    const { context } = await createTestContext();
    const region = (n: number) => `region-${Math.floor(n / (10_000 / scopes))}`;
    const estate = anEstate(10_000, scopes, (n) => anInstance(n, { region: region(n) }));
    await aRun(estate).deliver(context);
    const unchanged = await unitsOf(context, estate);
    expect(unchanged.state).toBe("unchanged");
    expect(unchanged.units.read).toBeLessThanOrEqual(30);
    expect(unchanged.units.write).toBeLessThanOrEqual(10);
    const changed = anEstate(10_000, scopes, (n) =>
      anInstance(n, { region: region(n), ...(n === 4321 ? { state: "stopped" } : {}) }),
    );
    const one = await unitsOf(context, changed);
    expect(one.updated).toBe(1);
    expect(one.units.read + one.units.write).toBeLessThanOrEqual(60);
    expect((await unitsOf(context, changed)).units.write).toBeLessThanOrEqual(10);
  });
});

describe("an estate of 100,000 resources in 1,000 scopes", () => {
  it("costs at most 60 read and 10 write units when nothing changed", { timeout: 300_000 }, async () => {
    const { context } = await createTestContext();
    const estate = anEstate(100_000, 1000, anAddress).map((scope) => ({
      ...scope,
      key: { ...scope.key, kind: "address" as const },
    }));
    await aRun(estate).deliver(context);
    const unchanged = await unitsOf(context, estate);
    expect(unchanged.state).toBe("unchanged");
    expect(unchanged.units.read).toBeLessThanOrEqual(60);
    expect(unchanged.units.write).toBeLessThanOrEqual(10);
  });
});

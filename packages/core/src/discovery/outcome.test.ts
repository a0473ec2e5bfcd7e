import type { ScopeStatus } from "@cadastre/contract/scope";
import { describe, expect, it } from "vitest";
import type { Arrived } from "./arrived.ts";
import type { Outcome } from "./items.ts";
import { decideOutcome } from "./outcome.ts";

const AT = "2026-03-01T00:00:00.000Z";
const BEFORE = "2026-02-01T00:00:00.000Z";

function arrived(
  status: ScopeStatus,
  more: Partial<Pick<Arrived, "created" | "updated" | "retired">> = {},
  before?: Outcome,
): Arrived {
  const lease = {
    run: "run_1",
    generation: 3,
    status,
    errors: [{ code: "denied", message: "no" }],
    resources: 5,
    digest: "d",
    wanted: [],
    digests: new Uint8Array(),
  };
  const name = "aws/111122223333/us-east-1/instance";
  const scope = {
    source: "s",
    name,
    generation: 3,
    shardCount: 1,
    version: 1,
    lease,
    ...(before ? { outcome: before } : {}),
  };
  const states = new Map([[0, { digest: "x", missing: 2 }]]);
  return { scope, states, missingShards: [], created: 0, updated: 0, retired: 0, ...more };
}

const NONE = { retired: 0, held: 0 };

describe("what a run makes of a scope", () => {
  it("counts what it did, and what is missing", () => {
    const outcome = decideOutcome(arrived("complete", { created: 1, updated: 2 }), { retired: 1, held: 4 }, AT);
    expect(outcome).toMatchObject({ run: "run_1", generation: 3, digest: "d", resources: 5, missing: 2, runAt: AT });
    expect(outcome.result).toMatchObject({ created: 1, updated: 2, unchanged: 2, retired: 1, held: 4 });
  });

  it("is a change only when something changed", () => {
    const before = { ...decideOutcome(arrived("complete", { created: 1 }), NONE, BEFORE), run: "run_0" };
    expect(before.changeAt).toBe(BEFORE);
    expect(decideOutcome(arrived("complete", {}, before), NONE, AT).changeAt).toBe(BEFORE);
    expect(decideOutcome(arrived("complete", { updated: 1 }, before), NONE, AT).changeAt).toBe(AT);
    expect(decideOutcome(arrived("complete", {}, before), { retired: 1, held: 0 }, AT).changeAt).toBe(AT);
    expect(decideOutcome(arrived("complete"), NONE, AT)).not.toHaveProperty("changeAt");
  });

  it.each(["failed", "skipped"] as const)("leaves the number of its resources when it is %s", (status) => {
    const before = { ...decideOutcome(arrived("complete"), NONE, BEFORE), resources: 40, run: "run_0" };
    expect(decideOutcome(arrived(status, {}, before), NONE, AT)).toMatchObject({ resources: 40, runAt: AT });
    expect(decideOutcome(arrived(status), NONE, AT).resources).toBe(0);
  });

  it("includes what the same run did before it was interrupted, and nothing of another run", () => {
    const own = decideOutcome(arrived("complete", { created: 1, updated: 2 }), { retired: 7, held: 0 }, BEFORE);
    const before = { ...own, generation: 2 };
    expect(
      decideOutcome(arrived("complete", { retired: 3 }, before), { retired: 1, held: 0 }, AT).result,
    ).toMatchObject({
      created: 1,
      updated: 2,
      unchanged: 2,
      retired: 11,
    });
    expect(decideOutcome(arrived("complete", {}, { ...before, run: "run_0" }), NONE, AT).result).toMatchObject({
      created: 0,
      updated: 0,
      unchanged: 5,
      retired: 0,
    });
  });

  it("asks the shards that were sent for their numbers where another run has had the scope meanwhile", () => {
    const own = decideOutcome(arrived("complete", { created: 1, updated: 2 }), { retired: 7, held: 0 }, BEFORE);
    const before = { ...own, generation: 1 };
    const result = decideOutcome(arrived("complete", { created: 1, updated: 2 }, before), NONE, AT).result;
    expect(result).toMatchObject({ created: 1, updated: 2, unchanged: 2, retired: 7 });
  });

  it("has never less than nothing unchanged, though a run that is opened again with less has made more", () => {
    const own = decideOutcome(arrived("complete", { created: 4 }), NONE, BEFORE);
    const again = decideOutcome(arrived("complete", { updated: 4 }, { ...own, generation: 2 }), NONE, AT);
    expect(again.result).toMatchObject({ created: 4, updated: 4, unchanged: 0 });
  });
});

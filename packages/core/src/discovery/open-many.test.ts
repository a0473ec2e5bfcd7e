import { describe, expect, it } from "vitest";
import { aContext } from "../audit/testing.ts";
import { aRun } from "./testing.ts";

describe("a run that opens", () => {
  it("fits in its commits, however near it is to what one of them takes", async () => {
    for (let count = 40; count < 52; count++) {
      const context = aContext();
      const sights = (status: "skipped" | "failed") =>
        Array.from({ length: count }, (_, n) => ({ status, region: `region-${n}` }));
      await aRun(sights("skipped")).deliver(context);
      const opened = await aRun(sights("failed")).open(context);
      expect(opened.scopes.every(({ verdict }) => verdict === "recorded")).toBe(true);
    }
  });
});

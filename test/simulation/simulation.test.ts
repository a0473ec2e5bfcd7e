import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { explore, playAll } from "./pool.ts";
import { toText } from "./report.ts";
import type { Story } from "./story.ts";

interface Vector {
  readonly about: string;
  readonly story: Story;
}

const vectors = JSON.parse(readFileSync(new URL("vectors.json", import.meta.url), "utf8")) as Vector[];
const seconds = Number(process.env.CADASTRE_SIMULATION_SECONDS ?? 20);

/** A slow machine plays fewer stories, or takes longer for those that are always played; neither is a failure. */
const NO_LIMIT = 0;

describe("a simulated story", { timeout: NO_LIMIT }, () => {
  it("is told again, to the byte, by its seed", async () => {
    const seeds = Array.from({ length: 6 }, (_, n) => `again-${n}`);
    const [first, second] = [await playAll(seeds), await playAll([...seeds].reverse())];
    expect(second.map(({ digest }) => digest).reverse()).toEqual(first.map(({ digest }) => digest));
    expect(new Set(first.map(({ digest }) => digest)).size).toBe(seeds.length);
  });

  it("that failed once and was mended does not fail again", async () => {
    const outcomes = await playAll(vectors.map(({ story }) => story));
    for (const [at, { about }] of vectors.entries()) {
      const outcome = outcomes[at];
      if (outcome === undefined) throw new Error(`${about} was not played`);
      expect(outcome.problems, toText(outcome)).toEqual([]);
    }
  });

  it(
    `leaves the register, its history, its records and its index as they must be, in ${seconds} seconds of new ones`,
    async () => {
      const base = randomBytes(4).toString("hex");
      const { stories, steps, failed } = await explore({ base, seconds, workers: 1, stops: true });
      process.stdout.write(`simulated ${stories} stories, ${steps} steps, from seed ${base}-0 on\n`);
      const texts = failed.map(({ seed, problems, shortest }) =>
        shortest ? toText(shortest) : `${seed}: ${problems[0]}`,
      );
      expect(texts.join("\n\n"), "npm run simulate -- --seed SEED").toBe("");
      expect(stories).toBeGreaterThan(0);
    },
    NO_LIMIT,
  );
});

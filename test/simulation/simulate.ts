import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { explore, playAll } from "./pool.ts";
import { toText } from "./report.ts";
import type { Story } from "./story.ts";

/**
 * `npm run simulate`: made-up stories for a while, or one of a seed or a file again, shortened when it fails. With `--json` it
 * is printed as it stands in `vectors.json`.
 */
const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    file: { type: "string" },
    json: { type: "boolean", default: false },
    base: { type: "string" },
    seconds: { type: "string", default: "60" },
    stories: { type: "string" },
    workers: { type: "string", default: String(availableParallelism()) },
    stop: { type: "boolean", default: false },
    "no-shrink": { type: "boolean", default: false },
  },
});
/** How often a long run says how far it is. */
const TELL_MILLISECONDS = 60_000;
const shrinks = !values["no-shrink"];
const write = (text: string) => process.stdout.write(`${text}\n`);

const given = values.file === undefined ? values.seed : (JSON.parse(readFileSync(values.file, "utf8")) as Story);

if (given !== undefined) {
  const [outcome] = await playAll([given], { shrinks });
  if (outcome === undefined) throw new Error("nothing was played");
  const { story, problems, steps } = outcome.shortest ?? outcome;
  write(values.json ? JSON.stringify(story) : toText({ story, problems, steps }));
  process.exitCode = outcome.problems.length === 0 ? 0 : 1;
} else {
  const base = values.base ?? randomBytes(4).toString("hex");
  const startedAt = performance.now();
  write(`seeds ${base}-0, ${base}-1, …`);
  let toldAt = startedAt;
  const explored = await explore({
    base,
    seconds: Number(values.seconds),
    workers: Number(values.workers),
    most: values.stories === undefined ? Number.POSITIVE_INFINITY : Number(values.stories),
    shrinks,
    stops: values.stop,
    onPlayed(stories) {
      const now = performance.now();
      if (now - toldAt < TELL_MILLISECONDS) return;
      toldAt = now;
      write(`${stories} stories in ${((now - startedAt) / 1000).toFixed(0)} s`);
    },
    onFailed({ seed, problems, shortest }) {
      write(`\n${seed} failed: ${problems[0]}`);
      if (shortest !== undefined) write(`shortest: ${toText(shortest)}`);
    },
  });
  const seconds = (performance.now() - startedAt) / 1000;
  const { stories, steps, failed } = explored;
  const { user, system } = process.cpuUsage();
  write(
    [
      "",
      `${stories} stories (${(stories / seconds).toFixed(1)}/s), ${steps} steps (${(steps / seconds).toFixed(0)}/s)`,
      `${((user + system) / 1e6 / Math.max(1, stories)).toFixed(3)} s of CPU for each`,
      `${failed.length} failed`,
    ].join("\n"),
  );
  process.exitCode = failed.length === 0 ? 0 : 1;
}

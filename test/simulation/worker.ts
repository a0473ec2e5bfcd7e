import "./environment.ts";
import { parentPort, workerData } from "node:worker_threads";
import type { FromWorker, Task } from "./pool.ts";

// After the environment, so that nothing of the product is loaded before it.
const { play } = await import("./play.ts");
const { makeStory } = await import("./story.ts");
const { kindOfProblem, shrink } = await import("./shrink.ts");

const task = workerData as Task;
const say = (message: FromWorker) => parentPort?.postMessage(message);

if (task.kind === "play") {
  const outcomes = [];
  for (const one of task.stories) {
    const outcome = await play(typeof one === "string" ? makeStory(one) : one);
    const { trace: _, ...rest } = outcome;
    outcomes.push(task.shrinks && outcome.problems.length > 0 ? { ...rest, shortest: await shrink(outcome) } : rest);
  }
  say({ type: "outcomes", outcomes });
} else {
  const shrunk = new Set<string>();
  const until = Date.now() + task.seconds * 1000;
  for (let n = task.first; Date.now() < until && n < task.most; n += task.step) {
    const outcome = await play(makeStory(`${task.base}-${n}`));
    const { problems } = outcome;
    say({ type: "played", steps: outcome.steps });
    const [problem] = problems;
    if (problem === undefined) continue;
    const isNew = !shrunk.has(kindOfProblem(problem));
    shrunk.add(kindOfProblem(problem));
    const shortest = isNew && task.shrinks ? await shrink(outcome) : undefined;
    say({ type: "failed", seed: outcome.story.seed, problems, ...(shortest === undefined ? {} : { shortest }) });
    if (task.stops) break;
  }
}

import { type Outcome, play } from "./play.ts";
import type { Step, Story } from "./story.ts";

const MOST_PLAYS = 250;

/** A problem without what is particular to one telling of it: ids, numbers and names of resources. */
export function kindOfProblem(problem: string): string {
  return problem
    .replace(/\b[a-z]+_[0-9A-HJKMNP-TV-Z]{26}\b/g, "ID")
    .replace(/(arn:|sha256:)\S+/g, "RESOURCE")
    .replace(/\/api\/v1\/resources\S*/g, "/api/v1/resources")
    .replace(/ix#\S+ \S+/g, "ENTRY")
    .replace(/[0-9a-f]{16,}/g, "HASH")
    .replace(/\d+/g, "N")
    .replace(/(RESOURCE,?)+/g, "RESOURCE")
    .slice(0, 160);
}

function withoutScopes(story: Story): Story[] {
  return story.collectors.flatMap((collector, at) =>
    collector.scopes.length < 2
      ? []
      : collector.scopes.map((place) => {
          const scopes = collector.scopes.filter((other) => other !== place);
          const collectors = story.collectors.map((one, n) => (n === at ? { ...one, scopes } : one));
          const steps = story.steps.flatMap((step): Step[] => {
            if (step.act !== "run" || step.collector !== at) return [step];
            const kept = step.scopes.flatMap((other, n) => (other === place ? [] : [n]));
            if (kept.length === 0) return [];
            return [
              {
                ...step,
                scopes: kept.map((n) => step.scopes[n] as number),
                lies: kept.map((n) => step.lies[n] ?? "whole"),
              },
            ];
          });
          return { ...story, collectors, steps };
        }),
  );
}

/** Stories with one step made simpler. */
function withSimplerStep(story: Story): Story[] {
  return story.steps.flatMap((step, at) => {
    const replaced = (by: Step): Story => ({ ...story, steps: story.steps.map((one, n) => (n === at ? by : one)) });
    if (step.act === "edit") {
      return [
        ...step.set.map((n) => replaced({ ...step, set: step.set.filter((other) => other !== n) })),
        ...step.remove.map((n) => replaced({ ...step, remove: step.remove.filter((other) => other !== n) })),
      ];
    }
    if (step.act !== "run" || step.lies.every((lie) => lie === "whole")) return [];
    return [replaced({ ...step, lies: step.lies.map(() => "whole") })];
  });
}

/** Stories without the neighbour, or with less of it. */
function* withLessNeighbour({ neighbour, ...story }: Story): Generator<Story> {
  if (neighbour === undefined) return;
  yield story;
  for (const at of neighbour.steps.keys()) {
    yield { ...story, neighbour: { ...neighbour, steps: neighbour.steps.toSpliced(at, 1) } };
  }
  if (neighbour.shares.length > 0) yield { ...story, neighbour: { ...neighbour, shares: [] } };
  if (neighbour.deniedAtEnd.length > 0) yield { ...story, neighbour: { ...neighbour, deniedAtEnd: [] } };
}

/** Stories with less in them, the largest cuts first. */
function* shorter(story: Story): Generator<Story> {
  const { steps, only = [] } = story;
  yield* withLessNeighbour(story);
  for (let size = Math.ceil(steps.length / 2); size >= 1; size = size > 1 ? Math.ceil(size / 2) : 0) {
    for (let at = 0; at < steps.length; at += size) {
      yield { ...story, steps: [...steps.slice(0, at), ...steps.slice(at + size)] };
    }
  }
  for (let size = Math.ceil(only.length / 2); size >= 1; size = size > 1 ? Math.ceil(size / 2) : 0) {
    for (let at = 0; at < only.length; at += size) {
      yield { ...story, only: [...only.slice(0, at), ...only.slice(at + size)] };
    }
  }
  if (story.latency.stallRate > 0 || story.latency.slowRate > 0) {
    yield { ...story, latency: { slowRate: 0, stallRate: 0 } };
    yield { ...story, latency: { ...story.latency, stallRate: 0 } };
  }
  if (story.instances > 1) yield { ...story, instances: 1 };
  if (story.deniedAtEnd.length > 0) yield { ...story, deniedAtEnd: [] };
  if (story.shares.length > 0) yield { ...story, shares: [] };
  yield* withoutScopes(story);
  for (const collector of story.collectors.keys()) {
    if (story.collectors[collector]?.skewMilliseconds === 0) continue;
    const collectors = story.collectors.map((one, n) => (n === collector ? { ...one, skewMilliseconds: 0 } : one));
    yield { ...story, collectors };
  }
  yield* withSimplerStep(story);
}

/** The shortest story found that still has a problem of the same kind, with its outcome. */
export async function shrink(failed: Outcome): Promise<Outcome> {
  const [problem] = failed.problems;
  if (problem === undefined) return failed;
  const kind = kindOfProblem(problem);
  let plays = 0;
  const fails = async (story: Story): Promise<Outcome | undefined> => {
    plays += 1;
    const outcome = await play(story).catch(() => undefined);
    return outcome?.problems.some((other) => kindOfProblem(other) === kind) === true ? outcome : undefined;
  };
  let best = (await fails({ ...failed.story, rates: {}, only: failed.faults })) ?? failed;
  for (let better = true; better; ) {
    better = false;
    for (const story of shorter(best.story)) {
      if (plays >= MOST_PLAYS) return best;
      const outcome = await fails(story);
      if (outcome === undefined) continue;
      best = outcome;
      better = true;
      break;
    }
  }
  return best;
}

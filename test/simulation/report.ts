import type { Outcome } from "./play.ts";
import type { Step } from "./story.ts";

function stepText({ atMilliseconds, act, ...rest }: Step): string {
  const details = Object.entries(rest).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return `  ${(atMilliseconds / 1000).toFixed(3).padStart(9)} s  ${act} ${details.join(" ")}`;
}

/** A story and what was wrong at its end, for people. */
export function toText({ story, problems, steps }: Pick<Outcome, "story" | "problems" | "steps">): string {
  const scopes = story.scopes.map((scope, place) => `  ${place}: ${Object.values(scope).join("/")}`);
  const collectors = story.collectors.map(({ name, host, scopes: of, skewMilliseconds }) => {
    return `  ${name} on host ${host} looks at ${of.join()}, its clock is off by ${skewMilliseconds} ms`;
  });
  const faults = story.only ?? Object.entries(story.rates).map(([kind, rate]) => `${kind} at ${rate}`);
  return [
    `seed ${story.seed}: ${story.table}, ${story.instances} instances, ${steps} steps`,
    "scopes:",
    ...scopes,
    ...story.shares.map(({ from, to }) => `  what is in ${from} is also seen in ${to}`),
    "collectors:",
    ...collectors,
    "what happens:",
    ...story.steps.map(stepText),
    ...(story.deniedAtEnd.length > 0 ? [`  at the end the scopes ${story.deniedAtEnd.join()} are denied`] : []),
    `faults: ${faults.join(" ") || "none"}`,
    "what is wrong:",
    ...problems.map((problem) => `  ${problem}`),
  ].join("\n");
}

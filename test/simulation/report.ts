import type { Outcome } from "./play.ts";
import type { Part, Step } from "./story.ts";

function stepText({ atMilliseconds, act, ...rest }: Step): string {
  const details = Object.entries(rest).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return `  ${(atMilliseconds / 1000).toFixed(3).padStart(9)} s  ${act} ${details.join(" ")}`;
}

function linesOf({ scopes, shares, collectors, steps, deniedAtEnd }: Part): string[] {
  return [
    "scopes:",
    ...scopes.map((scope, place) => `  ${place}: ${Object.values(scope).join("/")}`),
    ...shares.map(({ from, to }) => `  what is in ${from} is also seen in ${to}`),
    "collectors:",
    ...collectors.map(({ name, host, scopes: of, skewMilliseconds }) => {
      return `  ${name} on host ${host} looks at ${of.join()}, its clock is off by ${skewMilliseconds} ms`;
    }),
    "what happens:",
    ...steps.map(stepText),
    ...(deniedAtEnd.length > 0 ? [`  at the end the scopes ${deniedAtEnd.join()} are denied`] : []),
  ];
}

/** A story and what was wrong at its end, for people. */
export function toText({ story, problems, steps }: Pick<Outcome, "story" | "problems" | "steps">): string {
  const faults = story.only ?? Object.entries(story.rates).map(([kind, rate]) => `${kind} at ${rate}`);
  return [
    `seed ${story.seed}: ${story.table}, ${story.instances} instances, ${steps} steps`,
    ...linesOf(story),
    ...(story.neighbour === undefined ? [] : ["in another organization:", ...linesOf(story.neighbour)]),
    `faults: ${faults.join(" ") || "none"}`,
    "what is wrong:",
    ...problems.map((problem) => `  ${problem}`),
  ].join("\n");
}

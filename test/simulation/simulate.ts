import "./environment.ts";

const { play } = await import("./play.ts");
const { makeStory } = await import("./story.ts");
const { shrink, kindOfProblem } = await import("./shrink.ts");
const { toText } = await import("./report.ts");

if (process.argv[2] === "--seed") {
  const outcome = await play(makeStory(process.argv[3] as string));
  const shortest = process.argv.includes("--whole") ? outcome : await shrink(outcome);
  console.log(toText(shortest));
  if (process.argv.includes("--trace")) {
    const { trace } = await play(shortest.story, { keepTrace: true });
    console.log(trace.join("\n"));
  }
} else {
  const from = Number(process.argv[2] ?? 0);
  const count = Number(process.argv[3] ?? 1);
  const started = performance.now();
  let steps = 0;
  let failed = 0;
  const kinds = new Map<string, string[]>();
  for (let n = from; n < from + count; n++) {
    const outcome = await play(makeStory(`s${n}`));
    steps += outcome.steps;
    if (outcome.problems.length === 0) continue;
    failed++;
    for (const kind of new Set(outcome.problems.map(kindOfProblem))) kinds.set(kind, [...(kinds.get(kind) ?? []), `s${n}`]);
  }
  for (const [kind, seeds] of kinds) console.log(seeds.length, seeds.slice(0, 5).join(), kind);
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage();
  console.log({
    perCpuSecond: count / ((user + system) / 1e6),
    count,
    failed,
    steps,
    perSecond: count / seconds,
    stepsPerSecond: steps / seconds,
  });
}

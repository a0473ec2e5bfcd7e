import type { Facts } from "../facts.ts";
import { COUNT, COUNT_STEPS, markIn } from "../jobs.ts";

/** What starts a job in its own commit, and says so in its own record. */
const STARTERS = ["hold.approve", "collector.revoke", "scope.forget"];

/** Every run has ended, and has the records of its beginning and its end once; what the clock starts need not leave any. */
function recorded({ jobs, audit }: Facts): string[] {
  return jobs.flatMap(({ id, state, endedAt, scheduledFor }) => {
    const count = (action: string) => audit.filter((one) => one.action === action && one.resource.id === id).length;
    const [ended, cancelled] = [count("job.end"), count("job.cancel")];
    const startedBy = audit.filter(({ action, detail }) => STARTERS.includes(action) && detail.job === id);
    const begun = count("job.run") + startedBy.length;
    if (endedAt === undefined) return [`${id} is ${state} although nothing is in its way`];
    if (scheduledFor !== undefined) {
      return begun > 0 || ended > 1 ? [`${id} was started by the clock and has ${begun} and ${ended} records`] : [];
    }
    if (begun !== 1) return [`${id} has ${begun} records of its beginning`];
    if (ended > 1 || ended + cancelled === 0 || (ended === 0 && state !== "cancelled")) {
      return [`${id} is ${state} and has ${ended} records of its end, ${cancelled} of being cancelled`];
    }
    return [];
  });
}

/** Steps take effect in their order, none after a later one; a run that is done has the effect of each. */
function inOrder({ jobs, appeared }: Facts): string[] {
  const marks = Map.groupBy(
    [...appeared.keys()].flatMap((key) => markIn(key) ?? []),
    ({ run }) => run,
  );
  return jobs
    .filter(({ name }) => name === COUNT)
    .flatMap(({ id, state }) => {
      const numbers = (marks.get(id) ?? []).map(({ n }) => n);
      if (numbers.some((n, at) => n < (numbers[at - 1] ?? 0)))
        return [`the steps of ${id} took effect as ${numbers.join()}`];
      if (state !== "done" || new Set(numbers).size === COUNT_STEPS) return [];
      return [`${id} is done, and only the steps ${numbers.join()} took effect`];
    });
}

export function judgeJobs(facts: Facts): string[] {
  return [...recorded(facts), ...inOrder(facts)];
}

import type { Facts } from "../facts.ts";

/** What was said and answered is there, once; what was refused is not. */
export function judgeSaid({ asked, deliveries, resources }: Facts): string[] {
  return asked
    .filter(({ kind }) => kind === "annotate")
    .flatMap(({ name, about }) => {
      const statuses = deliveries.filter((one) => one.asked === name).map(({ status }) => status);
      const one = resources.find(({ id }) => id === about.id);
      const text = one?.[about.field as "notes" | "owner"] ?? "";
      const times = text.split(String(about.mark)).length - 1;
      const isDone = statuses.some((status) => status !== undefined && status < 300);
      const isUnknown = statuses.some((status) => status === undefined || status >= 500);
      const what = `${String(about.field)} of ${String(about.id)}, answered ${statuses.join()},`;
      if (isDone && times !== 1) return [`${what} has ${String(about.mark)} ${times} times: ${text}`];
      if (!isDone && !isUnknown && times !== 0) return [`${what} has ${String(about.mark)} all the same: ${text}`];
      return [];
    });
}

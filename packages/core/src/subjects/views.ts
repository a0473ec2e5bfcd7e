import type { Context } from "../context.ts";
import type { AnySubject } from "./subject.ts";
import type { Found } from "./walk.ts";

/** Items as their subjects show them, in the same order. */
export async function viewAll(
  context: Context,
  subjects: readonly AnySubject[],
  found: readonly Pick<Found, "type" | "item">[],
): Promise<unknown[]> {
  const views = new Map<object, unknown>();
  await Promise.all(
    subjects.map(async (subject) => {
      const own = found.filter(({ type }) => type === subject.type);
      if (own.length === 0) return;
      const shown = await subject.view(
        context,
        own.map(({ item }) => item),
      );
      for (const [at, view] of shown.entries()) views.set(own[at] as object, view);
    }),
  );
  return found.map((one) => views.get(one));
}

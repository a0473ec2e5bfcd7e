import { defineEntity } from "@cadastre/store/entity";
import { put, remove, type Write } from "@cadastre/store/table";
import * as z from "zod";
import type { Context } from "../context.ts";

export const EndedSourceItem = defineEntity({
  type: "ended-source",
  about:
    "A source whose collector was revoked: what it reported is nobody's word until another is approved under its name",
  schema: z.object({ source: z.string(), endedAt: z.string() }),
  key: { partition: (of: { source: string }) => `ended-source#${of.source}`, sort: () => "ended" },
});

/** The job that a revocation starts: it ends what the source alone saw of others' property. */
export const END_SIGHTINGS = "end-sightings";

/** Sources whose word no longer counts, by their names. */
export type EndedSources = ReadonlySet<string>;

export const NONE_ENDED: EndedSources = new Set();

/** For the commit that revokes a collector. */
export const endSource = (source: string, at: Date): Write =>
  put(EndedSourceItem, { source, endedAt: at.toISOString() });

/** For the commit that approves one: it goes on with the source of its name. */
export const resumeSource = (source: string): Write => remove(EndedSourceItem, { source });

/** Which of the sources have ended. Half a unit for each, a whole one when read strongly. */
export async function readEnded(
  { table }: Context,
  sources: Iterable<string>,
  { consistent = false }: { readonly consistent?: boolean } = {},
): Promise<EndedSources> {
  const keys = [...new Set(sources)].map((source) => ({ source }));
  if (keys.length === 0) return NONE_ENDED;
  const items = await table.getMany(EndedSourceItem, keys, { consistent });
  return new Set(items.flatMap((item) => item?.source ?? []));
}

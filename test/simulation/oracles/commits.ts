import type { ChangeEntry } from "@cadastre/contract/changes";
import type { Appeared, Facts } from "../facts.ts";

/** Where a change stands in the feed, as its id tells. */
export const placeOf = ({ id }: Pick<ChangeEntry, "id">): string => Buffer.from(id, "base64url").toString();

/** When each change was committed, by its id. */
export function commitsOf({ appeared }: Facts): ReadonlyMap<string, Appeared> {
  const commits = new Map<string, Appeared>();
  for (const [key, when] of appeared) {
    const [partition, place = ""] = key.split("\n");
    if (partition?.startsWith("feed#")) commits.set(Buffer.from(place).toString("base64url"), when);
  }
  return commits;
}

import type { ChangeEntry } from "@cadastre/contract/changes";
import type { Appeared, Facts } from "../facts.ts";

/** Where a change stands in the feed, as its id tells. */
export const placeOf = ({ id }: Pick<ChangeEntry, "id">): string => Buffer.from(id, "base64url").toString();

/** When the items that stand at a change's place in partitions so named were first there, by the change's id. */
function appearedIn({ appeared }: Facts, partitions: string): ReadonlyMap<string, Appeared> {
  const found = new Map<string, Appeared>();
  for (const [key, when] of appeared) {
    const [partition, place = ""] = key.split("\n");
    if (partition?.startsWith(partitions)) found.set(Buffer.from(place).toString("base64url"), when);
  }
  return found;
}

/** When each change was committed. */
export const commitsOf = (facts: Facts): ReadonlyMap<string, Appeared> => appearedIn(facts, "feed#");

/** When each change was first set aside for the consumer. */
export const lettersOf = (facts: Facts, consumer: string): ReadonlyMap<string, Appeared> =>
  appearedIn(facts, `dead-letters#${consumer}`);

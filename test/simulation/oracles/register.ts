import type { Resource } from "@cadastre/contract/view";
import type { Cloud, CloudResource } from "../cloud.ts";
import type { Register } from "../facts.ts";
import type { Story } from "../story.ts";

interface AtTheEnd extends Register {
  readonly story: Story;
}

interface Placed {
  readonly kind: string;
  readonly region: string;
}

/** Whether nobody said at the end what there is in such a place. */
export function isUnsaid({ scopes, collectors, deniedAtEnd }: Story, { kind, region }: Placed): boolean {
  const looked = new Set(collectors.flatMap((collector) => collector.scopes));
  return deniedAtEnd.some((place) => {
    const scope = scopes[place];
    return looked.has(place) && scope?.kind === kind && scope.region === region;
  });
}

/** What the last looks showed, now that the cloud stands still: the owner's view before those of others. */
function truthOf({ collectors, deniedAtEnd }: Story, cloud: Cloud): Map<string, CloudResource> {
  const looked = new Set(collectors.flatMap(({ scopes }) => scopes));
  const there = new Map<string, CloudResource>();
  for (const place of looked) {
    if (deniedAtEnd.includes(place)) continue;
    for (const one of cloud.see(place)) if (!there.has(one.id) || cloud.owns(place, one.id)) there.set(one.id, one);
  }
  return there;
}

const revisionOf = ({ tags }: { readonly tags: Readonly<Record<string, string>> }) => tags.revision ?? "bare";

function compare(facts: AtTheEnd, cloud: Cloud, mayStay: (resource: Resource) => boolean): string[] {
  const { story } = facts;
  const there = truthOf(story, cloud);
  const known = new Map(facts.resources.map((resource) => [resource.id, resource]));
  const problems: string[] = [];
  for (const [id, shown] of there) {
    const resource = known.get(id);
    if (resource !== undefined && isUnsaid(story, resource)) continue;
    if (resource?.status !== "active")
      problems.push(`${id} was shown at the end, and is ${resource?.status ?? "not there"}`);
    else if (revisionOf(resource) !== revisionOf(shown)) {
      problems.push(`${id} was shown at ${revisionOf(shown)}, and is at ${revisionOf(resource)}`);
    } else if (JSON.stringify(resource.attributes.blocks ?? 0) !== JSON.stringify(blocksOf(shown) ?? 0)) {
      problems.push(`${id} has not the blocks that it was shown with`);
    }
  }
  for (const resource of facts.resources) {
    if (resource.status === "retired" || there.has(resource.id) || isUnsaid(story, resource) || mayStay(resource))
      continue;
    problems.push(`${resource.id} is active, and nobody sees it at the end`);
  }
  return problems;
}

function blocksOf({ attributes }: CloudResource): unknown {
  const blocks = attributes.blocks as object[] | undefined;
  return blocks?.map((block) => ({ ...block, state: "associated" }));
}

const heldIn = ({ holds }: AtTheEnd, states: readonly string[]) => {
  const ids = new Set(
    holds.filter(({ state }) => states.includes(state)).flatMap(({ sample }) => sample.map(({ id }) => id)),
  );
  return (resource: Resource) => ids.has(resource.id);
};

/** After one look at everything the register is what was shown; what is gone may wait for an operator, also to approve again. */
export function judgeBeforeDecisions(facts: AtTheEnd, cloud: Cloud): string[] {
  return compare(facts, cloud, heldIn(facts, ["pending", "rejected", "approved"])).map(
    (problem) => `before decisions: ${problem}`,
  );
}

/** Once the operators have decided, only what they rejected stays. */
export function judgeAfterDecisions(facts: AtTheEnd, cloud: Cloud): string[] {
  const pending = facts.holds.filter((hold) => hold.state === "pending" && !isUnsaid(facts.story, hold));
  return [
    ...compare(facts, cloud, heldIn(facts, ["rejected"])),
    ...pending.map(({ id }) => `${id} waits although all were decided`),
  ];
}

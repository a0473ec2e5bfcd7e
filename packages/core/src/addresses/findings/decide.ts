import { FINDING_RULES, type Finding, type FindingRule } from "@cadastre/contract/addresses/findings";
import type { Ip } from "@cadastre/contract/addresses/ip";
import { contains, parsePrefix } from "@cadastre/net/prefix";
import { matchesPattern, type Pattern } from "../../subjects/pattern.ts";

/** Private blocks: RFC 1918, RFC 6598 (carriers' NAT) and RFC 4193. */
const PRIVATE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"].map((text) =>
  parsePrefix(text),
);

/** What is wanted of prefixes. */
export interface Wanted {
  readonly rules: readonly FindingRule[];
  /** What a name is to be like. */
  readonly name?: Pattern | undefined;
  /** Names of tags that each has. */
  readonly tags: readonly string[];
}

/** A prefix with what is known around it. */
export interface Checked {
  readonly ip: Ip;
  /** Whether it, or anything that contains it, has an owner. */
  readonly isOwned: boolean;
  /** Whether nothing is in it. */
  readonly isEmpty: boolean;
}

/** What is wrong by one rule, in words; as many as there are. */
function complaints(rule: FindingRule, { ip, isOwned, isEmpty }: Checked, { name, tags }: Wanted): string[] {
  const said = (isSo: boolean, message: string = FINDING_RULES[rule]) => (isSo ? [message] : []);
  switch (rule) {
    case "container.empty":
      return said(ip.status === "container" && isEmpty);
    case "name.missing":
      return said(ip.name === "");
    case "name.pattern":
      return said(name !== undefined && ip.name !== "" && !matchesPattern(name, ip.name));
    case "owner.missing":
      return said(!isOwned);
    case "prefix.public": {
      const at = parsePrefix(ip.prefix);
      return said(!PRIVATE.some((block) => contains(block, at)));
    }
    case "tag.missing":
      return tags.filter((tag) => !Object.hasOwn(ip.resolvedTags, tag)).map((tag) => `The tag ${tag} is missing`);
  }
}

/** What of a prefix is not as it is wanted, in the order of the rules. Pure. */
export function findingsOf(checked: Checked, wanted: Wanted): Finding[] {
  const { id, prefix, name } = checked.ip;
  return wanted.rules.flatMap((rule) =>
    complaints(rule, checked, wanted).map((message) => ({ rule, id, prefix, name, message })),
  );
}

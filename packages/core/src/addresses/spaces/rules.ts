import { claimOf, type SpaceRule } from "@cadastre/contract/addresses/space";
import { shortId } from "@cadastre/contract/kinds/kind";
import type { Provider } from "@cadastre/contract/scope";
import { create, remove, type Write } from "@cadastre/store/table";
import type { Context } from "../../context.ts";
import { AddressSpaceRuleItem } from "./items.ts";

/** A network as it was observed. */
export interface ObservedNetwork {
  readonly provider: Provider;
  /** The account that owns it. */
  readonly account: string;
  /** Its natural id. */
  readonly network: string;
}

/** What can claim a network, the most specific first. */
function claimsOn({ provider, account, network }: ObservedNetwork): string[] {
  const short = shortId(network);
  return [`${provider}/${account}/${short}`, `${provider}//${short}`, `${provider}/${account}/`, `${provider}//`];
}

/**
 * The address spaces that observed networks belong to by their rules, in their order; undefined where no rule claims one. The most specific rule
 * wins: one about the network, then one about its account, then one about its provider. Reads at most four keys a network, each once, strongly:
 * whatever the number of spaces.
 */
export async function spacesOf(
  { table }: Pick<Context, "table">,
  networks: readonly ObservedNetwork[],
): Promise<(string | undefined)[]> {
  const claims = [...new Set(networks.flatMap(claimsOn))];
  const found = await table.getMany(
    AddressSpaceRuleItem,
    claims.map((claim) => ({ claim })),
    { consistent: true },
  );
  const spaces = new Map(found.flatMap((rule) => (rule ? [[rule.claim, rule.space] as const] : [])));
  return networks.map((network) =>
    claimsOn(network)
      .map((claim) => spaces.get(claim))
      .find((one) => one !== undefined),
  );
}

/** What of rules is new, and what is gone, as claims; a rule that says the same otherwise is neither. */
export function claimChanges(before: readonly SpaceRule[], after: readonly SpaceRule[]) {
  const [had, has] = [new Set(before.map(claimOf)), new Set(after.map(claimOf))];
  return {
    added: after.filter((rule) => !had.has(claimOf(rule))),
    removed: before.filter((rule) => !has.has(claimOf(rule))),
  };
}

/** The writes that have a space claim other things; those of new rules come first, in their order, and are refused as "exists" where another space has one. */
export function ruleWrites(space: string, { added, removed }: ReturnType<typeof claimChanges>): Write[] {
  return [
    ...added.map((rule) => create(AddressSpaceRuleItem, { claim: claimOf(rule), space })),
    ...removed.map((rule) => remove(AddressSpaceRuleItem, { claim: claimOf(rule) })),
  ];
}

import type { Block } from "@cadastre/contract/kinds/kind";
import { MalformedError, toPrefix } from "../../values.ts";

const STATES: readonly string[] = [
  "associating",
  "associated",
  "disassociating",
  "disassociated",
  "failing",
  "failed",
] satisfies Block["state"][];

/** A member of an association set, IPv4 or IPv6. */
interface Association {
  readonly prefix: string | undefined;
  readonly state: string | undefined;
  readonly associationId: string | undefined;
}

/**
 * One block of an association set. Undefined while EC2 has not chosen its prefix yet (an IPv6 block that is being associated).
 * Throws MalformedError for a state that EC2 does not have: only `associated` counts, so a guess would be wrong either way.
 */
export function toBlock(role: Block["role"], { prefix, state, associationId }: Association): Block | undefined {
  if (!prefix) return undefined;
  if (state === undefined || !STATES.includes(state)) {
    throw new MalformedError(
      `block ${prefix} has the state ${JSON.stringify(state ?? null)}; known: ${STATES.join(", ")}`,
    );
  }
  return {
    prefix: toPrefix(prefix),
    role,
    state: state as Block["state"],
    ...(associationId ? { associationId } : {}),
  };
}

/** IPv6 blocks, of a VPC or a subnet: the sets have the same members. */
export function toIpv6Blocks(
  associations:
    | readonly {
        readonly AssociationId?: string | undefined;
        readonly Ipv6CidrBlock?: string | undefined;
        readonly Ipv6CidrBlockState?: { readonly State?: string | undefined } | undefined;
      }[]
    | undefined,
): Block[] {
  return (associations ?? []).flatMap(
    (a) =>
      toBlock("ipv6", {
        prefix: a.Ipv6CidrBlock,
        state: a.Ipv6CidrBlockState?.State,
        associationId: a.AssociationId,
      }) ?? [],
  );
}

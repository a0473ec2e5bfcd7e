import type { Block } from "@cadastre/contract/kinds/kind";
import { MalformedError, toPrefix, unknownValue } from "../../values.ts";
import type { AwsPlace } from "./place.ts";

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_VpcCidrBlockState.html, of subnets the same. */
const STATES: readonly string[] = ["associating", "associated", "disassociating", "disassociated", "failing", "failed"];

/** A member of an association set, IPv4 or IPv6. */
interface Association {
  readonly prefix: string | undefined;
  readonly state: string | undefined;
  readonly associationId: string | undefined;
}

/**
 * One block of an association set. Undefined while EC2 has not chosen its prefix yet (an IPv6 block that is being associated).
 * A state that nobody knew when this was written is kept and reported; only `associated` is in force. Throws MalformedError.
 */
export function toBlock(
  role: Block["role"],
  { prefix, state, associationId }: Association,
  report: AwsPlace["report"],
): Block | undefined {
  if (!prefix) return undefined;
  if (!state) throw new MalformedError(`block ${prefix} has no state`);
  if (!STATES.includes(state)) report?.(unknownValue(`state of block ${prefix}`, state, STATES));
  return {
    prefix: toPrefix(prefix),
    role,
    state,
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
  report: AwsPlace["report"],
): Block[] {
  return (associations ?? []).flatMap(
    (a) =>
      toBlock(
        "ipv6",
        { prefix: a.Ipv6CidrBlock, state: a.Ipv6CidrBlockState?.State, associationId: a.AssociationId },
        report,
      ) ?? [],
  );
}

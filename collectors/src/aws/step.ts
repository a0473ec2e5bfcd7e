import type { KindName } from "@cadastre/contract/kinds/names";
import type { ResourceInput } from "@cadastre/contract/resource";
import { MalformedError } from "../values.ts";
import type { AwsClient, AwsService } from "./client.ts";
import type { AwsPlace } from "./convert/place.ts";

interface PageRequest {
  readonly pageSize: number;
  readonly token: string | undefined;
  readonly signal: AbortSignal;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Where the next page starts; undefined on the last one. */
  readonly next: string | undefined;
}

/** One API call of one service, and the one kind of resource that its answers hold. */
export interface Step<K extends KindName, Client extends AwsClient, Item> {
  readonly kind: K;
  /** The class of the service's client, of which each scope gets one of its own. */
  readonly service: AwsService<Client>;
  /** In IAM's words, as it stands in policies and errors. */
  readonly operation: string;
  page(client: Client, request: PageRequest): Promise<Page<Item>>;
  /**
   * The account that a listed thing belongs to, where the kind is not shared and a listing can hold another's: a participant
   * is shown the owner's VPC, an owner the participants' interfaces. Those are left to the listing of their own account.
   */
  owner?(item: Item): string | undefined;
  /** The VPC that an item names together with the account that owns it. */
  networkOwner?(item: Item): { readonly networkId: string | undefined; readonly owner: string | undefined };
  /** True when `convert` needs to know the owners of shared networks. */
  readonly namesNetworks?: boolean;
  /** What AWS calls the item, for messages; undefined where it does not say. */
  label(item: Item): string | undefined;
  /** Throws MalformedError. */
  convert(item: Item, place: AwsPlace): ResourceInput<K>;
}

/** What a paged EC2 call is asked for. */
export function toPaging({ pageSize, token }: PageRequest) {
  return { MaxResults: pageSize, ...(token === undefined ? {} : { NextToken: token }) };
}

/**
 * The SDK answers `[]` for an empty list, and nothing at all when the body was something else: empty, or a proxy's page. Such an
 * answer must not pass for an empty estate.
 */
export function listed<Item>(list: readonly Item[] | undefined, member: string): readonly Item[] {
  if (list === undefined) throw new MalformedError(`the answer has no ${member}`);
  return list;
}

import type { KindName } from "@cadastre/contract/kinds/names";
import type { ResourceInput } from "@cadastre/contract/resource";
import type { ComputeService } from "./api.ts";
import type { GcpPlace } from "./convert/place.ts";

/** One API call of one of Compute Engine's services, and the one kind of resource that its answers hold. */
export interface Step<K extends KindName, Item> {
  readonly kind: K;
  readonly service: ComputeService;
  /** The permission that it needs, as it stands in roles and errors. */
  readonly operation: string;
  /** What the request has beside the project and the page. */
  readonly request?: Readonly<Record<string, unknown>>;
  /** `kind` of the answers, by which they are told from a proxy's or another server's. */
  readonly answer: string;
  /**
   * An aggregated list: the member of each of its scopes (zones, regions) that holds the resources. Without it, a plain list of
   * what is global.
   */
  readonly member?: string;
  /** Another step has this kind's global resources; those in an aggregated list are left to it. */
  readonly globalElsewhere?: boolean;
  /** True when `convert` needs to know whether the project is a shared VPC host. */
  readonly needsSharedVpcHost?: boolean;
  /** Throws MalformedError. `sharedVpcHost` is undefined when that is not known. */
  convert(item: Item, place: GcpPlace, sharedVpcHost: boolean | undefined): ResourceInput<K>;
}

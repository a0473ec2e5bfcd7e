import type { Address } from "@cadastre/net/address";
import {
  isCarrierNat,
  isLinkLocal,
  isLoopback,
  isMetadataAddress,
  isMulticast,
  isUnspecified,
} from "@cadastre/net/special";

/** What may be connected to beside ordinary addresses. Metadata services, multicast and unspecified addresses never are. */
export interface Allow {
  readonly loopback?: boolean;
  readonly linkLocal?: boolean;
  /** 100.64.0.0/10, which some networks use for their own (pods of EKS, Tailscale). */
  readonly carrierNat?: boolean;
}

/** Why an address must not be connected to; undefined when it may. Addresses inside IPv6 forms (mapped, NAT64) count as well. */
export function blockedReason(address: Address, allow: Allow): string | undefined {
  if (isMetadataAddress(address)) return "an instance metadata address is never connected to";
  if (isUnspecified(address)) return "an unspecified address is never connected to";
  if (isMulticast(address)) return "a multicast address is never connected to";
  if (isLoopback(address) && allow.loopback !== true) return "loopback addresses are not allowed by the configuration";
  if (isLinkLocal(address) && allow.linkLocal !== true) {
    return "link-local addresses are not allowed by the configuration";
  }
  if (isCarrierNat(address) && allow.carrierNat !== true) {
    return "addresses of carrier-grade NAT (100.64.0.0/10) are not allowed by the configuration";
  }
  return undefined;
}

import { type Address, tryParseAddress } from "@cadastre/net/address";
import {
  isCarrierNat,
  isLinkLocal,
  isLoopback,
  isMetadataAddress,
  isMulticast,
  isPrivate,
  isUnspecified,
} from "@cadastre/net/special";

/** Where the service may ask others, beside addresses of the internet. */
export interface Reach {
  /** Also on this machine, over plain HTTP: for tests and laptops. */
  readonly loopback: boolean;
}

/** How others are asked: by a fetch that connects to no address inside, follows no redirect, and is bounded in time and size. It throws OutsideError. */
export interface Outside extends Reach {
  readonly fetch: (url: string, init: object) => Promise<Response>;
}

/** Somebody outside was not asked, or did not answer in time and size. */
export class OutsideError extends Error {
  constructor(host: string, reason: string, options?: ErrorOptions) {
    super(`${host}: ${reason}`, options);
    this.name = "OutsideError";
  }
}

/** Why nobody is asked at an address; undefined when one may be. Addresses inside IPv6 forms count as well. */
export function blockedAddress(address: Address, { loopback }: Reach): string | undefined {
  if (isMetadataAddress(address)) return "is an address of a cloud's metadata";
  if (isLoopback(address)) return loopback ? undefined : "is an address of the service's own machine";
  const isInside = [isPrivate, isLinkLocal, isCarrierNat, isMulticast, isUnspecified].some((test) => test(address));
  return isInside ? "is no address of the internet" : undefined;
}

/** The address that the host of a URL is; undefined for a name. */
export const addressOfHost = (hostname: string): Address | undefined =>
  tryParseAddress(hostname.replace(/^\[(.*)\]$/, "$1"));

const isThisMachine = (hostname: string): boolean => {
  const address = addressOfHost(hostname);
  return hostname === "localhost" || (address !== undefined && isLoopback(address));
};

/** Why nobody is asked at a URL, as far as it tells by itself: names are looked up when they are connected to. */
export function blockedUrl(url: URL, reach: Reach): string | undefined {
  const { protocol, hostname, username, password } = url;
  if (username !== "" || password !== "") return "has a user in it";
  if (protocol !== "https:" && !(protocol === "http:" && reach.loopback && isThisMachine(hostname)))
    return "is not one of HTTPS";
  if (hostname === "localhost" && !reach.loopback) return "is a name of the service's own machine";
  const address = addressOfHost(hostname);
  return address && blockedAddress(address, reach);
}

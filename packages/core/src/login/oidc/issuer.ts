import { ProblemError } from "@cadastre/contract/errors";
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

/** Where the service may ask identity providers, beside addresses of the internet. */
export interface Reach {
  /** Also on this machine, over plain HTTP: for tests and laptops. */
  readonly loopback: boolean;
}

/** Why a provider at an address is not asked; undefined when it may be. Addresses inside IPv6 forms count as well. */
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

/** Why an endpoint of a provider is not asked, as far as its address itself tells: names are looked up when they are connected to. */
export function blockedUrl(url: URL, reach: Reach): string | undefined {
  const { protocol, hostname, username, password } = url;
  if (username !== "" || password !== "") return "has a user in it";
  if (protocol !== "https:" && !(protocol === "http:" && reach.loopback && isThisMachine(hostname)))
    return "is not one of HTTPS";
  if (hostname === "localhost" && !reach.loopback) return "is a name of the service's own machine";
  const address = addressOfHost(hostname);
  return address && blockedAddress(address, reach);
}

/** Throws 422 `request.invalid` for an issuer that the service would not ask. Nothing is connected to. */
export function requireIssuer(issuer: string, reach: Reach): void {
  const blocked = blockedUrl(new URL(issuer), reach);
  if (blocked === undefined) return;
  throw new ProblemError("request.invalid", `issuer: ${blocked}`, { errors: [{ path: "issuer", message: blocked }] });
}

import { present, toAddress, toPrefix, unique } from "../../values.ts";

interface Association {
  readonly PublicIp?: string | undefined;
  readonly CarrierIp?: string | undefined;
  readonly CustomerOwnedIp?: string | undefined;
}

/** The members that an instance's interfaces (DescribeInstances) and interfaces (DescribeNetworkInterfaces) have in common. */
interface AddressMembers {
  readonly Association?: Association | undefined;
  readonly PrivateIpAddress?: string | undefined;
  readonly PrivateIpAddresses?:
    | readonly {
        readonly PrivateIpAddress?: string | undefined;
        readonly Primary?: boolean | undefined;
        readonly PrivateDnsName?: string | undefined;
        readonly Association?: Association | undefined;
      }[]
    | undefined;
  readonly Ipv6Addresses?: readonly { readonly Ipv6Address?: string | undefined }[] | undefined;
  readonly Ipv4Prefixes?: readonly { readonly Ipv4Prefix?: string | undefined }[] | undefined;
  readonly Ipv6Prefixes?: readonly { readonly Ipv6Prefix?: string | undefined }[] | undefined;
}

interface InterfaceAddresses {
  privateAddresses: { address: string; primary: boolean; publicAddress?: string; dnsName?: string }[];
  publicAddresses: string[];
  ipv6Addresses: string[];
  delegatedPrefixes: string[];
}

/** All addresses of one interface and the prefixes that are delegated to it (/28 and /80). Throws MalformedError. */
export function toInterfaceAddresses(of: AddressMembers): InterfaceAddresses {
  const privateAddresses = listed(of).flatMap((entry) => {
    if (!entry.PrivateIpAddress) return [];
    const publicAddress = mapped(entry.Association);
    const dnsName = present(entry.PrivateDnsName);
    return [
      {
        address: toAddress(entry.PrivateIpAddress),
        primary: entry.Primary ?? false,
        ...(publicAddress ? { publicAddress } : {}),
        ...(dnsName ? { dnsName } : {}),
      },
    ];
  });
  const own = mapped(of.Association);
  return {
    privateAddresses,
    publicAddresses: unique([
      ...(own ? [own] : []),
      ...privateAddresses.flatMap((entry) => ("publicAddress" in entry ? [entry.publicAddress] : [])),
    ]),
    ipv6Addresses: (of.Ipv6Addresses ?? []).flatMap((a) => (a.Ipv6Address ? [toAddress(a.Ipv6Address)] : [])),
    delegatedPrefixes: [
      ...(of.Ipv4Prefixes ?? []).flatMap((p) => (p.Ipv4Prefix ? [toPrefix(p.Ipv4Prefix)] : [])),
      ...(of.Ipv6Prefixes ?? []).flatMap((p) => (p.Ipv6Prefix ? [toPrefix(p.Ipv6Prefix)] : [])),
    ],
  };
}

/** An interface that names its primary address but lists none has just that one. */
function listed(of: AddressMembers): NonNullable<AddressMembers["PrivateIpAddresses"]> {
  if (of.PrivateIpAddresses && of.PrivateIpAddresses.length > 0) return of.PrivateIpAddresses;
  return of.PrivateIpAddress
    ? [{ PrivateIpAddress: of.PrivateIpAddress, Primary: true, Association: of.Association }]
    : [];
}

/** The address that maps to a private one: public, a carrier's (Wavelength), or the customer's own (Outposts). */
export function mapped(association: Association | undefined): string | undefined {
  const address = association?.PublicIp || association?.CarrierIp || association?.CustomerOwnedIp;
  return address ? toAddress(address) : undefined;
}

import { didYouMean } from "@cadastre/contract/did-you-mean";
import { KIND_NAMES } from "@cadastre/contract/kinds/names";
import { oneNamed } from "@cadastre/contract/meant";

export const QUALIFIERS = [
  "type",
  "kind",
  "provider",
  "account",
  "project",
  "region",
  "network",
  "subnet",
  "status",
  "state",
  "name",
  "tag",
  "ip",
  "cidr",
  "mac",
  "image",
  "owner",
  "has",
  "confirmed",
  "id",
  "port",
  "expires",
  "changed",
  "created",
  "seen",
  "sort",
] as const;
export type Qualifier = (typeof QUALIFIERS)[number];

/** What people write for a qualifier, without dashes. */
const ALIASES: Readonly<Record<string, Qualifier>> = {
  vpc: "network",
  vnet: "network",
  subnetwork: "subnet",
  cloud: "provider",
  label: "tag",
  labels: "tag",
  tags: "tag",
  ami: "image",
  address: "ip",
  addr: "ip",
  ipv4: "ip",
  ipv6: "ip",
  prefix: "cidr",
  instancetype: "type",
  machinetype: "type",
  expiry: "expires",
  notafter: "expires",
  updated: "changed",
  modified: "changed",
  lastseen: "seen",
  orderby: "sort",
  order: "sort",
};

export const isQualifier = (name: string): boolean => qualifierOf(name) !== undefined;

export function qualifierOf(name: string): Qualifier | undefined {
  const plain = name.replaceAll(/[_-]/g, "");
  return QUALIFIERS.find((one) => one === plain) ?? (Object.hasOwn(ALIASES, plain) ? ALIASES[plain] : undefined);
}

/** What is asked for by other means than by its name. */
const OTHERWISE: readonly { readonly names: RegExp; readonly reason: (rest: string) => string }[] = [
  { names: /^is$/, reason: () => "write expires:<now, status:retired, state:running or has:owner" },
  { names: /^(?:no|not|without|missing|lacks)$/, reason: (rest) => `write -has:${rest}, or -tag:${rest} for a tag` },
  { names: /^with$/, reason: (rest) => `write has:${rest}, or tag:${rest} for a tag` },
  {
    names:
      /^(?:host|hostname|dns|fqdn|domain|cn|san|subject|sni|url|serial|fingerprint|thumbprint|sha1|md5|text|q|word)$/,
    reason: (rest) => `host names, names of certificates and serial numbers are words: write ${rest} alone`,
  },
  {
    names: /^(?:az|zone|availability-?zone|location)$/,
    reason: (rest) => `write region:${rest.replace(/-?[a-z]$/, "")}*`,
  },
  {
    names: /^(?:limit|count|by|columns|format|page|top)$/,
    reason: () => "how much is shown, and counted, is no part of the search",
  },
];

/** Why a qualifier is none, and what may have been meant. */
export function unknownQualifier(name: string, rest: string): string {
  const shown = rest === "" ? "…" : rest;
  const otherwise = OTHERWISE.find(({ names }) => names.test(name));
  if (otherwise) return `${name}: is not a qualifier; ${otherwise.reason(shown)}`;
  if (oneNamed(name, KIND_NAMES) !== undefined)
    return `${name}: is a kind, not a qualifier; write kind:${name} ${shown}`;
  const meant = didYouMean(name, [...QUALIFIERS, ...Object.keys(ALIASES)]);
  const hint = meant === undefined ? `use ${QUALIFIERS.join(", ")}` : `did you mean ${meant}:?`;
  return `${name}: is not a qualifier; a tag is tag:${name}=${shown}; ${hint}; a text with a colon stands in quotes`;
}

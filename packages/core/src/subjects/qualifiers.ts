import { didYouMean } from "@cadastre/contract/did-you-mean";
import type { KindName } from "@cadastre/contract/kinds/names";

export const QUALIFIERS = [
  "type",
  "kind",
  "provider",
  "account",
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

/** What people write for a qualifier. */
const ALIASES: Readonly<Record<string, Qualifier>> = {
  vpc: "network",
  label: "tag",
  labels: "tag",
  tags: "tag",
  ami: "image",
  address: "ip",
  prefix: "cidr",
};

/** What clouds call a kind. */
export const KIND_ALIASES: Readonly<Record<string, KindName>> = {
  vpc: "network",
  subnetwork: "subnet",
  vm: "instance",
  ec2: "instance",
  eni: "interface",
  nic: "interface",
  eip: "address",
  cert: "certificate",
};

export const isQualifier = (name: string): boolean => qualifierOf(name) !== undefined;

export function qualifierOf(name: string): Qualifier | undefined {
  return QUALIFIERS.find((one) => one === name) ?? (Object.hasOwn(ALIASES, name) ? ALIASES[name] : undefined);
}

/** Why a qualifier is none, and what may have been meant. */
export function unknownQualifier(name: string, rest: string): string {
  if (name === "project") return `project: cannot be asked for yet; a project of GCP is an account: account:${rest}`;
  if (name === "is") return "is: is not a qualifier; write expires:<now, status:retired, state:running or has:owner";
  const meant = didYouMean(name, [...QUALIFIERS, ...Object.keys(ALIASES)]);
  const hint =
    meant === undefined ? `use ${QUALIFIERS.join(", ")}; a tag is tag:${name}=value` : `did you mean ${meant}:?`;
  return `${name}: is not a qualifier; ${hint}; a text with a colon stands in quotes`;
}

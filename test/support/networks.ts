import type { ScopeKey } from "@cadastre/contract/scope";
import { ACCOUNT, type Raw, type SeenScope } from "./estate.ts";

const REGION = "eu-west-1";

/** The natural id of a VPC or a subnet of an account. */
export const arnOf = (type: "vpc" | "subnet", id: string, account = ACCOUNT): string =>
  `arn:aws:ec2:${REGION}:${account}:${type}/${id}`;

interface Common {
  readonly account?: string;
  readonly name?: string;
  readonly tags?: Record<string, string>;
  readonly isDefault?: boolean;
}

const blocksOf = (prefixes: readonly string[]) =>
  prefixes.map((prefix, at) => ({ prefix, role: at === 0 ? "primary" : "secondary", state: "associated" }));

/** A VPC with its blocks. */
export const aVpc = (
  id: string,
  prefixes: readonly string[],
  { account, name = "", tags = {}, isDefault = false }: Common = {},
): Raw => ({
  id: arnOf("vpc", id, account),
  name,
  tags,
  attributes: { networkId: id, blocks: blocksOf(prefixes), isDefault, state: "available" },
});

/** A subnet of a VPC. */
export const aSubnet = (
  id: string,
  vpc: string,
  prefix: string,
  { account = ACCOUNT, name = "", tags = {} }: Common = {},
): Raw => ({
  id: arnOf("subnet", id, account),
  name,
  tags,
  attributes: {
    subnetId: id,
    network: arnOf("vpc", vpc, account),
    ownerAccount: account,
    blocks: blocksOf([prefix]),
    cloudReservedCount: 5,
  },
});

const scopeOf = (kind: "network" | "subnet", account = ACCOUNT): ScopeKey => ({
  provider: "aws",
  account,
  region: REGION,
  kind,
});

/** What one look at an account has of networks and subnets. */
export const networksSeen = (networks: readonly Raw[], subnets: readonly Raw[], account = ACCOUNT): SeenScope[] => [
  { key: scopeOf("network", account), resources: networks },
  { key: scopeOf("subnet", account), resources: subnets },
];

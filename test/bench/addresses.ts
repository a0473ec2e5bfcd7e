import { idHash } from "@cadastre/contract/digest";
import type { KindName } from "@cadastre/contract/kinds/names";
import type { ResourceInput } from "@cadastre/contract/resource";
import { resourceSchema } from "@cadastre/contract/resource";
import type { Context } from "@cadastre/core/context";
import { facetsOfItem, resourceEntries } from "@cadastre/core/register/entries";
import { ResourceItem } from "@cadastre/core/register/items";
import { IndexItem } from "@cadastre/core/subjects/items";
import { notePrefixLengths } from "@cadastre/core/subjects/prefix-lengths";
import { put } from "@cadastre/store/table";

/** Private addresses of one machine: the first one and those of its containers. */
export const MACHINE_ADDRESSES = 8;
const NETWORK_BITS = 16;
const SUBNET_BITS = 8;
const ACCOUNT = "111122223333";
const REGION = "us-east-1";
const ROLES = ["web", "api", "worker", "db", "cache", "batch"] as const;
const MACHINES_AT_ONCE = 1000;

const hex = (n: number) => n.toString(16).padStart(17, "0");
const arn = (type: string, n: number, prefix: string) => `arn:aws:ec2:${REGION}:${ACCOUNT}:${type}/${prefix}${hex(n)}`;

/** The n-th address: whole /24 subnets one after the other, from 10.0.0.0 on. */
export function addressAt(n: number): string {
  return `${10 + (n >> 24)}.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`;
}

/** The name of the machine that has the n-th address. */
export function nameAt(n: number): string {
  const machine = Math.floor(n / MACHINE_ADDRESSES);
  return `${ROLES[machine % ROLES.length]}-${machine}`;
}

function aMachine(machine: number): ResourceInput<"instance"> {
  const first = machine * MACHINE_ADDRESSES;
  const addresses = Array.from({ length: MACHINE_ADDRESSES }, (_, at) => addressAt(first + at));
  const name = nameAt(first);
  const network = arn("vpc", first >> NETWORK_BITS, "vpc-");
  return {
    id: arn("instance", machine, "i-"),
    name,
    tags: { Name: name, env: machine % 3 === 0 ? "prod" : "test", team: `team-${machine % 20}` },
    attributes: {
      instanceId: `i-${hex(machine)}`,
      state: "running",
      type: "m7g.large",
      network,
      interfaces: [
        {
          network,
          subnet: arn("subnet", first >> SUBNET_BITS, "subnet-"),
          privateAddresses: addresses.map((address, at) => ({ address, primary: at === 0 })),
        },
      ],
    },
  };
}

const block = (prefix: string) => ({ prefix, role: "primary" as const });

function aNetwork(n: number): ResourceInput<"network"> {
  const prefix = `${addressAt(n << NETWORK_BITS)}/16`;
  return {
    id: arn("vpc", n, "vpc-"),
    name: `network-${n}`,
    attributes: { networkId: `vpc-${hex(n)}`, blocks: [block(prefix)] },
  };
}

function aSubnet(n: number): ResourceInput<"subnet"> {
  const network = arn("vpc", n >> (NETWORK_BITS - SUBNET_BITS), "vpc-");
  const blocks = [block(`${addressAt(n << SUBNET_BITS)}/24`)];
  return {
    id: arn("subnet", n, "subnet-"),
    name: `subnet-${n}`,
    attributes: { subnetId: `subnet-${hex(n)}`, network, ownerAccount: ACCOUNT, blocks, cloudReservedCount: 5 },
  };
}

function toItem<K extends KindName>(kind: K, input: ResourceInput<K>, at: string): ResourceItem {
  const { volatile = {}, ...resource } = resourceSchema(kind).parse(input);
  const hash = idHash(kind, resource.id);
  return {
    idHash: hash,
    ...resource,
    tags: { ...resource.tags },
    attributes: { ...resource.attributes },
    volatile: { ...volatile },
    kind,
    provider: "aws",
    account: ACCOUNT,
    region: REGION,
    contentHash: hash,
    claims: [],
    status: "active",
    firstSeenAt: at,
    firstSeenBy: { actor: "system", run: "bench" },
    changedAt: at,
    sequence: 1,
    lastChange: { run: "bench", type: "created", scope: `aws/${ACCOUNT}/${REGION}/${kind}` },
  };
}

/** Loads resources with all their index entries, as an ingest would have left them, without events and manifests. */
async function loadItems(context: Context, items: readonly ResourceItem[]): Promise<void> {
  await notePrefixLengths(
    context,
    items.flatMap((item) => facetsOfItem(item).prefixes),
  );
  await context.table.load(
    items.flatMap((item) => [put(ResourceItem, item), ...resourceEntries(item).map((entry) => put(IndexItem, entry))]),
  );
}

/**
 * Brings the indexed addresses from `from` up to `to`: machines with 8 addresses each, their /24 subnets and /16 networks.
 * Answers how many resources that were.
 */
export async function loadAddresses(context: Context, { from, to }: { from: number; to: number }): Promise<number> {
  const at = context.now().toISOString();
  let loaded = 0;
  const load = async (items: readonly ResourceItem[]) => {
    await loadItems(context, items);
    loaded += items.length;
  };
  for (let n = from >> NETWORK_BITS; n << NETWORK_BITS < to; n++) await load([toItem("network", aNetwork(n), at)]);
  for (let n = from >> SUBNET_BITS; n << SUBNET_BITS < to; n++) await load([toItem("subnet", aSubnet(n), at)]);
  const [first, end] = [from / MACHINE_ADDRESSES, to / MACHINE_ADDRESSES];
  for (let start = first; start < end; start += MACHINES_AT_ONCE) {
    const count = Math.min(MACHINES_AT_ONCE, end - start);
    await load(Array.from({ length: count }, (_, n) => toItem("instance", aMachine(start + n), at)));
  }
  return loaded;
}

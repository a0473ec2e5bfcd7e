import type { Observe } from "@cadastre/collectors/observe";
import type { ResourceInput } from "@cadastre/contract/resource";

const REGIONS = ["us-east-1", "eu-central-1", "eu-west-1", "ap-southeast-2"] as const;
const ROLES = ["web", "api", "worker", "db", "cache", "batch"] as const;
const ENVIRONMENTS = ["prod", "staging", "test"] as const;
const NETWORKS = 4;
const SUBNETS = 40;
/** Resources of one account in one region. */
const REGION_RESOURCES = 1000;

/** One account's part of the estate in one region: three scopes. */
interface Place {
  readonly account: string;
  readonly region: string;
  readonly number: number;
  readonly instances: number;
}

function placesOf(resources: number): Place[] {
  const count = Math.ceil(resources / REGION_RESOURCES);
  return Array.from({ length: count }, (_, number) => {
    const here = Math.min(REGION_RESOURCES, resources - number * REGION_RESOURCES);
    return {
      account: String(100_000_000_000 + Math.floor(number / REGIONS.length)),
      region: REGIONS[number % REGIONS.length] as string,
      number,
      instances: Math.max(0, here - NETWORKS - SUBNETS),
    };
  });
}

const hex = (value: number) => value.toString(16).padStart(17, "0");
const arn = ({ account, region }: Place, type: string, id: string) => `arn:aws:ec2:${region}:${account}:${type}/${id}`;
const numberIn = (place: Place, n: number) => place.number * REGION_RESOURCES + n;
/** Every network has a /16; they repeat from account to account as they do in real estates. */
const octet = (place: Place, network: number) => (place.number * NETWORKS + network) % 256;
const networkId = (place: Place, network: number) => `vpc-${hex(numberIn(place, network))}`;
const subnetId = (place: Place, subnet: number) => `subnet-${hex(numberIn(place, subnet))}`;

function aNetwork(place: Place, network: number): ResourceInput<"network"> {
  const id = networkId(place, network);
  return {
    id: arn(place, "vpc", id),
    name: `network-${network}`,
    tags: { Name: `network-${network}`, env: ENVIRONMENTS[network % 3] as string },
    attributes: {
      networkId: id,
      blocks: [{ prefix: `10.${octet(place, network)}.0.0/16`, role: "primary", state: "associated" }],
      isDefault: network === 0,
      state: "available",
      tenancy: "default",
    },
  };
}

function aSubnet(place: Place, subnet: number): ResourceInput<"subnet"> {
  const network = subnet % NETWORKS;
  const id = subnetId(place, subnet);
  const third = Math.floor(subnet / NETWORKS) * 4;
  return {
    id: arn(place, "subnet", id),
    name: `subnet-${subnet}`,
    tags: { Name: `subnet-${subnet}`, env: ENVIRONMENTS[network % 3] as string },
    attributes: {
      subnetId: id,
      network: arn(place, "vpc", networkId(place, network)),
      ownerAccount: place.account,
      blocks: [{ prefix: `10.${octet(place, network)}.${third}.0/22`, role: "primary", state: "associated" }],
      zone: `${place.region}${"abc"[subnet % 3]}`,
      state: "available",
      cloudReservedCount: 5,
    },
    volatile: { availableAddressCount: 1000 - subnet },
  };
}

/** An address of the n-th instance of a place, in the block of its subnet. */
function addressOf(place: Place, n: number): string {
  const subnet = n % SUBNETS;
  const host = 4 + Math.floor(n / SUBNETS);
  const third = Math.floor(subnet / NETWORKS) * 4 + (host >> 8);
  return `10.${octet(place, subnet % NETWORKS)}.${third}.${host & 255}`;
}

function anInstance(place: Place, n: number, state: string): ResourceInput<"instance"> {
  const number = numberIn(place, n);
  const id = `i-${hex(number)}`;
  const subnet = n % SUBNETS;
  const network = arn(place, "vpc", networkId(place, subnet % NETWORKS));
  const address = addressOf(place, n);
  const name = `${ROLES[n % ROLES.length]}-${number}`;
  const hostName = `ip-${address.replaceAll(".", "-")}.${place.region}.compute.internal`;
  const publicAddress =
    n % 5 === 0 ? { publicAddress: `52.${number >> 16}.${(number >> 8) & 255}.${number & 255}` } : {};
  return {
    id: arn(place, "instance", id),
    name,
    tags: { Name: name, env: ENVIRONMENTS[n % 3] as string, team: `team-${n % 20}` },
    attributes: {
      instanceId: id,
      state,
      type: "m7g.large",
      image: "ami-0123456789abcdef0",
      zone: `${place.region}${"abc"[subnet % 3]}`,
      launchTime: "2026-01-01T00:00:00Z",
      network,
      hostName,
      architecture: "arm64",
      keyName: "operations",
      interfaces: [
        {
          interfaceId: `eni-${hex(number)}`,
          deviceIndex: 0,
          network,
          subnet: arn(place, "subnet", subnetId(place, subnet)),
          macAddress: "02:00:5e:10:00:01",
          privateAddresses: [{ address, primary: true, ...publicAddress }],
        },
      ],
    },
  };
}

/**
 * A collector that sees an estate of so many resources: per account and region 4 networks, 40 subnets and 956 instances. In
 * `variant` 1 and up one instance in all of it is in another state than before. It asks no cloud: what is measured is the session.
 */
export function observeEstate(resources: number, variant: number): Observe {
  return async ({ recorder }) => {
    for (const place of placesOf(resources)) {
      const scope = { provider: "aws", account: place.account, region: place.region } as const;
      const networks = recorder.start({ ...scope, kind: "network" });
      for (let n = 0; n < NETWORKS; n++) networks.add(aNetwork(place, n));
      networks.finish("complete");
      const subnets = recorder.start({ ...scope, kind: "subnet" });
      for (let n = 0; n < SUBNETS; n++) subnets.add(aSubnet(place, n));
      subnets.finish("complete");
      const instances = recorder.start({ ...scope, kind: "instance" });
      for (let n = 0; n < place.instances; n++) {
        const isChanged = place.number === 0 && n === 7 && variant % 2 === 1;
        instances.add(anInstance(place, n, isChanged ? "stopped" : "running"));
      }
      instances.finish("complete");
    }
  };
}

import { facetsOf, resourceSchema } from "@cadastre/contract/resource";
import { expect, test } from "vitest";
import { MalformedError } from "../../values.ts";
import type { ComputeAddress, ComputeInstance, ComputeNetwork, ComputeSubnetwork } from "../compute.ts";
import { toReservedAddress } from "./address.ts";
import { toInstance } from "./instance.ts";
import { toNetwork } from "./network.ts";
import { type GcpPlace, readLink, regionOfScope } from "./place.ts";
import { toSubnet } from "./subnet.ts";

const PROJECT = "acme-prod-1";
const HOST = "acme-host-0";
const URL = "https://www.googleapis.com/compute/v1";
const ID = "//compute.googleapis.com";
const global: GcpPlace = { project: PROJECT, region: "global" };
const place: GcpPlace = { project: PROJECT, region: "europe-west1" };

const aNetwork = (over: Partial<ComputeNetwork> = {}): ComputeNetwork => ({
  id: "1049489868840345332",
  name: "prod",
  selfLink: `${URL}/projects/${PROJECT}/global/networks/prod`,
  autoCreateSubnetworks: false,
  routingConfig: { routingMode: "REGIONAL" },
  mtu: 1460,
  peerings: [],
  ...over,
});

const aSubnet = (over: Partial<ComputeSubnetwork> = {}): ComputeSubnetwork => ({
  id: "1061576546195383293",
  name: "apps",
  selfLink: `${URL}/projects/${PROJECT}/regions/europe-west1/subnetworks/apps`,
  network: `${URL}/projects/${PROJECT}/global/networks/prod`,
  ipCidrRange: "10.0.0.0/20",
  gatewayAddress: "10.0.0.1",
  stackType: "IPV4_ONLY",
  purpose: "PRIVATE",
  privateIpGoogleAccess: false,
  secondaryIpRanges: [],
  ...over,
});

const anInstance = (over: Partial<ComputeInstance> = {}): ComputeInstance => ({
  id: "9007199254740993001",
  name: "web-1",
  selfLink: `${URL}/projects/${PROJECT}/zones/europe-west1-b/instances/web-1`,
  zone: `${URL}/projects/${PROJECT}/zones/europe-west1-b`,
  machineType: `${URL}/projects/${PROJECT}/zones/europe-west1-b/machineTypes/e2-medium`,
  status: "RUNNING",
  networkInterfaces: [
    {
      name: "nic0",
      network: `${URL}/projects/${HOST}/global/networks/shared`,
      subnetwork: `${URL}/projects/${HOST}/regions/europe-west1/subnetworks/web`,
      networkIP: "10.0.0.7",
    },
  ],
  ...over,
});

const anAddress = (over: Partial<ComputeAddress> = {}): ComputeAddress => ({
  id: "42",
  name: "web",
  selfLink: `${URL}/projects/${PROJECT}/regions/europe-west1/addresses/web`,
  region: `${URL}/projects/${PROJECT}/regions/europe-west1`,
  address: "203.0.113.9",
  addressType: "EXTERNAL",
  status: "RESERVED",
  users: [],
  ...over,
});

test("a resource's URL is the same natural id on every host and version", () => {
  const id = `${ID}/projects/p-12345/zones/us-central1-a/instances/vm`;
  for (const link of [
    "https://www.googleapis.com/compute/v1/projects/p-12345/zones/us-central1-a/instances/vm",
    "https://compute.googleapis.com/compute/beta/projects/p-12345/zones/us-central1-a/instances/vm",
    "http://127.0.0.1:8080/compute/v1/projects/p-12345/zones/us-central1-a/instances/vm",
    "projects/p-12345/zones/us-central1-a/instances/vm",
    "zones/us-central1-a/instances/vm",
  ]) {
    expect(readLink(link, "p-12345")).toEqual({
      project: "p-12345",
      region: "us-central1",
      collection: "instances",
      name: "vm",
      id,
    });
  }
  for (const link of ["", "vm", "https://example.com/", "projects/p-12345", "projects/p/zones/z/instances/a b"]) {
    expect(readLink(link, "p-12345")).toBeUndefined();
  }
});

test("a zone is in its region, whatever its letter", () => {
  expect(regionOfScope("zones/europe-west1-b")).toBe("europe-west1");
  expect(regionOfScope("zones/us-central1-ai1a")).toBe("us-central1");
  expect(regionOfScope("regions/northamerica-northeast2")).toBe("northamerica-northeast2");
  expect(regionOfScope("projects/p/zones/asia-east1-a")).toBe("asia-east1");
  expect(regionOfScope("global")).toBe("global");
  expect(regionOfScope("planets/earth")).toBeUndefined();
});

test("auto, custom and legacy networks are told apart although a legacy one just lacks a member", () => {
  const mode = (over: Partial<ComputeNetwork>) => toNetwork(aNetwork(over), global, false).attributes.mode;
  expect(mode({ autoCreateSubnetworks: true })).toBe("auto");
  expect(mode({ autoCreateSubnetworks: false })).toBe("custom");
  const { autoCreateSubnetworks: _, ...bare } = aNetwork({ IPv4Range: "10.240.0.0/16", gatewayIPv4: "10.240.0.1" });
  const legacy = toNetwork(bare, global, false);
  expect(legacy.attributes).toMatchObject({
    mode: "legacy",
    legacyRange: "10.240.0.0/16",
    gatewayAddress: "10.240.0.1",
    blocks: [],
  });
  expect(facetsOf("network", resourceSchema("network").parse(legacy)).prefixes).toEqual(["10.240.0.0/16"]);
});

test("a network has the /48 of its internal IPv6, the peers that both sides agreed on, and its project's host status", () => {
  const peer = (name: string, state: string) => ({
    name,
    state,
    network: `${URL}/projects/servicenetworking-tp/global/networks/${name}`,
  });
  const { attributes } = toNetwork(
    aNetwork({
      internalIpv6Range: "FD20:1:2::/48",
      peerings: [peer("sql", "ACTIVE"), peer("sql", "ACTIVE"), peer("left", "INACTIVE")],
    }),
    global,
    true,
  );
  expect(attributes).toMatchObject({
    blocks: [{ prefix: "fd20:1:2::/48", role: "ipv6" }],
    peerNetworks: [`${ID}/projects/servicenetworking-tp/global/networks/sql`],
    sharedVpcHost: true,
    mtuBytes: 1460,
    routingMode: "REGIONAL",
    providerId: "1049489868840345332",
  });
  expect(toNetwork(aNetwork(), global, undefined).attributes.sharedVpcHost).toBeUndefined();
});

test("a network that was made again under its name has another provider id under the same natural id", () => {
  const [one, two] = ["1", "2"].map((id) => toNetwork(aNetwork({ id }), global, false));
  expect(one?.id).toBe(two?.id);
  expect(one?.attributes.providerId).not.toBe(two?.attributes.providerId);
});

test("a subnet has its primary, secondary and IPv6 blocks once each, and the four addresses that Google keeps", () => {
  const { attributes } = toSubnet(
    aSubnet({
      stackType: "IPV4_IPV6",
      ipv6AccessType: "EXTERNAL",
      ipv6CidrRange: "2600:1900::/64",
      externalIpv6Prefix: "2600:1900:0:0::/64",
      secondaryIpRanges: [
        { rangeName: "pods", ipCidrRange: "100.64.0.0/14" },
        { rangeName: "services", ipCidrRange: "192.168.0.0/20" },
      ],
    }),
    place,
  );
  expect(attributes).toMatchObject({
    network: `${ID}/projects/${PROJECT}/global/networks/prod`,
    ownerAccount: PROJECT,
    cloudReservedCount: 4,
    ipv6Only: false,
  });
  expect(attributes.blocks).toEqual([
    { prefix: "10.0.0.0/20", role: "primary", state: "associated" },
    { prefix: "100.64.0.0/14", role: "secondary", state: "associated", rangeName: "pods" },
    { prefix: "192.168.0.0/20", role: "secondary", state: "associated", rangeName: "services" },
    { prefix: "2600:1900::/64", role: "ipv6", state: "associated" },
  ]);
});

test("an IPv6-only subnet has no IPv4 block and nothing kept in it", () => {
  const {
    ipCidrRange: _,
    gatewayAddress: __,
    ...bare
  } = aSubnet({
    stackType: "IPV6_ONLY",
    internalIpv6Prefix: "fd20::/64",
  });
  const { attributes } = toSubnet(bare, place);
  expect(attributes).toMatchObject({ ipv6Only: true, cloudReservedCount: 0 });
  expect(attributes.blocks).toEqual([{ prefix: "fd20::/64", role: "ipv6", state: "associated" }]);
});

test("utilisation is of the range it names, and IPv6 counts of 128 bits are read from their halves", () => {
  const { volatile } = toSubnet(
    aSubnet({
      externalIpv6Prefix: "2600:1900::/64",
      secondaryIpRanges: [{ rangeName: "pods", ipCidrRange: "100.64.0.0/14" }],
      utilizationDetails: {
        ipv4Utilizations: [
          { rangeName: "pods", totalAllocatedIp: "16", totalFreeIp: "262128" },
          { totalAllocatedIp: "92", totalFreeIp: "4000" },
          { rangeName: "gone", totalAllocatedIp: "1", totalFreeIp: "1" },
        ],
        externalIpv6InstanceUtilization: {
          totalAllocatedIp: { high: "0", low: "4294967296" },
          totalFreeIp: { high: "0", low: "9223372036854775808" },
        },
        externalIpv6LbUtilization: {
          totalAllocatedIp: { high: "0", low: "0" },
          totalFreeIp: { high: "0", low: "9223372036854775808" },
        },
      },
    }),
    place,
  );
  expect(volatile).toEqual({
    availableAddressCount: 4000,
    utilisation: [
      { prefix: "100.64.0.0/14", rangeName: "pods", totalCount: 262144, allocatedCount: 16, freeCount: 262128 },
      { prefix: "10.0.0.0/20", totalCount: 4092, allocatedCount: 92, freeCount: 4000 },
      { prefix: "2600:1900::/64", totalCount: 2 ** 32 + 2 ** 64, allocatedCount: 2 ** 32, freeCount: 2 ** 64 },
    ],
  });
  expect(toSubnet(aSubnet(), place)).not.toHaveProperty("volatile");
});

test("an instance of a service project is its own and in the host's network", () => {
  const resource = toInstance(
    anInstance({
      labels: { env: "prod" },
      serviceAccounts: [{ email: "web@acme-prod-1.iam.gserviceaccount.com" }],
      disks: [
        { boot: false, licenses: [] },
        { boot: true, architecture: "ARM64", licenses: [`${URL}/projects/debian-cloud/global/licenses/debian-12`] },
      ],
      lastStartTimestamp: "2024-05-14T07:44:59.123-07:00",
      creationTimestamp: "2019-01-01T00:00:00.000-08:00",
    }),
    place,
  );
  expect(resource).toMatchObject({
    id: `${ID}/projects/${PROJECT}/zones/europe-west1-b/instances/web-1`,
    name: "web-1",
    tags: { env: "prod" },
    attributes: {
      instanceId: "web-1",
      providerId: "9007199254740993001",
      state: "running",
      type: "e2-medium",
      zone: "europe-west1-b",
      launchTime: "2024-05-14T14:44:59.123Z",
      network: `${ID}/projects/${HOST}/global/networks/shared`,
      role: "web@acme-prod-1.iam.gserviceaccount.com",
      platform: "debian-12",
      architecture: "arm64",
      interfaces: [
        {
          interfaceId: "nic0",
          deviceIndex: 0,
          subnet: `${ID}/projects/${HOST}/regions/europe-west1/subnetworks/web`,
          privateAddresses: [{ address: "10.0.0.7", primary: true }],
        },
      ],
    },
  });
});

test("an instance is found by each of its addresses: internal, external, both IPv6, their /96 and alias ranges", () => {
  const nic = anInstance().networkInterfaces?.[0];
  const resource = toInstance(
    anInstance({
      networkInterfaces: [
        {
          ...nic,
          accessConfigs: [{ type: "ONE_TO_ONE_NAT", natIP: "203.0.113.5", publicPtrDomainName: "web.example.com." }],
          ipv6Address: "fd20:0:0:1:0:1:0:0",
          internalIpv6PrefixLength: 96,
          ipv6AccessConfigs: [
            { type: "DIRECT_IPV6", externalIpv6: "2600:1900:0:0:0:7:0:0", externalIpv6PrefixLength: 96 },
          ],
          aliasIpRanges: [
            { ipCidrRange: "100.64.1.0/24", subnetworkRangeName: "pods" },
            { ipCidrRange: "192.168.0.9" },
            { ipCidrRange: "/28" },
          ],
        },
      ],
    }),
    place,
  );
  expect(resource.attributes.publicHostName).toBe("web.example.com");
  expect(facetsOf("instance", resourceSchema("instance").parse(resource)).prefixes).toEqual([
    "10.0.0.7/32",
    "203.0.113.5/32",
    "fd20::1:0:1:0:0/128",
    "2600:1900::7:0:0/128",
    "fd20::1:0:1:0:0/96",
    "2600:1900::7:0:0/96",
    "100.64.1.0/24",
    "192.168.0.9/32",
  ]);
});

test("a stopped instance keeps its internal address and has no external one", () => {
  const nic = anInstance().networkInterfaces?.[0];
  const { attributes } = toInstance(
    anInstance({ status: "TERMINATED", networkInterfaces: [{ ...nic, accessConfigs: [{ type: "ONE_TO_ONE_NAT" }] }] }),
    place,
  );
  expect(attributes.state).toBe("terminated");
  expect(attributes.interfaces?.[0]).toMatchObject({
    privateAddresses: [{ address: "10.0.0.7", primary: true }],
    publicAddresses: [],
  });
});

test("an instance on a legacy network has no subnet, and an IPv6-only one no IPv4", () => {
  const { attributes } = toInstance(
    anInstance({
      networkInterfaces: [
        { name: "nic0", network: `${URL}/projects/${PROJECT}/global/networks/legacy`, networkIP: "10.240.0.2" },
        { name: "nic1", ipv6AccessConfigs: [{ externalIpv6: "2600:1900::1", externalIpv6PrefixLength: 128 }] },
      ],
    }),
    place,
  );
  const [legacy, ipv6] = attributes.interfaces ?? [];
  expect(legacy?.subnet).toBeUndefined();
  expect(ipv6).toMatchObject({ privateAddresses: [], ipv6Addresses: ["2600:1900::1"], delegatedPrefixes: [] });
});

test("a reserved address is external unless it says otherwise, and names who has it", () => {
  const { addressType: _, ...untyped } = anAddress({
    status: "IN_USE",
    users: [`${URL}/projects/${PROJECT}/zones/europe-west1-b/instances/web-1`, "https://example.com/something-else"],
  });
  expect(toReservedAddress(untyped, place)).toMatchObject({
    id: `${ID}/projects/${PROJECT}/regions/europe-west1/addresses/web`,
    attributes: {
      address: "203.0.113.9",
      type: "external",
      state: "in-use",
      attachedTo: [
        `${ID}/projects/${PROJECT}/zones/europe-west1-b/instances/web-1`,
        "https://example.com/something-else",
      ],
    },
  });
});

test("a reserved range is a prefix, a single address none, and one that is still being chosen neither", () => {
  const of = (over: Partial<ComputeAddress>) => toReservedAddress(anAddress(over), place).attributes;
  expect(of({ address: "10.200.0.0", prefixLength: 16, addressType: "INTERNAL" })).toMatchObject({
    prefix: "10.200.0.0/16",
    type: "internal",
  });
  expect(of({ address: "10.200.0.0", prefixLength: 16 })).not.toHaveProperty("address");
  expect(of({ address: "2600:1900::", prefixLength: 96 })).toMatchObject({ prefix: "2600:1900::/96" });
  expect(of({ address: "203.0.113.9", prefixLength: 32 })).toMatchObject({ address: "203.0.113.9" });
  expect(of({ address: null, status: "RESERVING" })).toMatchObject({ state: "reserving" });
});

test("a description that is longer than the register takes is cut, not through a character", () => {
  const { description = "" } = toNetwork(aNetwork({ description: "🚀".repeat(1024) }), global, false).attributes;
  expect(description.length).toBeLessThanOrEqual(1024);
  expect(description.endsWith("…")).toBe(true);
  expect(description.isWellFormed()).toBe(true);
});

test("the companions of the client's decoded members do not get into a resource", () => {
  const decoded = { ...aSubnet(), _name: "name", _ipCidrRange: "ipCidrRange", _network: "network" };
  expect(JSON.stringify(toSubnet(decoded, place))).not.toContain('"_');
});

test.each<[string, () => unknown, RegExp]>([
  ["a network without name", () => toNetwork(aNetwork({ name: "" }), global, false), /name is missing/],
  ["a network without selfLink", () => toNetwork(aNetwork({ selfLink: null }), global, false), /selfLink null/],
  [
    "another project's network",
    () => toNetwork(aNetwork(), { ...global, project: HOST }, false),
    /project acme-prod-1/,
  ],
  ["another region's subnet", () => toSubnet(aSubnet(), { ...place, region: "us-east1" }), /region europe-west1/],
  [
    "another collection",
    () => toReservedAddress(anAddress({ selfLink: aSubnet().selfLink ?? "" }), place),
    /collection/,
  ],
  ["a subnet without network", () => toSubnet(aSubnet({ network: null }), place), /network is missing/],
  ["host bits in a block", () => toSubnet(aSubnet({ ipCidrRange: "10.0.0.1/20" }), place), /10\.0\.0\.1\/20/],
  ["an instance without state", () => toInstance(anInstance({ status: null }), place), /status is missing/],
  ["a broken time", () => toInstance(anInstance({ lastStartTimestamp: "soon" }), place), /lastStartTimestamp "soon"/],
  [
    "a broken address",
    () => toInstance(anInstance({ networkInterfaces: [{ networkIP: "10.0.0.300" }] }), place),
    /10\.0\.0\.300/,
  ],
  [
    "a broken alias range",
    () => toInstance(anInstance({ networkInterfaces: [{ aliasIpRanges: [{ ipCidrRange: "pods" }] }] }), place),
    /pods/,
  ],
  [
    "a reference that is none",
    () => toInstance(anInstance({ networkInterfaces: [{ network: "somewhere" }] }), place),
    /"somewhere" is not a resource's URL/,
  ],
])("what cannot be a resource is refused with the reason: %s", (_what, convert, message) => {
  expect(convert).toThrow(MalformedError);
  expect(convert).toThrow(message);
});

test("a type of address that Google does not document is taken as it is, and reported", () => {
  const told: string[] = [];
  const report = (message: string) => void told.push(message);
  const { attributes } = toReservedAddress(anAddress({ addressType: "X_LOCAL" }), { ...place, report });
  expect(attributes.type).toBe("x_local");
  expect(told).toEqual(['addressType is "X_LOCAL", which is taken as it is; known: EXTERNAL, INTERNAL']);
});

test("a network of a project of which nobody knows whether it is a shared VPC host says that it does not know", () => {
  expect(toNetwork(aNetwork(), global, undefined)).toMatchObject({ unknown: ["sharedVpcHost"] });
  expect(toNetwork(aNetwork(), global, false)).not.toHaveProperty("unknown");
});

import { describe, expect, it } from "vitest";
import { createGcpEstate, type GcpEstate } from "./estate-gcp.ts";
import type { Instance } from "./gcp/wire.ts";

function instancesOf(estate: GcpEstate): Instance[] {
  return estate.projects.flatMap((project) =>
    estate.regions.flatMap((region) =>
      region.zones.flatMap((zone) =>
        Array.from({ length: estate.instancePlaces(project, zone) }, (_, place) =>
          estate.instanceAt(project, zone, place, "v1"),
        ).filter((instance) => instance !== undefined),
      ),
    ),
  );
}

function toNumber(address: string): number {
  return address.split(".").reduce((value, octet) => value * 256 + Number(octet), 0);
}

function contains(cidr: string, address: string): boolean {
  const [base = "", length = ""] = cidr.split("/");
  const size = 2 ** (32 - Number(length));
  return Math.floor(toNumber(base) / size) === Math.floor(toNumber(address) / size);
}

describe("a synthetic Google Cloud estate", () => {
  const estate = createGcpEstate({ seed: "a", projects: 5, instances: 3000 });
  const instances = instancesOf(estate);
  const subnetworks = estate.projects.flatMap((project) =>
    estate.regions.flatMap((region) => estate.subnetworks(project, region, { version: "v1", withUtilization: true })),
  );

  it("is the same for the same seed and another for another seed", () => {
    const again = createGcpEstate({ seed: "a", projects: 5, instances: 3000 });
    const other = createGcpEstate({ seed: "b", projects: 5, instances: 3000 });
    expect(instancesOf(again)).toEqual(instances);
    expect(instancesOf(other)).not.toEqual(instances);
  });

  it("has exactly as many instances as were asked for, each with its own id, name and addresses", () => {
    expect(instances).toHaveLength(3000);
    expect(new Set(instances.map(({ selfLink }) => selfLink)).size).toBe(3000);
    expect(new Set(instances.map(({ id }) => id)).size).toBe(3000);
    const nics = instances.flatMap(({ networkInterfaces }) => networkInterfaces);
    const unique = (values: readonly string[]) => expect(new Set(values).size).toBe(values.length);
    unique(nics.flatMap((nic) => (nic.networkIP ? [`${nic.network} ${nic.networkIP}`] : [])));
    unique(nics.flatMap((nic) => nic.accessConfigs?.flatMap(({ natIP }) => natIP ?? []) ?? []));
    unique(nics.flatMap((nic) => nic.ipv6Address ?? nic.ipv6AccessConfigs?.[0]?.externalIpv6 ?? []));
    unique(nics.flatMap((nic) => nic.aliasIpRanges?.map((range) => `${nic.network} ${range.ipCidrRange}`) ?? []));
  });

  it("puts every interface inside a subnetwork that exists, and its alias ranges inside the named secondary range", () => {
    const byLink = new Map(subnetworks.map((subnetwork) => [subnetwork.selfLink, subnetwork]));
    for (const nic of instances.flatMap(({ networkInterfaces }) => networkInterfaces)) {
      if (!nic.subnetwork) continue;
      const subnetwork = byLink.get(nic.subnetwork);
      expect(subnetwork?.network).toBe(nic.network);
      if (nic.networkIP) expect(contains(subnetwork?.ipCidrRange ?? "", nic.networkIP)).toBe(true);
      const v6 = nic.ipv6Address ?? nic.ipv6AccessConfigs?.[0]?.externalIpv6;
      if (v6) expect(v6.startsWith((subnetwork?.ipv6CidrRange ?? "").replace("::/64", ":"))).toBe(true);
      for (const alias of nic.aliasIpRanges ?? []) {
        const range = subnetwork?.secondaryIpRanges?.find(({ rangeName }) => rangeName === alias.subnetworkRangeName);
        expect(contains(range?.ipCidrRange ?? "", alias.ipCidrRange.split("/")[0] ?? "")).toBe(true);
      }
    }
  });

  it("has subnetworks that do not overlap inside one network", () => {
    const ranges = subnetworks.flatMap((each) => [
      ...(each.ipCidrRange ? [{ network: each.network, cidr: each.ipCidrRange }] : []),
      ...(each.secondaryIpRanges ?? []).map(({ ipCidrRange }) => ({ network: each.network, cidr: ipCidrRange })),
    ]);
    for (const network of new Set(ranges.map((range) => range.network))) {
      const spans = ranges
        .filter((range) => range.network === network)
        .map(({ cidr }) => ({ from: toNumber(cidr.split("/")[0] ?? ""), size: 2 ** (32 - Number(cidr.split("/")[1])) }))
        .sort((a, b) => a.from - b.from);
      for (const [index, span] of spans.entries())
        expect(span.from).toBeGreaterThanOrEqual((spans[index - 1]?.from ?? 0) + (spans[index - 1]?.size ?? 0));
    }
    const prefixes = subnetworks.flatMap(({ ipv6CidrRange }) => ipv6CidrRange ?? []);
    expect(new Set(prefixes).size).toBe(prefixes.length);
  });

  it("reports as utilisation what the instances and reserved addresses really take", () => {
    for (const subnetwork of subnetworks) {
      const nics = instances
        .flatMap(({ networkInterfaces }) => networkInterfaces)
        .filter((nic) => nic.subnetwork === subnetwork.selfLink);
      const reserved = estate.projects
        .flatMap((project) => estate.regions.flatMap((region) => estate.addresses(project, region, "v1")))
        .filter((address) => address.subnetwork === subnetwork.selfLink);
      const [primary, ...secondary] = subnetwork.utilizationDetails?.ipv4Utilizations ?? [];
      const taken = nics.filter((nic) => nic.networkIP).length + reserved.filter((each) => !each.prefixLength).length;
      expect(Number(primary?.totalAllocatedIp ?? 0)).toBe(taken);
      if (subnetwork.ipCidrRange)
        expect(Number(primary?.totalFreeIp)).toBe(2 ** (32 - Number(subnetwork.ipCidrRange.split("/")[1])) - 4 - taken);
      for (const range of secondary)
        expect(Number(range.totalAllocatedIp)).toBe(
          nics
            .flatMap((nic) => nic.aliasIpRanges ?? [])
            .filter((alias) => alias.subnetworkRangeName === range.rangeName)
            .reduce((sum, alias) => sum + 2 ** (32 - Number(alias.ipCidrRange.split("/")[1])), 0),
        );
      const { internalIpv6Utilization, externalIpv6InstanceUtilization } = subnetwork.utilizationDetails ?? {};
      const v6 = internalIpv6Utilization ?? externalIpv6InstanceUtilization;
      const ranges =
        nics.filter((nic) => nic.ipv6Address ?? nic.ipv6AccessConfigs).length +
        reserved.filter((each) => each.prefixLength === 96).length;
      if (v6) expect(BigInt(v6.totalAllocatedIp.low)).toBe(BigInt(ranges) << 32n);
    }
  });

  it("shows every form of network, subnetwork, address and instance that a collector must understand", () => {
    const networks = estate.projects.flatMap((project) => estate.networks(project, "v1"));
    expect(networks.some(({ IPv4Range }) => IPv4Range === "10.240.0.0/16")).toBe(true);
    expect(new Set(networks.map(({ autoCreateSubnetworks }) => autoCreateSubnetworks))).toEqual(
      new Set([true, false, undefined]),
    );
    expect(new Set(subnetworks.map(({ purpose }) => purpose)).size).toBe(3);
    expect(new Set(subnetworks.map(({ stackType }) => stackType))).toEqual(
      new Set(["IPV4_ONLY", "IPV4_IPV6", "IPV6_ONLY", undefined]),
    );
    const addresses = estate.projects.flatMap((project) =>
      (["global", ...estate.regions] as const).flatMap((region) => estate.addresses(project, region, "v1")),
    );
    expect(new Set(addresses.map(({ purpose }) => purpose)).size).toBe(5);
    expect(addresses.some(({ ipVersion, prefixLength }) => ipVersion === "IPV6" && prefixLength === 96)).toBe(true);
    expect(new Set(instances.map(({ status }) => status)).size).toBe(7);
    expect(instances.some(({ networkInterfaces }) => networkInterfaces.length === 2)).toBe(true);
    expect(instances.some(({ networkInterfaces }) => !networkInterfaces[0]?.subnetwork)).toBe(true);
    expect(instances.some(({ description }) => /\p{Script=Han}/u.test(description ?? ""))).toBe(true);
  });

  it("puts a service project's instances into its shared VPC host's network", () => {
    const service = estate.projects.find(({ role }) => role === "service");
    const links = instances
      .filter(({ zone }) => zone.includes(`/projects/${service?.projectId}/`))
      .map(({ networkInterfaces }) => networkInterfaces[0]?.network);
    expect(links).toContain(
      `https://www.googleapis.com/compute/v1/projects/${service?.hostProjectId}/global/networks/workload`,
    );
  });

  it("gives an instance of a hundred thousand without making the others", () => {
    const large = createGcpEstate({ seed: "large", projects: 5, instances: 100_000 });
    const [project] = large.projects;
    if (!project) throw new Error("no project");
    const started = process.memoryUsage().heapUsed;
    const places = large.instancePlaces(project, "us-central1-a");
    expect(large.instanceAt(project, "us-central1-a", places - 1, "v1")?.name).toMatch(
      new RegExp(`-us-central1-a-${places - 1}$`),
    );
    expect(large.instanceAt(project, "us-central1-a", places, "v1")).toBeUndefined();
    expect(process.memoryUsage().heapUsed - started).toBeLessThan(5_000_000);
  });

  it("refuses sizes and regions that cannot be, and says what can", () => {
    expect(() => createGcpEstate({ seed: "x", projects: 0 })).toThrow(
      "projects must be a whole number from 1 to 10000",
    );
    expect(() => createGcpEstate({ seed: "x", projects: 1, instances: 1e6 })).toThrow("instances must be");
    expect(() => createGcpEstate({ seed: "x", regions: ["mars-north1"] })).toThrow(
      /unknown region "mars-north1".*us-east1/,
    );
  });
});

describe("a change of a synthetic Google Cloud estate", () => {
  function anEstate() {
    const estate = createGcpEstate({ seed: "change", projects: 5, instances: 600 });
    const [project] = estate.projects;
    if (!project) throw new Error("no project");
    const zone = "us-central1-a";
    const at = (place: number) => estate.instanceAt(project, zone, place, "v1");
    const ref = (place: number) => ({ project: project.projectId, zone, name: at(place)?.name ?? "" });
    const primaryUse = () =>
      estate
        .subnetworks(project, estate.regions[0] as (typeof estate.regions)[number], {
          version: "v1",
          withUtilization: true,
        })
        .find(({ name }) => name === "workload")?.utilizationDetails?.ipv4Utilizations?.[0]?.totalAllocatedIp;
    return { estate, project, zone, at, ref, primaryUse };
  }

  it("removes one instance, leaves its neighbours as they were and frees its address", () => {
    const { estate, at, ref, primaryUse } = anEstate();
    const neighbours = [at(0), at(2)];
    const before = Number(primaryUse());
    estate.removeInstance(ref(1));
    expect(at(1)).toBeUndefined();
    expect([at(0), at(2)]).toEqual(neighbours);
    expect(Number(primaryUse())).toBe(before - 1);
  });

  it("adds an instance behind the generated ones, with an address of its own", () => {
    const { estate, project, zone, at, primaryUse } = anEstate();
    const places = estate.instancePlaces(project, zone);
    const before = Number(primaryUse());
    estate.addInstance({ project: project.projectId, zone, name: "extra-1", labels: { env: "test" } });
    expect(estate.instancePlaces(project, zone)).toBe(places + 1);
    expect(at(places)).toMatchObject({ name: "extra-1", labels: { env: "test" }, status: "RUNNING" });
    expect(Number(primaryUse())).toBe(before + 1);
    estate.removeInstance({ project: project.projectId, zone, name: "extra-1" });
    expect(at(places)).toBeUndefined();
    expect(Number(primaryUse())).toBe(before);
  });

  it("moves an external address to another instance, and the reserved address follows", () => {
    const { estate, project, at, ref } = anEstate();
    const address = at(1)?.networkInterfaces[0]?.accessConfigs?.[0]?.natIP;
    expect(estate.moveExternalAddress(ref(1), ref(2))).toBe(address);
    expect(at(1)?.networkInterfaces[0]?.accessConfigs).toBeUndefined();
    expect(at(2)?.networkInterfaces[0]?.accessConfigs?.[0]?.natIP).toBe(address);
    const [region] = estate.regions;
    const reserved = region && estate.addresses(project, region, "v1").find((each) => each.address === address);
    expect(reserved?.users).toEqual([at(2)?.selfLink]);
  });

  it("changes labels alone", () => {
    const { estate, at, ref } = anEstate();
    const before = at(3);
    estate.relabelInstance(ref(3), { owner: "nobody" });
    expect(at(3)).toEqual({ ...before, labels: { owner: "nobody" } });
  });

  it("is refused for an instance that is not there, twice removed, or already there", () => {
    const { estate, project, zone, ref } = anEstate();
    const gone = ref(1);
    estate.removeInstance(gone);
    expect(() => estate.removeInstance(gone)).toThrow(
      `there is no instance projects/${project.projectId}/zones/${zone}`,
    );
    expect(() => estate.relabelInstance({ ...gone, name: "web" }, {})).toThrow("there is no instance");
    expect(() => estate.addInstance(ref(2))).toThrow("was used already");
    expect(() => estate.addInstance({ ...gone, name: "Not_A_Name" })).toThrow("is not an instance name");
    expect(() => estate.addInstance({ ...gone, zone: "nowhere" })).toThrow("there is no projects/");
  });
});

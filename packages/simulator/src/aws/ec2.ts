import {
  type Address,
  DescribeAddressesResult$,
  DescribeInstancesResult$,
  DescribeNetworkInterfacesResult$,
  DescribeRegionsResult$,
  DescribeSubnetsResult$,
  DescribeVpcsResult$,
  type NetworkInterface,
  type Region,
  type Reservation,
  type Subnet,
  type Vpc,
} from "@aws-sdk/client-ec2";
import type { Call } from "./call.ts";
import {
  addressFilters,
  createFilter,
  instanceFilters,
  networkInterfaceFilters,
  readFilters,
  regionFilters,
  subnetFilters,
  vpcFilters,
} from "./ec2-filters.ts";
import { AwsError } from "./errors.ts";
import { pageWithToken, readMaxResults } from "./paging.ts";
import type { Parameters } from "./parameters.ts";
import { items, mapped, type Sequence } from "./sequence.ts";
import type { AwsView } from "./views.ts";
import { createXmlShape, toXml } from "./xml.ts";

const ec2Version = "2016-11-15";

/** How one Describe operation selects from the view and writes its answer. */
interface Describe<T> {
  /** The member of the result that holds the list, and the element names by the SDK's schema. */
  readonly member: string;
  readonly shape: (result: object) => Record<string, unknown>;
  /** DescribeAddresses and DescribeRegions have no pages. */
  readonly paged: boolean;
  /** The parameter that names resources, their ids in one element, and the error for an id that is not there. */
  readonly byId: { readonly parameter: string; readonly idsOf: (item: T) => Ids; readonly notFound: string };
  select(view: AwsView, parameters: Parameters): Sequence<T>;
}

type Ids = readonly (string | undefined)[];

const describeVpcs: Describe<Vpc> = {
  member: "Vpcs",
  shape: createXmlShape(DescribeVpcsResult$),
  paged: true,
  byId: { parameter: "VpcId", idsOf: (vpc) => [vpc.VpcId], notFound: "InvalidVpcID.NotFound" },
  select: (view, parameters) =>
    filtered(
      view.vpcs,
      createFilter(vpcFilters, (vpc) => vpc.Tags, readFilters(parameters)),
    ),
};

const describeSubnets: Describe<Subnet> = {
  member: "Subnets",
  shape: createXmlShape(DescribeSubnetsResult$),
  paged: true,
  byId: { parameter: "SubnetId", idsOf: (subnet) => [subnet.SubnetId], notFound: "InvalidSubnetID.NotFound" },
  select: (view, parameters) =>
    filtered(
      view.subnets,
      createFilter(subnetFilters, (subnet) => subnet.Tags, readFilters(parameters)),
    ),
};

/** Pages count reservations; a filter leaves in a reservation only the instances that fit, and drops one without any. */
const describeInstances: Describe<Reservation> = {
  member: "Reservations",
  shape: createXmlShape(DescribeInstancesResult$),
  paged: true,
  byId: {
    parameter: "InstanceId",
    idsOf: (reservation) => (reservation.Instances ?? []).map((instance) => instance.InstanceId),
    notFound: "InvalidInstanceID.NotFound",
  },
  select: (view, parameters) => {
    const accept = createFilter(instanceFilters, (instance) => instance.Tags, readFilters(parameters));
    const ids = new Set(parameters.list("InstanceId"));
    return mapped(view.reservations, (reservation) => {
      const kept = (reservation.Instances ?? []).filter(
        (instance) => (ids.size === 0 || ids.has(instance.InstanceId ?? "")) && accept(instance),
      );
      return kept.length === 0 ? undefined : { ...reservation, Instances: kept };
    });
  },
};

const describeNetworkInterfaces: Describe<NetworkInterface> = {
  member: "NetworkInterfaces",
  shape: createXmlShape(DescribeNetworkInterfacesResult$),
  paged: true,
  byId: {
    parameter: "NetworkInterfaceId",
    idsOf: (each) => [each.NetworkInterfaceId],
    notFound: "InvalidNetworkInterfaceID.NotFound",
  },
  select: (view, parameters) =>
    filtered(
      view.networkInterfaces,
      createFilter(networkInterfaceFilters, (each) => each.TagSet, readFilters(parameters)),
    ),
};

const describeAddresses: Describe<Address> = {
  member: "Addresses",
  shape: createXmlShape(DescribeAddressesResult$),
  paged: false,
  byId: {
    parameter: "AllocationId",
    idsOf: (address) => [address.AllocationId],
    notFound: "InvalidAllocationID.NotFound",
  },
  select: (view, parameters) => {
    const accept = createFilter(addressFilters, (address) => address.Tags, readFilters(parameters));
    const wanted = parameters.list("PublicIp");
    return filtered(
      view.addresses,
      (address) => (wanted.length === 0 || wanted.includes(address.PublicIp ?? "")) && accept(address),
    );
  },
};

const describeRegions: Describe<Region> = {
  member: "Regions",
  shape: createXmlShape(DescribeRegionsResult$),
  paged: false,
  byId: { parameter: "RegionName", idsOf: (region) => [region.RegionName], notFound: "InvalidParameterValue" },
  select: (view, parameters) => {
    const all = parameters.flag("AllRegions") || parameters.list("RegionName").length > 0;
    const accept = createFilter(regionFilters, () => [], readFilters(parameters));
    return filtered(view.regions, (region) => (all || region.OptInStatus !== "not-opted-in") && accept(region));
  },
};

const operations: Readonly<Record<string, (call: Call, parameters: Parameters) => string>> = {
  DescribeVpcs: answerWith(describeVpcs),
  DescribeSubnets: answerWith(describeSubnets),
  DescribeInstances: answerWith(describeInstances),
  DescribeNetworkInterfaces: answerWith(describeNetworkInterfaces),
  DescribeAddresses: answerWith(describeAddresses),
  DescribeRegions: answerWith(describeRegions),
};

/** The XML answer to an EC2 request. Throws AwsError with EC2's codes. */
export function answerEc2(call: Call, parameters: Parameters): string {
  const answer = Object.hasOwn(operations, call.operation) ? operations[call.operation] : undefined;
  if (answer === undefined)
    throw new AwsError("InvalidAction", `The action ${call.operation} is not valid for this web service.`);
  if (parameters.get("Version") !== ec2Version)
    throw new AwsError(
      "NoSuchVersion",
      `The requested version ('${parameters.get("Version") ?? ""}') is not supported.`,
    );
  if (!call.estate.isEnabled(call.principal.accountId, call.region))
    throw new AwsError("AuthFailure", "AWS was not able to validate the provided access credentials", 401);
  if (parameters.flag("DryRun"))
    throw new AwsError("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412);
  return answer(call, parameters);
}

function answerWith<T>(describe: Describe<T>): (call: Call, parameters: Parameters) => string {
  return (call, parameters) => {
    const view = call.estate.view(call.principal.accountId, call.region);
    const { found, token } = select(describe, call, parameters, view);
    return toXml(`${call.operation}Response`, {
      "@xmlns": `http://ec2.amazonaws.com/doc/${ec2Version}/`,
      requestId: call.requestId,
      ...describe.shape({ [describe.member]: found, NextToken: token }),
    });
  };
}

interface Selection<T> {
  readonly found: readonly T[];
  readonly token?: string | undefined;
}

function select<T>(describe: Describe<T>, call: Call, parameters: Parameters, view: AwsView): Selection<T> {
  const sequence = describe.select(view, parameters);
  const ids = parameters.list(describe.byId.parameter);
  const wish = parameters.get("MaxResults");
  if (ids.length > 0) {
    if (wish !== undefined)
      throw new AwsError(
        "InvalidParameterCombination",
        `The parameter ${describe.byId.parameter} cannot be used with the parameter maxResults`,
      );
    return { found: call.fault?.kind === "empty" ? [] : byIds(describe, sequence, ids) };
  }
  if (!describe.paged) return { found: call.fault?.kind === "empty" ? [] : [...items(sequence)] };
  const page = pageWithToken(sequence, {
    request: JSON.stringify([call.operation, call.principal.accountId, call.region, readFilters(parameters)]),
    token: parameters.get("NextToken"),
    limit: readMaxResults(wish),
    fault: call.fault,
  });
  return { found: page.items, token: page.token };
}

function byIds<T>(describe: Describe<T>, sequence: Sequence<T>, ids: readonly string[]): readonly T[] {
  const { idsOf, notFound } = describe.byId;
  const found = [
    ...items(filtered(sequence, (item) => idsOf(item).some((id) => id !== undefined && ids.includes(id)))),
  ];
  const there = new Set(found.flatMap(idsOf));
  const missing = ids.filter((id) => !there.has(id));
  if (missing.length > 0) throw new AwsError(notFound, `The ID '${missing.join(", ")}' does not exist`);
  return found;
}

function filtered<T>(sequence: Sequence<T>, accept: (item: T) => boolean): Sequence<T> {
  return mapped(sequence, (item) => (accept(item) ? item : undefined));
}

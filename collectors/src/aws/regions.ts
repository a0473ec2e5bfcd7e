import { DescribeRegionsCommand, EC2Client } from "@aws-sdk/client-ec2";
import { MalformedError } from "../values.ts";
import type { AwsClients } from "./client.ts";

/** What an account says of its regions. */
interface RegionList {
  /** Those in which resources can be. */
  readonly enabled: readonly string[];
  readonly notOptedIn: readonly string[];
}

/** What an account says of one region; `region_disabled` of one that it does not name at all. */
export type RegionStanding = "enabled" | "not_opted_in" | "region_disabled";

export function standingOf({ enabled, notOptedIn }: RegionList, region: string): RegionStanding {
  if (enabled.includes(region)) return "enabled";
  return notOptedIn.includes(region) ? "not_opted_in" : "region_disabled";
}

export const DESCRIBE_REGIONS = "ec2:DescribeRegions";

/** All regions of the account's partition with the account's own opt-in status. DescribeRegions has no pages. */
export async function listRegions(clients: AwsClients, homeRegion: string): Promise<RegionList> {
  const client = clients.create(EC2Client, homeRegion);
  try {
    const answer = await client.send(new DescribeRegionsCommand({ AllRegions: true }));
    const named = (answer.Regions ?? []).filter((region) => region.RegionName);
    if (named.length === 0) throw new MalformedError("the answer names no region");
    const of = (notOptedIn: boolean) =>
      named
        .filter((region) => (region.OptInStatus === "not-opted-in") === notOptedIn)
        .map((region) => region.RegionName as string)
        .sort();
    return { enabled: of(false), notOptedIn: of(true) };
  } finally {
    client.destroy();
  }
}

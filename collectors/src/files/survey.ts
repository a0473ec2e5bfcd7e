import type { FileListing } from "./format.ts";

/** What the files say together of where things are; no single file says all of it. */
export interface Survey {
  /** Regions that at least one thing names. */
  readonly regions: ReadonlySet<string>;
  readonly regionOfNetwork: ReadonlyMap<string, string>;
  /** Owners of the networks that are another account's. */
  readonly ownerOfNetwork: ReadonlyMap<string, string>;
  add(listings: readonly FileListing[]): void;
}

export function createSurvey(account: string): Survey {
  const regions = new Set<string>();
  const regionOfNetwork = new Map<string, string>();
  const ownerOfNetwork = new Map<string, string>();
  return {
    regions,
    regionOfNetwork,
    ownerOfNetwork,
    add: (listings) => {
      for (const { region, network } of listings.flatMap((listing) => listing.items)) {
        if (region) regions.add(region);
        if (region && network) regionOfNetwork.set(network.id, region);
        if (network?.owner && network.owner !== account) ownerOfNetwork.set(network.id, network.owner);
      }
    },
  };
}

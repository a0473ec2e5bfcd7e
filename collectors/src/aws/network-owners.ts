/** Which account owns the VPCs that a region's listings name, as far as it is another one. */
export interface NetworkOwners {
  learn(networkId: string | undefined, owner: string | undefined): void;
  ownerOf(networkId: string): string | undefined;
  /** A listing that names owners has ended. */
  listed(complete: boolean): void;
  /** Resolves when one of the listings was complete, or when all have ended. Never rejects. */
  readonly known: Promise<void>;
}

/**
 * Filled by the listings of VPCs and of subnets, each of which alone names every shared VPC. When both fail, references are made
 * as though all networks were the account's own, which is so in all accounts without shared subnets.
 */
export function createNetworkOwners(options: { readonly account: string; readonly listings: number }): NetworkOwners {
  const owners = new Map<string, string>();
  const { promise, resolve } = Promise.withResolvers<void>();
  let left = options.listings;
  return {
    learn: (networkId, owner) => {
      if (networkId && owner && owner !== options.account) owners.set(networkId, owner);
    },
    ownerOf: (networkId) => owners.get(networkId),
    listed: (complete) => {
      left -= 1;
      if (complete || left === 0) resolve();
    },
    known: promise,
  };
}

export interface RequestFacts {
  readonly service: string;
  readonly operation: string;
  /** Account id; empty when the sender was not known. */
  readonly account: string;
  readonly region: string;
}

export interface RequestCounts {
  /** How many requests came with these fields; all, when none is given. Refused ones and faults count. */
  count(match?: Partial<RequestFacts>): number;
  /** One entry for each operation, account and region asked. */
  list(): readonly (RequestFacts & { readonly count: number })[];
  reset(): void;
}

export function createRequestCounts(): RequestCounts & { add(facts: RequestFacts): void } {
  const counts = new Map<string, RequestFacts & { count: number }>();
  return {
    add: (facts) => {
      const key = JSON.stringify([facts.service, facts.operation, facts.account, facts.region]);
      const entry = counts.get(key) ?? { ...facts, count: 0 };
      entry.count += 1;
      counts.set(key, entry);
    },
    count: (match = {}) => {
      const wanted = Object.entries(match) as [keyof RequestFacts, string][];
      return [...counts.values()]
        .filter((entry) => wanted.every(([field, value]) => entry[field] === value))
        .reduce((sum, entry) => sum + entry.count, 0);
    },
    list: () => [...counts.values()].map((entry) => ({ ...entry })),
    reset: () => counts.clear(),
  };
}

export const KIND_NAMES = ["network", "subnet", "instance", "interface", "address", "endpoint", "certificate"] as const;
export type KindName = (typeof KIND_NAMES)[number];

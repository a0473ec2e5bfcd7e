/** Names of the functions that are deployed to Lambda, as their entry points are called. */
export const FUNCTIONS = ["api", "vault", "jobs", "feed", "admin-token", "collect-aws", "collect-endpoints"] as const;
export type FunctionName = (typeof FUNCTIONS)[number];

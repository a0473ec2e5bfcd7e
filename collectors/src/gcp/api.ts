/** Compute Engine's collections that are asked for. */
export type ComputeCollection = "networks" | "subnetworks" | "instances" | "addresses" | "globalAddresses" | "projects";
export type ComputeMethod = "list" | "aggregatedList" | "get";

/** Google's APIs as the collector needs them. Answers are what the client decoded, not yet looked at; errors are GcpCallErrors. */
export interface GcpApi {
  compute(
    collection: ComputeCollection,
    method: ComputeMethod,
    request: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<unknown>;
  /** GET `v3/{path}` of Cloud Resource Manager. */
  resourceManager(path: string, params: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<unknown>;
  close(): Promise<void>;
}

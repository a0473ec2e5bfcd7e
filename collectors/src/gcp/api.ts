import type { InstancesClient } from "@google-cloud/compute/build/src/v1/instances_client.js";

export type ComputeClientOptions = NonNullable<ConstructorParameters<typeof InstancesClient>[0]>;

/** What the package's clients have in common. */
export interface ComputeClient {
  initialize(): Promise<unknown>;
  close(): Promise<void>;
  readonly innerApiCalls: Readonly<Record<string, unknown>>;
}

/** The class of one of the clients. Each is imported by its own path, since all of them take a second and 150 MB more. */
export type ComputeService = new (options: ComputeClientOptions) => ComputeClient;

type ComputeMethod = "list" | "aggregatedList" | "get";

/** Google's APIs as the collector needs them. Answers are what the client decoded, not yet looked at; errors are GcpCallErrors. */
export interface GcpApi {
  /** Calls one of the services that the API was made with. */
  compute(
    service: ComputeService,
    method: ComputeMethod,
    request: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<unknown>;
  /** GET `v3/{path}` of Cloud Resource Manager. */
  resourceManager(path: string, params: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<unknown>;
  close(): Promise<void>;
}

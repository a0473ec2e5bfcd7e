import * as z from "zod";
import { type CollectorConfig, collectorVariables, toCollectorConfig } from "./collector.ts";
import { wholeNumberFrom } from "./forms.ts";
import { type Environment, listed, readVariables, requireOne } from "./read.ts";

export const collectEndpointsVariables = collectorVariables.extend({
  /** Targets (`host:port`), separated by commas, or the SSM path under which parameters hold them, one a line. */
  COLLECT_ENDPOINTS: z.string().optional(),
  COLLECT_ENDPOINTS_PARAMETERS: z
    .string()
    .regex(/^(\/[\w.-]+)+$/, "must be an SSM path such as /cadastre/endpoints")
    .optional(),
  COLLECT_ENDPOINTS_ACCOUNT: z.string().min(1).max(128),
  COLLECT_ENDPOINTS_FAMILIES: z.enum(["4", "6", "4,6"], "must be 4, 6 or 4,6").optional(),
  /** Endpoints at once. */
  COLLECT_CONCURRENCY: wholeNumberFrom(1, 1_000).optional(),
});

export type CollectEndpointsEnvironment = z.input<typeof collectEndpointsVariables>;

export type EndpointTargets = { readonly list: readonly string[] } | { readonly parametersPath: string };

export interface CollectEndpointsConfig extends CollectorConfig {
  readonly targets: EndpointTargets;
  readonly account: string;
  readonly families: readonly (4 | 6)[] | undefined;
  readonly concurrency: number | undefined;
}

export function readCollectEndpointsConfig(environment: Environment): CollectEndpointsConfig {
  const variables = readVariables(collectEndpointsVariables, environment);
  const { COLLECT_ENDPOINTS: list, COLLECT_ENDPOINTS_PARAMETERS: path } = variables;
  requireOne(variables, ["COLLECT_ENDPOINTS", "COLLECT_ENDPOINTS_PARAMETERS"]);
  return {
    ...toCollectorConfig(variables),
    targets: path === undefined ? { list: listed(list as string) } : { parametersPath: path },
    account: variables.COLLECT_ENDPOINTS_ACCOUNT,
    families: variables.COLLECT_ENDPOINTS_FAMILIES?.split(",").map((family) => (family === "4" ? 4 : 6)),
    concurrency: variables.COLLECT_CONCURRENCY === undefined ? undefined : Number(variables.COLLECT_CONCURRENCY),
  };
}

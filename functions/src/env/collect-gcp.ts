import * as z from "zod";
import { isSchedule } from "../schedule.ts";
import { type CollectorConfig, collectorVariables, type LoadConfig, toCollectorConfig, toLoad } from "./collector.ts";
import { wholeNumber, wholeNumberFrom } from "./forms.ts";
import { type Environment, listed, readVariables, requireOne } from "./read.ts";

export const collectGcpVariables = collectorVariables.extend({
  /** Ids of projects, separated by commas. */
  COLLECT_GCP_PROJECTS: z.string().optional(),
  COLLECT_GCP_FOLDER: z
    .string()
    .regex(/^\d{1,32}$/, "must be a folder's number")
    .optional(),
  COLLECT_GCP_ORGANIZATION: z
    .string()
    .regex(/^\d{1,32}$/, "must be an organization's number")
    .optional(),
  /** Projects at once, with five lists each. */
  COLLECT_CONCURRENCY: wholeNumberFrom(1, 100).optional(),
  /** Resources a page. */
  COLLECT_PAGE_SIZE: wholeNumberFrom(1, 500).optional(),
  /** When it runs, in cron's five fields (UTC): instead of the interval, which is then the longest from one time to the next. */
  COLLECT_SCHEDULE: z.string().refine(isSchedule, "must be five fields of cron").optional(),
  /** How long the runtime lets a run take. */
  COLLECT_TIMEOUT_SECONDS: wholeNumber,
});

export type GcpProjectsConfig =
  | { readonly list: readonly string[] }
  | { readonly folder: string }
  | { readonly organization: string };

export interface CollectGcpConfig extends CollectorConfig {
  /** Of which the interval follows. */
  readonly schedule: string | undefined;
  readonly load: LoadConfig;
  readonly projects: GcpProjectsConfig;
  readonly timeoutMilliseconds: number;
}

export function readCollectGcpConfig(environment: Environment): CollectGcpConfig {
  const variables = readVariables(collectGcpVariables, environment);
  const {
    COLLECT_GCP_PROJECTS: projects,
    COLLECT_GCP_FOLDER: folder,
    COLLECT_GCP_ORGANIZATION: organization,
  } = variables;
  requireOne(variables, ["COLLECT_GCP_PROJECTS", "COLLECT_GCP_FOLDER", "COLLECT_GCP_ORGANIZATION"]);
  requireOne(variables, ["COLLECT_INTERVAL_SECONDS", "COLLECT_SCHEDULE"], true);
  return {
    ...toCollectorConfig(variables),
    schedule: variables.COLLECT_SCHEDULE,
    projects:
      projects !== undefined
        ? { list: listed(projects) }
        : folder !== undefined
          ? { folder }
          : { organization: organization as string },
    load: toLoad(variables),
    timeoutMilliseconds: Number(variables.COLLECT_TIMEOUT_SECONDS) * 1000,
  };
}

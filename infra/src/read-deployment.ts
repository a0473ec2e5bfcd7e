import { readFileSync } from "node:fs";
import { ProblemError } from "@cadastre/contract/errors";
import { parse } from "@cadastre/contract/parse";
import { type Deployment, deploymentSettings } from "./deployment.ts";

/** Where the settings are in the CDK's context. */
export const CONTEXT = "cadastre";

/** Settings that cannot be deployed. The message names each that is wrong, and what is allowed. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
  constructor(source: string, problems: readonly string[]) {
    super(`${source} cannot be deployed:\n${problems.map((problem) => `- ${problem}`).join("\n")}`);
  }
}

/** Checks settings. Throws SettingsError. */
export function checkDeployment(value: unknown, source = "the settings"): Deployment {
  try {
    return parse(deploymentSettings, value);
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    throw new SettingsError(
      source,
      error.errors.map(({ path, message }) => `${path || "the settings"}: ${message}`),
    );
  }
}

/**
 * The settings of the context: those of `cdk.json`, or with `--context cadastre=FILE` those of a JSON file. Throws SettingsError,
 * also for a file that is not there or is not JSON.
 */
export function readDeployment(context: unknown): Deployment {
  if (context === undefined || context === null) {
    throw new SettingsError("cdk.json", [
      `context.${CONTEXT} is missing: an object with the settings, or a file's name`,
    ]);
  }
  if (typeof context !== "string") return checkDeployment(context, `context.${CONTEXT} of cdk.json`);
  try {
    return checkDeployment(JSON.parse(readFileSync(context, "utf8")), context);
  } catch (error) {
    if (error instanceof SettingsError) throw error;
    throw new SettingsError(context, [`${(error as Error).message}; it must be a file of JSON`]);
  }
}

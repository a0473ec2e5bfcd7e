import { getProfileName, loadSharedConfigFiles } from "@smithy/core/config";

/**
 * Says of credentials that the SDK could not find which profile it was told to take them from, and whether there is one of the
 * name: the SDK tries everything that it knows, and its message names nothing. Other errors are answered as they are.
 */
export async function withProfile(error: unknown): Promise<unknown> {
  const profile = getProfileName({});
  if (!(error instanceof Error) || error.name !== "CredentialsProviderError" || profile === "default") return error;
  if (error.message.includes(profile)) return error;
  const files = await loadSharedConfigFiles().catch(() => undefined);
  if (files === undefined) return error;
  const names = new Set([...Object.keys(files.configFile), ...Object.keys(files.credentialsFile)]);
  const what = names.has(profile)
    ? `the profile ${JSON.stringify(profile)} gives none`
    : `there is no profile ${JSON.stringify(profile)} in the shared config and credentials files, which have ${listed(names)}`;
  return Object.assign(new Error(`${error.message}: ${what}`, { cause: error }), { name: error.name });
}

function listed(names: ReadonlySet<string>): string {
  const known = [...names].filter((name) => !name.includes(".")).sort();
  if (known.length === 0) return "none";
  return known.length <= 10 ? known.join(", ") : `${known.slice(0, 10).join(", ")} and ${known.length - 10} more`;
}

import type { GcpAuth, GcpOptions } from "./options.ts";

/**
 * What Google's own variables say, for whoever makes the collector's options. gcloud's endpoint overrides are honoured, since
 * Google's Node libraries have none; GOOGLE_APPLICATION_CREDENTIALS and the metadata server are left to Google's library.
 */
export function gcpSettings(environment: Readonly<Record<string, string | undefined>>): {
  readonly auth: GcpAuth;
  readonly endpoints: NonNullable<GcpOptions["endpoints"]>;
} {
  const compute = environment.CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE;
  const resourceManager = environment.CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDRESOURCEMANAGER;
  return {
    auth: { default: true },
    endpoints: { ...(compute ? { compute } : {}), ...(resourceManager ? { resourceManager } : {}) },
  };
}

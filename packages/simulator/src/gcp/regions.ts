/** A Google Cloud region with its zones and its subnet in every auto mode network. */
export interface GcpRegion {
  readonly name: string;
  readonly zones: readonly string[];
  /** Source: https://cloud.google.com/vpc/docs/subnets#ip-ranges */
  readonly autoModeCidr: string;
}

const known: Readonly<Record<string, { readonly zones: string; readonly autoModeCidr: string }>> = {
  "us-central1": { zones: "abcf", autoModeCidr: "10.128.0.0/20" },
  "europe-west1": { zones: "bcd", autoModeCidr: "10.132.0.0/20" },
  "us-west1": { zones: "abc", autoModeCidr: "10.138.0.0/20" },
  "asia-east1": { zones: "abc", autoModeCidr: "10.140.0.0/20" },
  "us-east1": { zones: "bcd", autoModeCidr: "10.142.0.0/20" },
  "asia-northeast1": { zones: "abc", autoModeCidr: "10.146.0.0/20" },
  "asia-southeast1": { zones: "abc", autoModeCidr: "10.148.0.0/20" },
  "us-east4": { zones: "abc", autoModeCidr: "10.150.0.0/20" },
  "australia-southeast1": { zones: "abc", autoModeCidr: "10.152.0.0/20" },
  "europe-west2": { zones: "abc", autoModeCidr: "10.154.0.0/20" },
  "europe-west3": { zones: "abc", autoModeCidr: "10.156.0.0/20" },
  "southamerica-east1": { zones: "abc", autoModeCidr: "10.158.0.0/20" },
  "asia-south1": { zones: "abc", autoModeCidr: "10.160.0.0/20" },
  "northamerica-northeast1": { zones: "abc", autoModeCidr: "10.162.0.0/20" },
  "europe-west4": { zones: "abc", autoModeCidr: "10.164.0.0/20" },
  "europe-north1": { zones: "abc", autoModeCidr: "10.166.0.0/20" },
};

/** The region of a name; a RangeError that lists the known names for any other. */
export function gcpRegion(name: string): GcpRegion {
  const region = known[name];
  if (!region)
    throw new RangeError(
      `unknown region ${JSON.stringify(name)}; the simulator knows ${Object.keys(known).join(", ")}`,
    );
  return { name, zones: Array.from(region.zones, (letter) => `${name}-${letter}`), autoModeCidr: region.autoModeCidr };
}

import { type Delay, delayByTimer, type Repetition } from "../retry.ts";
import { requireWholeNumber } from "../whole-number.ts";
import { PROJECT_ID } from "./project-id.ts";

/** Whose estate to look at: projects by id, or every active project of a folder, with those in it, or of an organisation. */
export type GcpProjects =
  | { readonly list: readonly string[] }
  /** `folders/123456789012`, or the number alone. */
  | { readonly folder: string }
  /** `organizations/123456789012`, or the number alone. */
  | { readonly organization: string };

/** A service account's key, as its JSON key file has it. */
export interface GcpServiceAccountKey {
  readonly client_email: string;
  /** PKCS #8, PEM. */
  readonly private_key: string;
  readonly private_key_id?: string | undefined;
}

/**
 * With what to authenticate: what Google's library finds by itself (the file that GOOGLE_APPLICATION_CREDENTIALS names, gcloud's own
 * login, the metadata server of Cloud Run and its like), or a service account's key.
 */
export type GcpAuth = { readonly default: true } | { readonly serviceAccountKey: GcpServiceAccountKey };

export interface GcpOptions {
  readonly projects: GcpProjects;
  readonly auth: GcpAuth;
  /** Other servers than Google's, as URLs: gcloud's CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE and …_CLOUDRESOURCEMANAGER (environment.ts). */
  readonly endpoints?: { readonly compute?: string; readonly resourceManager?: string };
  /** How many projects are looked at at once, with five lists each. Default 4. */
  readonly concurrency?: number;
  /** Resources a page, 1 to 500 (Compute Engine's limit). Memory is bounded by the pages in flight. Default 500. */
  readonly pageSize?: number;
  /** Attempts for one call, the first included. Default 5. */
  readonly maxAttempts?: number;
  /** For one attempt, its answer included. Default 30 s. */
  readonly requestTimeoutMilliseconds?: number;
  readonly delay?: Delay;
  readonly random?: () => number;
}

/** Where the Compute Engine client connects, in its own terms; empty for Google's own. */
interface ComputeEndpoint {
  readonly apiEndpoint?: string;
  readonly port?: number;
  readonly protocol?: "http" | "https";
}

export interface GcpClientSettings {
  readonly endpoints: { readonly compute: ComputeEndpoint; readonly resourceManager: string };
  readonly requestTimeoutMilliseconds: number;
}

export interface CheckedOptions {
  /** Known beforehand where they are listed. */
  readonly projects: readonly string[] | undefined;
  /** `folders/NUMBER` or `organizations/NUMBER`, where they are to be found out. */
  readonly parent: string | undefined;
  readonly auth: GcpAuth;
  readonly concurrency: number;
  readonly pageSize: number;
  readonly repetition: Repetition;
  readonly settings: GcpClientSettings;
}

/** Fills in the defaults. Throws RangeError that names the option, what is wrong with it and what is allowed. */
export function checkOptions(options: GcpOptions): CheckedOptions {
  const { projects, endpoints } = options;
  return {
    projects: "list" in projects ? checkedProjects(projects.list) : undefined,
    parent:
      "folder" in projects
        ? parentName("folders", projects.folder)
        : "organization" in projects
          ? parentName("organizations", projects.organization)
          : undefined,
    auth: checkedAuth(options.auth),
    concurrency: requireWholeNumber("concurrency", options.concurrency ?? 4, 1, 100),
    pageSize: requireWholeNumber("pageSize", options.pageSize ?? 500, 1, 500),
    repetition: {
      maxAttempts: requireWholeNumber("maxAttempts", options.maxAttempts ?? 5, 1, 100),
      delay: options.delay ?? delayByTimer,
      random: options.random ?? Math.random,
    },
    settings: {
      endpoints: {
        compute: endpoints?.compute === undefined ? {} : computeEndpoint(endpoints.compute),
        resourceManager: resourceManagerUrl(
          endpoints?.resourceManager ?? "https://cloudresourcemanager.googleapis.com",
        ),
      },
      requestTimeoutMilliseconds: requireWholeNumber(
        "requestTimeoutMilliseconds",
        options.requestTimeoutMilliseconds ?? 30_000,
        1,
        600_000,
      ),
    },
  };
}

function checkedProjects(list: readonly string[]): readonly string[] {
  if (list.length === 0) throw new RangeError("projects: at least one is needed");
  for (const project of list) {
    if (!PROJECT_ID.test(project)) {
      throw new RangeError(
        `${JSON.stringify(project)} is not a project's id: 6 to 30 of a-z, 0-9 and -, a letter first (not its number or its name)`,
      );
    }
  }
  return [...new Set(list)];
}

/** Other kinds of credentials may name addresses of their own to send tokens to, so that only keys are taken from elsewhere. */
function checkedAuth(auth: GcpAuth): GcpAuth {
  if (!("serviceAccountKey" in auth)) return auth;
  const { client_email, private_key } = auth.serviceAccountKey;
  if (typeof client_email !== "string" || !/^[^\s@]+@[^\s@]+$/.test(client_email)) {
    throw new RangeError("auth.serviceAccountKey.client_email must be the service account's e-mail address");
  }
  if (typeof private_key !== "string" || !private_key.includes("PRIVATE KEY-----")) {
    throw new RangeError("auth.serviceAccountKey.private_key must be a private key in PEM");
  }
  return auth;
}

function parentName(kind: "folders" | "organizations", text: string): string {
  const match = new RegExp(`^(?:${kind}/)?(\\d{1,25})$`).exec(text);
  if (!match) throw new RangeError(`${JSON.stringify(text)} is not of the form ${kind}/123456789012`);
  return `${kind}/${match[1]}`;
}

function computeEndpoint(text: string): ComputeEndpoint {
  const url = endpointUrl("endpoints.compute", text);
  if (!/^\/(?:compute(?:\/v1)?\/?)?$/.test(url.pathname)) {
    throw new RangeError(`endpoints.compute ${JSON.stringify(text)}: no other path than /compute/v1/ is possible`);
  }
  const protocol = url.protocol === "http:" ? "http" : "https";
  return { apiEndpoint: url.hostname, port: Number(url.port || (protocol === "http" ? 80 : 443)), protocol };
}

/** Without the version, which each request adds. */
function resourceManagerUrl(text: string): string {
  return endpointUrl("endpoints.resourceManager", text).href.replace(/\/(?:v\d\/?)?$/, "");
}

function endpointUrl(name: string, text: string): URL {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol) || url.search || url.hash || url.username) {
    throw new RangeError(
      `${name} ${JSON.stringify(text)} must be an http or https URL such as https://compute.googleapis.com/`,
    );
  }
  return url;
}

import { existsSync } from "node:fs";
import type { SubjectToken } from "@cadastre/client/token-exchange";
import { AWS_REQUEST_TYPE, JWT_TYPES } from "@cadastre/contract/oauth";
import * as z from "zod";
import { UsageError } from "../exit-codes.ts";
import { readText } from "../files.ts";

/** Where a workload runs, and so how it says who it is. */
export const PLATFORMS = ["github", "kubernetes", "aws", "gcp"] as const;
export type Platform = (typeof PLATFORMS)[number];

type Env = Readonly<Record<string, string | undefined>>;

export interface SubjectOptions {
  readonly env: Env;
  /** For whom what proves it is made: what the trust rule names. */
  readonly audience: string;
  /** A file that holds a JSON Web Token, wherever it is from. */
  readonly file?: string | undefined;
  readonly platform?: Platform | undefined;
}

const TIMEOUT_MILLISECONDS = 10_000;
const [JWT] = JWT_TYPES;
/** Where a projected token of Kubernetes is expected: the one that is there anyway is for the cluster's own API. */
const KUBERNETES_FILE = "/var/run/secrets/cadastre/token";
const AWS_VARIABLES = [
  "AWS_ACCESS_KEY_ID",
  "AWS_PROFILE",
  "AWS_WEB_IDENTITY_TOKEN_FILE",
  "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
  "AWS_CONTAINER_CREDENTIALS_FULL_URI",
];
const GCP_VARIABLES = ["K_SERVICE", "CLOUD_RUN_JOB", "GCE_METADATA_HOST"];

/** The platform that the environment tells of; undefined when it tells of none. */
function platformOf(env: Env): Platform | undefined {
  const has = (names: readonly string[]) => names.some((name) => env[name]);
  if (env.ACTIONS_ID_TOKEN_REQUEST_URL && env.ACTIONS_ID_TOKEN_REQUEST_TOKEN) return "github";
  if (env.KUBERNETES_SERVICE_HOST && existsSync(KUBERNETES_FILE)) return "kubernetes";
  if (has(AWS_VARIABLES)) return "aws";
  return has(GCP_VARIABLES) ? "gcp" : undefined;
}

/** What a platform answers; nothing of it is shown. Throws UsageError. */
async function ask(what: string, url: URL, headers: Readonly<Record<string, string>>): Promise<string> {
  try {
    const response = await fetch(url, {
      headers,
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS),
    });
    if (!response.ok) throw new UsageError(`${what} answered ${response.status}`);
    return await response.text();
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${what} cannot be reached`);
  }
}

const githubAnswer = z.object({ value: z.string().min(1) });

async function ofGithub({ env, audience }: SubjectOptions): Promise<string> {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: address = "", ACTIONS_ID_TOKEN_REQUEST_TOKEN: bearer } = env;
  const url = URL.parse(address);
  if (!url || !bearer)
    throw new UsageError("the job may not ask GitHub for a token", "give it: permissions: { id-token: write }");
  url.searchParams.set("audience", audience);
  const text = await ask("GitHub", url, { authorization: `Bearer ${bearer}`, accept: "application/json" });
  try {
    return githubAnswer.parse(JSON.parse(text)).value;
  } catch {
    throw new UsageError("GitHub gave no token");
  }
}

async function ofGcp({ env, audience }: SubjectOptions): Promise<string> {
  const host = env.GCE_METADATA_HOST || "metadata.google.internal";
  const url = new URL(`http://${host}/computeMetadata/v1/instance/service-accounts/default/identity`);
  url.searchParams.set("audience", audience);
  // With the address of the service account in it.
  url.searchParams.set("format", "full");
  return (await ask("the metadata server", url, { "metadata-flavor": "Google" })).trim();
}

async function ofAws({ audience }: SubjectOptions): Promise<string> {
  const { signIdentityRequest } = await import("@cadastre/collectors/aws/identity-request");
  try {
    return JSON.stringify(await signIdentityRequest({ serverId: audience }));
  } catch {
    throw new UsageError("no credentials of AWS can be found", "aws sts get-caller-identity says why");
  }
}

/** What this workload has from its platform to say who it is. Throws UsageError where there is nothing. */
export async function readSubject(options: SubjectOptions): Promise<SubjectToken> {
  const { file, env } = options;
  if (file !== undefined) return { token: readText(file, "subject token file").trim(), type: JWT };
  const platform = options.platform ?? platformOf(env);
  switch (platform) {
    case "github":
      return { token: await ofGithub(options), type: JWT };
    case "kubernetes":
      return { token: readText(KUBERNETES_FILE, "projected token").trim(), type: JWT };
    case "gcp":
      return { token: await ofGcp(options), type: JWT };
    case "aws":
      return { token: await ofAws(options), type: AWS_REQUEST_TYPE };
    case undefined:
      throw new UsageError(
        "nothing here says what this workload is",
        `--platform says where it runs (${PLATFORMS.join(", ")}), --subject-token-file where its token is`,
      );
  }
}

import { UsageError } from "./exit-codes.ts";
import { readText } from "./files.ts";
import { findProfile, type Profile, readConfig } from "./profiles.ts";

export const DEFAULT_API = "http://127.0.0.1:8787";

type Env = Readonly<Record<string, string | undefined>>;

export interface AccessOptions {
  readonly api?: string;
  readonly tokenFile?: string;
  readonly profile?: string;
}

/** Where a command goes, and what it shows there. */
export interface Access {
  readonly api: string;
  /** Undefined when there is none. */
  readonly token: string | undefined;
  /** The trust rule by which one is exchanged for what the workload has from its platform. */
  readonly rule?: string;
  /** Whose fault it is when the token is none: `CADASTRE_TOKEN`, `the token file x`, `the profile x`. */
  readonly from: string;
}

const sameApi = (a: string, b: string) => a.replace(/\/+$/, "") === b.replace(/\/+$/, "");

/** A token is for the API that it was stored for: never sent to another one. */
function ofProfile(name: string, profile: Profile, api: string | undefined, tokenFile: string | undefined): Access {
  const goal = api ?? profile.api;
  if (tokenFile !== undefined) return ofFile(goal, tokenFile);
  if (!sameApi(goal, profile.api)) {
    throw new UsageError(
      `the token of the profile ${name} is for ${profile.api}, not for ${goal}`,
      "give the token for it by --token-file or CADASTRE_TOKEN, or log in there: cadastre login --api … --profile …",
    );
  }
  return { api: goal, token: profile.token, from: `the profile ${name}` };
}

function ofFile(api: string, tokenFile: string): Access {
  return { api, token: readText(tokenFile, "token file").trim(), from: `the token file ${tokenFile}` };
}

/**
 * The API and the token that a command uses. `--profile` stands before the environment; `--token-file` and CADASTRE_TOKEN stand
 * before CADASTRE_TRUST_RULE, and that before the profile that is used otherwise (CADASTRE_PROFILE, or the one of the last login). Throws UsageError for a profile
 * that is not there, and where a token would go to an API that it is not for.
 */
export function accessOf(env: Env, options: AccessOptions): Access {
  const { tokenFile } = options;
  if (options.profile !== undefined) {
    return ofProfile(options.profile, findProfile(readConfig(env), options.profile), options.api, tokenFile);
  }
  const api = options.api ?? (env.CADASTRE_API || undefined);
  if (tokenFile !== undefined) return ofFile(api ?? DEFAULT_API, tokenFile);
  if (env.CADASTRE_TOKEN) {
    if (env.CADASTRE_PROFILE) {
      throw new UsageError(
        "CADASTRE_TOKEN and CADASTRE_PROFILE are both set, and name two tokens",
        "unset one of them, or give --profile",
      );
    }
    return { api: api ?? DEFAULT_API, token: env.CADASTRE_TOKEN.trim(), from: "CADASTRE_TOKEN" };
  }
  if (env.CADASTRE_TRUST_RULE) {
    if (env.CADASTRE_PROFILE) {
      throw new UsageError(
        "CADASTRE_TRUST_RULE and CADASTRE_PROFILE are both set, and name two tokens",
        "unset one of them, or give --profile",
      );
    }
    return { api: api ?? DEFAULT_API, token: undefined, rule: env.CADASTRE_TRUST_RULE, from: "CADASTRE_TRUST_RULE" };
  }
  const config = readConfig(env);
  const name = env.CADASTRE_PROFILE || config.current;
  if (name === undefined) return { api: api ?? DEFAULT_API, token: undefined, from: "CADASTRE_TOKEN" };
  return ofProfile(name, findProfile(config, name), api, undefined);
}

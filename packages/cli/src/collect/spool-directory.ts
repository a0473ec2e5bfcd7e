import { join, resolve } from "node:path";

/**
 * Where runs wait: `--spool`, or the user's state directory (XDG Base Directory Specification), or `./.cadastre/spool` where
 * there is no home. In it a folder for each API and key: a run signed with another collector's key would be refused for good.
 */
export function spoolDirectory(
  given: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  api: string,
  keyId: string,
): string {
  const state = env.XDG_STATE_HOME || (env.HOME ? join(env.HOME, ".local", "state") : undefined);
  const base = given ?? (state ? join(state, "cadastre", "spool") : join(".cadastre", "spool"));
  const place = api.replace(/^https?:\/\//, "").replace(/[^\w.-]+/g, "_");
  return resolve(base, `${place}-${keyId.slice(0, 16)}`);
}

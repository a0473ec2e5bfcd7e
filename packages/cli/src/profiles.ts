import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { didYouMean } from "@cadastre/contract/did-you-mean";
import * as z from "zod";
import { UsageError } from "./exit-codes.ts";
import { isReadableByOthers } from "./files.ts";

type Env = Readonly<Record<string, string | undefined>>;

const profile = z.strictObject({ api: z.url(), token: z.string().regex(/^[\x21-\x7e]+$/) });
const PROFILE_NAME = /^[\w][\w.-]{0,62}$/;
const config = z.strictObject({
  /** The profile that is used when none is named. */
  current: z.string().optional(),
  profiles: z.record(z.string().regex(PROFILE_NAME), profile),
});

/** An API that somebody has logged in to. */
export type Profile = z.output<typeof profile>;
export type Config = z.output<typeof config>;

/** Where the profiles are: below `XDG_CONFIG_HOME`, or `~/.config` (XDG Base Directory Specification). */
export function configPath(env: Env): string {
  const base = env.XDG_CONFIG_HOME;
  // A relative path is to be ignored, as the specification says.
  const folder = base !== undefined && isAbsolute(base) ? base : join(env.HOME || homedir(), ".config");
  return join(folder, "cadastre", "config.json");
}

/** The name of a profile. Throws UsageError that says how names are written. */
export function parseProfileName(name: string): string {
  if (PROFILE_NAME.test(name) && name !== "__proto__") return name;
  throw new UsageError(
    `${JSON.stringify(name)} is no name of a profile: 1 to 63 letters, digits, dots, dashes and underscores`,
  );
}

/** All profiles; none when there is no file. Throws UsageError for one that others may read, or that is not ours. */
export function readConfig(env: Env): Config {
  const path = configPath(env);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return { profiles: {} };
    throw new UsageError(`the file of profiles ${path} cannot be read: ${code}`);
  }
  if (isReadableByOthers(path)) {
    throw new UsageError(`the file of profiles ${path} holds tokens and can be read by others`, `chmod 600 ${path}`);
  }
  try {
    return config.parse(JSON.parse(text));
  } catch {
    // What is wrong is not repeated: it may be a token.
    throw new UsageError(
      `the file of profiles ${path} is not what \`cadastre login\` writes`,
      "move it away, then log in again",
    );
  }
}

/** Writes all profiles, readable by their owner alone, by one rename: whole, or as it was. */
export function writeConfig(env: Env, value: Config): void {
  const path = configPath(env);
  const draft = `${path}.${randomUUID()}`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(draft, `${JSON.stringify(value, undefined, 2)}\n`, { mode: 0o600, flag: "wx" });
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw new UsageError(`the file of profiles ${path} cannot be written: ${(error as NodeJS.ErrnoException).code}`);
  }
}

/** The profile of this name. Throws UsageError with the one that may be meant. */
export function findProfile({ profiles }: Config, name: string): Profile {
  const found = Object.hasOwn(profiles, name) ? profiles[name] : undefined;
  if (found) return found;
  const names = Object.keys(profiles);
  const meant = didYouMean(name, names);
  throw new UsageError(
    `there is no profile ${JSON.stringify(name)}${meant === undefined ? "" : `; did you mean ${meant}?`}`,
    names.length === 0 ? `cadastre login --profile ${name} makes it` : `there are: ${names.join(", ")}`,
  );
}

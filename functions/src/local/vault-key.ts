import { existsSync } from "node:fs";
import type { Context } from "@cadastre/core/context";
import { listCredentials } from "@cadastre/core/vault/credentials";
import type { Opener, Sealer } from "@cadastre/core/vault/ports";
import { createKeyFileEncryption, ensureKeyFile } from "../adapters/key-file.ts";

const MOST_NAMED = 10;

/** Names of the credentials that only the vault's key opens. */
async function sealedCredentials(context: Context): Promise<string[]> {
  const names: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await listCredentials(context, { limit: 200, cursor });
    names.push(...page.items.filter(({ revokedAt }) => revokedAt === undefined).map(({ name }) => name));
    cursor = page.cursor;
  } while (cursor !== undefined);
  return names;
}

/**
 * Opens the vault by its key file, made when there is none and nothing is sealed. Throws when the file is gone and credentials are
 * stored: a new key would seem to work, and open none of them.
 */
export async function openVaultKey(context: Context, path: string): Promise<Sealer & Opener> {
  if (!existsSync(path)) {
    const lost = await sealedCredentials(context);
    if (lost.length > 0) {
      const more = lost.length > MOST_NAMED ? ` and ${lost.length - MOST_NAMED} more` : "";
      throw new Error(
        `the vault's key ${path} is gone, and ${lost.length} stored credentials open with it alone: ${lost.slice(0, MOST_NAMED).join(", ")}${more}. ` +
          "Put the file back from your backup. Without it they are lost: start with another data folder, and store them again there.",
      );
    }
    ensureKeyFile({ path });
  }
  return createKeyFileEncryption({ path });
}

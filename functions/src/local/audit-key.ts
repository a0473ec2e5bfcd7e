import { existsSync } from "node:fs";
import { createKeyFile, readKeyFile, readPublicKey } from "@cadastre/collectors/keys";
import type { Sealing } from "@cadastre/core/seals/ports";
import { createCheckpointFolder } from "../adapters/checkpoint-folder.ts";

/** Seals the audit log by a key in a file, made when there is none, and copies to a folder. Throws when the file holds no such key. */
export function openLocalSealing({ keyFile, directory }: { keyFile: string; directory: string }): Sealing {
  if (!existsSync(keyFile)) createKeyFile(keyFile, "ecdsa-p256-sha256");
  return {
    signer: readKeyFile(keyFile),
    publicKey: readPublicKey(keyFile),
    archive: createCheckpointFolder({ directory }),
  };
}

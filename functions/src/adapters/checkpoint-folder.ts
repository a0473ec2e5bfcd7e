import { randomBytes } from "node:crypto";
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { hashOfCheckpoint } from "@cadastre/contract/audit/checkpoint";
import type { CheckpointArchive } from "@cadastre/core/seals/ports";

/** How a checkpoint's file is called, in a folder or a bucket: its place in the chain, and what it says. */
export function nameOfCheckpoint(
  checkpoint: Parameters<typeof hashOfCheckpoint>[0] & { organization: string; sequence: number },
): string {
  const { organization, sequence } = checkpoint;
  return `${organization}/${String(sequence).padStart(12, "0")}-${hashOfCheckpoint(checkpoint).slice(0, 16)}.json`;
}

/** Keeps checkpoints as files of a folder, each whole and on disk before it has its name. */
export function createCheckpointFolder({ directory }: { directory: string }): CheckpointArchive {
  return {
    async put(checkpoint) {
      const path = join(directory, nameOfCheckpoint(checkpoint));
      if (existsSync(path)) return;
      mkdirSync(join(directory, checkpoint.organization), { recursive: true, mode: 0o700 });
      const draft = `${path}.${randomBytes(8).toString("hex")}`;
      const file = openSync(draft, "wx", 0o600);
      try {
        writeSync(file, `${JSON.stringify(checkpoint)}\n`);
        fsyncSync(file);
        renameSync(draft, path);
      } catch (error) {
        rmSync(draft, { force: true });
        throw error;
      } finally {
        closeSync(file);
      }
    },
  };
}

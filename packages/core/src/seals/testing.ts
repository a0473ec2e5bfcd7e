import { generateKeyPairSync } from "node:crypto";
import type { Checkpoint } from "@cadastre/contract/audit/checkpoint";
import { createKeySigner, parsePublicKey } from "@cadastre/contract/keys";
import type { Context } from "../context.ts";
import { runDueJobs } from "../jobs/run-due.ts";
import { exportAudit } from "./export.ts";
import type { Sealing } from "./ports.ts";
import { auditSeal } from "./seal.ts";

/** For tests: what seals, with what it copied to the archive. */
export function aSealing(): Sealing & { readonly copies: Checkpoint[] } {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const copies: Checkpoint[] = [];
  return {
    signer: createKeySigner(privateKey),
    publicKey: parsePublicKey(publicKey.export({ type: "spki", format: "pem" }).toString()),
    archive: { put: async (checkpoint) => void copies.push(checkpoint) },
    copies,
  };
}

/** For tests: runs the sealing job as the schedule has it, until nothing is left to do. Throws what the job failed with. */
export async function seal(context: Context): Promise<void> {
  const until = new Date(context.now().getTime() + 3_600_000);
  let fault: unknown;
  await runDueJobs(context, [auditSeal], {
    until,
    report(event) {
      if (event.type === "failed") fault = event.error;
    },
  });
  if (fault !== undefined) throw fault;
}

/** For tests: the lines of an export, without line feeds. */
export async function exportLines(
  context: Context,
  options: Parameters<typeof exportAudit>[1] = {},
): Promise<string[]> {
  const lines: string[] = [];
  for await (const text of exportAudit(context, options)) lines.push(text.trimEnd());
  return lines;
}

import { type Checkpoint, checkpoint } from "@cadastre/contract/audit/checkpoint";
import { ProblemError } from "@cadastre/contract/errors";
import type { PublicKey } from "@cadastre/contract/keys";
import type { Context } from "../context.ts";
import { type Listed, type ListOptions, selectPage } from "../lists.ts";
import { AUDIT_KEYS_PARTITION, AuditCheckpointItem, AuditKeyItem, CHECKPOINTS_PARTITION } from "./items.ts";

/** Checkpoints, newest first unless the oldest are asked for. Throws 422 `cursor.invalid`. */
export function listCheckpoints(
  context: Context,
  { order = "newest", ...options }: ListOptions & { readonly order?: "newest" | "oldest" | undefined },
): Promise<Listed<Checkpoint>> {
  const selection = {
    list: "audit-checkpoints",
    filters: { order },
    entity: AuditCheckpointItem,
    partition: CHECKPOINTS_PARTITION,
    reverse: order === "newest",
    select: async (items: readonly Checkpoint[]) => items.map((item) => checkpoint.parse(item)),
  };
  return selectPage(context, selection, options);
}

/** The keys that checkpoints were signed by, the one in use last. Throws 404 `audit.no_key` when there is none yet. */
export async function listAuditKeys({ table, sealing }: Context): Promise<PublicKey[]> {
  const { items } = await table.query(AuditKeyItem, { partition: AUDIT_KEYS_PARTITION, consistent: true });
  const known = items.toSorted((a, b) => (a.createdAt < b.createdAt ? -1 : 1));
  const own = sealing?.publicKey;
  const keys = own && !known.some(({ fingerprint }) => fingerprint === own.fingerprint) ? [...known, own] : known;
  if (keys.length === 0) throw new ProblemError("audit.no_key");
  return keys.map(({ algorithm, fingerprint, pem }) => ({ algorithm, fingerprint, pem }));
}

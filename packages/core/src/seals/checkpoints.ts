import { type Checkpoint, checkpoint } from "@cadastre/contract/audit/checkpoint";
import { ProblemError } from "@cadastre/contract/errors";
import type { PublicKey } from "@cadastre/contract/keys";
import type { Stored } from "@cadastre/store/table";
import type { Context } from "../context.ts";
import { type Listed, type ListOptions, selectPage } from "../lists.ts";
import {
  AUDIT_KEYS_PARTITION,
  AuditCheckpointItem,
  AuditKeyItem,
  CHECKPOINTS_PARTITION,
  SealHeadItem,
} from "./items.ts";

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

/** How far the log is sealed; nothing before that has begun. Reads strongly. */
export const readHead = ({ table }: Pick<Context, "table">): Promise<Stored<SealHeadItem> | undefined> =>
  table.get(SealHeadItem, {}, { consistent: true });

/** The last checkpoint that ends at or before a time, by halving; -1 when there is none. */
export async function lastBefore({ table }: Pick<Context, "table">, time: string): Promise<number> {
  const newest = await table.query(AuditCheckpointItem, {
    partition: CHECKPOINTS_PARTITION,
    reverse: true,
    limit: 1,
    consistent: true,
  });
  let [low, high] = [-1, newest.items[0]?.sequence ?? -1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const found = await table.get(AuditCheckpointItem, { sequence: middle }, { consistent: true });
    if (found && found.range.to <= time) low = middle;
    else high = middle - 1;
  }
  return low;
}

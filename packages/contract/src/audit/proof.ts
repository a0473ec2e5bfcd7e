import * as z from "zod";
import type { PublicKey } from "../keys.ts";
import { checkpoint, hexHash, isSigned } from "./checkpoint.ts";
import { leafOf } from "./leaf.ts";
import { rootByPath } from "./merkle.ts";
import { auditRecord } from "./record.ts";

/** That a record is in the log as it was sealed: whoever has this and the public key can check it. */
export const auditProof = z.object({
  record: auditRecord.meta({ description: "Its RFC 8785 bytes are what the leaf is the hash of" }),
  leafIndex: z.int().min(0).meta({ description: "Its place among the records of the checkpoint, from 0" }),
  treeSize: z.int().min(1),
  leafHash: hexHash.meta({ description: "SHA-256 over a zero byte and the record's RFC 8785 bytes" }),
  path: z.array(hexHash).meta({ description: "From the leaf to the root (RFC 9162 §2.1.3)" }),
  root: hexHash,
  checkpoint,
});
export type AuditProof = z.output<typeof auditProof>;

/** What is wrong with a proof; nothing when the holder of one of the keys has sealed just this record. */
export async function faultOfProof(proof: AuditProof, keys: readonly PublicKey[]): Promise<string | undefined> {
  const { record, leafIndex: index, treeSize: size, leafHash, path, root, checkpoint: sealed } = proof;
  const hex = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString("hex");
  if (hex(leafOf(record)) !== leafHash) return "the record is not the one that the leaf is of";
  const given = path.map((one) => Buffer.from(one, "hex"));
  if (hex(rootByPath(Buffer.from(leafHash, "hex"), { index, size, path: given })) !== root)
    return "the path does not lead from the leaf to the root";
  if (sealed.root !== root || sealed.size !== size) return "the root is not that of the checkpoint";
  return (await isSigned(sealed, keys)) ? undefined : "the checkpoint's signature does not hold by the keys given";
}

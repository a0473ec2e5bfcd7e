import { hash } from "node:crypto";
import * as z from "zod";
import { canonicalJson } from "../digest.ts";
import { idSchema } from "../ids.ts";
import { createKeyVerifier, KEY_ALGORITHMS, type PublicKey, type RequestSigner } from "../keys.ts";

/** A checkpoint has so many records at the most: a minute with more has several. So whoever makes, proves or checks one needs little memory. */
export const MOST_LEAVES = 1024;

export const hexHash = z.string().regex(/^[0-9a-f]{64}$/, "a SHA-256 hash, hexadecimal");

/** From the one time to before the other. */
const span = z.object({ from: z.iso.datetime(), to: z.iso.datetime() });

/** What the signature of a checkpoint is over. */
export const checkpointBody = z.object({
  id: idSchema("checkpoint"),
  organization: z.string(),
  sequence: z.int().min(0).meta({ description: "0, 1, 2, …: none is left out" }),
  range: span.meta({
    description:
      "The time whose records this checkpoint and those before it have: it goes on where the one before it ended. When a minute has more than 1,024 records, `to` of all but its last is the time of the last record",
  }),
  size: z.int().min(0).max(MOST_LEAVES).meta({ description: "How many records it has" }),
  late: z.int().min(0).meta({
    description: "How many of them have a time before `range.from`: they were committed when that was sealed already",
  }),
  root: hexHash.meta({ description: "Merkle root over its records (RFC 6962)" }),
  previous: hexHash.optional().meta({
    description:
      "SHA-256 over the RFC 8785 bytes of the checkpoint before it, without its signature; absent in the first",
  }),
  gap: span.optional().meta({
    description: "Nobody sealed in this time: what was recorded in it could have been changed until `sealedAt`",
  }),
  removedThrough: z.int().min(0).optional().meta({
    description: "Retention removes, or has removed, the records of the checkpoints up to this sequence",
  }),
  sealedAt: z.iso.datetime(),
  algorithm: z.enum(KEY_ALGORITHMS),
  keyId: z.string().meta({ description: "SHA-256 over the public key's DER form, hexadecimal" }),
});
export type CheckpointBody = z.output<typeof checkpointBody>;

export const checkpoint = checkpointBody.extend({
  signature: z.string().meta({ description: "Over the RFC 8785 bytes of all other members, base64" }),
});
export type Checkpoint = z.output<typeof checkpoint>;

/** Hash of what a checkpoint says, for the next one to name it by. Another signature over the same changes nothing. */
export function hashOfCheckpoint(body: object): string {
  return hash("sha256", canonicalJson({ ...body, signature: undefined }));
}

/** The checkpoint with its signature. Throws what the signer throws. */
export async function signCheckpoint(body: CheckpointBody, signer: RequestSigner): Promise<Checkpoint> {
  const signature = await signer.sign(Buffer.from(canonicalJson(body)));
  return { ...body, signature: Buffer.from(signature).toString("base64") };
}

/** Whether the holder of one of the keys has signed what the checkpoint says. */
export async function isSigned(given: Checkpoint, keys: readonly PublicKey[]): Promise<boolean> {
  const { signature, ...body } = given;
  const key = keys.find(({ fingerprint }) => fingerprint === given.keyId);
  if (!key || key.algorithm !== given.algorithm) return false;
  const bytes = Buffer.from(signature, "base64");
  // Decoding passes over what is no base64.
  return (
    bytes.toString("base64") === signature && createKeyVerifier(key).verify(Buffer.from(canonicalJson(body)), bytes)
  );
}

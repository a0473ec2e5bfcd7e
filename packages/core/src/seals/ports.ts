import type { Checkpoint } from "@cadastre/contract/audit/checkpoint";
import type { PublicKey, RequestSigner } from "@cadastre/contract/keys";

/** Where checkpoints are copied to, out of reach of whoever can write to the table. */
export interface CheckpointArchive {
  /** Keeps a checkpoint whole, or not at all; the same one again changes nothing. Throws when it could not be kept. */
  readonly put: (checkpoint: Checkpoint) => Promise<void>;
}

/** What seals the audit log. */
export interface Sealing {
  readonly signer: RequestSigner;
  /** The public half of the signer's key. */
  readonly publicKey: PublicKey;
  readonly archive: CheckpointArchive;
}

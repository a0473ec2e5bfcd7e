import type { Opener } from "@cadastre/core/vault/ports";
import { clientOf, type KeyringClient, type KmsKeyOptions } from "./kms-key.ts";

/** Loaded with the first secret: a cold start need not read it. */
const library = () => Promise.all([import("@aws-crypto/kms-keyring-node"), import("./opening.ts")]);

/** What KMS answers for a data key that is altered, of another context, or of another key. */
const REFUSALS = new Set(["InvalidCiphertextException", "IncorrectKeyException"]);

/**
 * Opens under a KMS key. Needs kms:Decrypt. Throws UnreadableError for what does not open, and KMS's own error when KMS did
 * not answer, throttled, or does not let us.
 */
export function createKmsOpener(options: KmsKeyOptions): Opener {
  const client = clientOf(options) as KeyringClient;
  return {
    async open(ciphertext, context) {
      const [{ KmsKeyringNode }, { openWith }] = await library();
      let failure: unknown;
      // The keyring folds KMS's errors into one text; the error itself is kept, to tell an outage from a refusal.
      const decrypt = async (input: Parameters<KeyringClient["decrypt"]>[0]) => {
        try {
          return await client.decrypt(input);
        } catch (error) {
          failure = error;
          throw error;
        }
      };
      const recorder: KeyringClient = Object.create(client, { decrypt: { value: decrypt } });
      const keyring = new KmsKeyringNode({ keyIds: [options.keyArn], clientProvider: () => recorder });
      try {
        return await openWith(keyring, ciphertext, context);
      } catch (error) {
        const isOutage = failure instanceof Error && !REFUSALS.has(failure.name);
        throw isOutage ? failure : error;
      }
    },
  };
}

import type { NewCredential } from "@cadastre/contract/credential";
import { type EncryptionContext, type Opener, type Sealer, UnreadableError } from "./ports.ts";

export interface TestVault extends Sealer, Opener {
  /** The buffers that went in and came out, to see what became of them. */
  readonly buffers: Uint8Array[];
  readonly contexts: EncryptionContext[];
  /** The key service answers, or does not. */
  isUp: boolean;
}

/**
 * For tests of the use cases: keeps each plaintext in memory under a random-looking handle, which alone is the ciphertext.
 * What encryption itself promises is tested with the real one, in functions.
 */
export function aVault(): TestVault {
  const kept = new Map<string, { bytes: Buffer; context: string }>();
  const textOf = (context: EncryptionContext) => Object.entries(context).map(String).sort().join();
  const vault: TestVault = {
    buffers: [],
    contexts: [],
    isUp: true,
    async seal(plaintext, context) {
      if (!vault.isUp) throw new Error("the key service is down");
      vault.buffers.push(plaintext);
      vault.contexts.push(context);
      const handle = `handle-${kept.size}`;
      kept.set(handle, { bytes: Buffer.from(plaintext), context: textOf(context) });
      return Buffer.from(handle);
    },
    async open(ciphertext, context) {
      if (!vault.isUp) throw new Error("the key service is down");
      const found = kept.get(Buffer.from(ciphertext).toString("utf8"));
      if (found?.context !== textOf(context)) throw new UnreadableError();
      const plaintext = Buffer.from(found.bytes);
      vault.buffers.push(plaintext);
      return plaintext;
    },
  };
  return vault;
}

/** For tests: something to store, with what matters to the test laid over it. */
export function aNewCredential(more: Partial<NewCredential> = {}): NewCredential {
  return { name: "deploy", description: "", secret: { type: "generic", secret: "canary-7f3a91" }, ...more };
}

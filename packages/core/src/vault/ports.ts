/** What a ciphertext is bound to: it opens only with the same pairs. None of it is secret; values are not empty. */
export type EncryptionContext = Readonly<Record<string, string>>;

export interface Sealer {
  /** Encrypts under a data key of its own. Does not change `plaintext`. */
  seal(plaintext: Uint8Array, context: EncryptionContext): Promise<Uint8Array>;
}

export interface Opener {
  /**
   * Decrypts, and verifies that the ciphertext was sealed with this context. The caller zeroes the result. Throws
   * UnreadableError when it does not open; any other error says that it could not be tried (the key service does not answer).
   */
  open(ciphertext: Uint8Array, context: EncryptionContext): Promise<Uint8Array>;
}

/** A ciphertext does not open: altered, moved to another row, or sealed under another key. */
export class UnreadableError extends Error {
  constructor(options?: ErrorOptions) {
    super("the ciphertext does not open with this key and context", options);
    this.name = "UnreadableError";
  }
}

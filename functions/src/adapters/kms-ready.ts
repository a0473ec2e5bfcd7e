import { clientOf, type KmsKeyOptions } from "./kms-key.ts";

/** Throws when the key cannot be used: it is disabled, about to be deleted, not ours, or KMS does not answer. Needs kms:DescribeKey. */
export async function requireUsableKey(options: KmsKeyOptions): Promise<void> {
  const { KeyMetadata } = await clientOf(options).describeKey({ KeyId: options.keyArn });
  if (KeyMetadata?.KeyState !== "Enabled") {
    throw new Error(`the key ${options.keyArn} is ${KeyMetadata?.KeyState ?? "of no state"}; it must be Enabled`);
  }
}

import type { KmsKeyringNode } from "@aws-crypto/kms-keyring-node";
import { KMS } from "@aws-sdk/client-kms";

export interface KmsKeyOptions {
  /** ARN of the key itself (not of an alias: a message names its key by ARN, and only that key is asked to open it). */
  readonly keyArn: string;
  readonly client?: KMS;
}

const KEY_ARN = /^arn:(?:aws|aws-cn|aws-us-gov):kms:([a-z0-9-]+):\d{12}:key\/[\w-]+$/;

/** The client given, or one of the key's own region. Throws when the ARN is not that of a key. */
export function clientOf({ keyArn, client }: KmsKeyOptions): KMS {
  const region = KEY_ARN.exec(keyArn)?.[1];
  if (region === undefined) throw new Error(`not the ARN of a KMS key: ${keyArn} (arn:aws:kms:region:account:key/id)`);
  return client ?? new KMS({ region });
}

type KeyringOptions = NonNullable<ConstructorParameters<typeof KmsKeyringNode>[0]>;

/** KMS as the keyring's types describe it: the same calls, their members optional in a stricter way. */
export type KeyringClient = Exclude<ReturnType<NonNullable<KeyringOptions["clientProvider"]>>, false>;

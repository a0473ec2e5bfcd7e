import { ProblemError } from "@cadastre/contract/errors";
import { type EncryptionContext, type Opener, type Sealer, UnreadableError } from "../vault/ports.ts";

/** Whose secret it is, and which: sealed for one it does not open for another. */
const boundTo = ({ user, id }: { readonly user: string; readonly id: string }): EncryptionContext => ({
  factor: id,
  user,
});

/** Seals an app's secret for its place. Throws 503 `service.unavailable` when the key service does not answer. */
export async function sealTotp(
  sealer: Sealer,
  place: { readonly user: string; readonly id: string },
  bytes: Uint8Array,
): Promise<Uint8Array> {
  return sealer.seal(bytes, boundTo(place)).catch((cause: unknown) => {
    throw new ProblemError("service.unavailable", "the secret cannot be sealed now", { cause });
  });
}

/**
 * Opens it for as long as `use` runs, and zeroes it. Undefined when it does not open: altered, or moved from another place. Throws 503
 * `service.unavailable` when that could not be tried.
 */
export async function withTotp<Result>(
  opener: Opener,
  factor: { readonly user: string; readonly id: string; readonly sealed: Uint8Array },
  use: (bytes: Uint8Array) => Result,
): Promise<Result | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = await opener.open(factor.sealed, boundTo(factor));
  } catch (cause) {
    if (cause instanceof UnreadableError) return undefined;
    throw new ProblemError("service.unavailable", "the secret cannot be opened now", { cause });
  }
  try {
    return use(bytes);
  } finally {
    bytes.fill(0);
  }
}

import { ProblemError } from "@cadastre/contract/errors";
import type { EncryptionContext, Opener, Sealer } from "../../vault/ports.ts";
import type { IdentityProviderItem } from "./items.ts";

type Place = Pick<IdentityProviderItem, "id" | "organization" | "issuer">;

/** Whose secret it is, and for which issuer: put into another row, or with another issuer, it does not open, so it is shown to no other. */
const boundTo = ({ id, organization, issuer }: Place): EncryptionContext => ({
  "identity-provider": id,
  organization,
  issuer,
});

/** Seals a client's secret for its place. Throws 503 `service.unavailable` when the key service does not answer. */
export async function sealClientSecret(sealer: Sealer, place: Place, secret: string): Promise<Uint8Array> {
  const bytes = Buffer.from(secret);
  try {
    return await sealer.seal(bytes, boundTo(place));
  } catch (cause) {
    throw new ProblemError("service.unavailable", "the secret cannot be sealed now", { cause });
  } finally {
    bytes.fill(0);
  }
}

/** Opens it. Throws 503 `service.unavailable` when it does not open, or that could not be tried. */
export async function openClientSecret(
  opener: Opener,
  provider: Place & Pick<IdentityProviderItem, "sealedSecret">,
): Promise<string> {
  try {
    const bytes = await opener.open(provider.sealedSecret, boundTo(provider));
    const secret = Buffer.from(bytes).toString("utf8");
    bytes.fill(0);
    return secret;
  } catch (cause) {
    throw new ProblemError("service.unavailable", "the provider's secret cannot be opened now", { cause });
  }
}

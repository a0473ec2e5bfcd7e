import { type Credential, credential, type NewCredential } from "@cadastre/contract/credential";
import { ProblemError } from "@cadastre/contract/errors";
import { newId } from "@cadastre/contract/ids";
import { create, remove, replace, type Stored } from "@cadastre/store/table";
import { commitRecorded } from "../audit/commit-recorded.ts";
import { type Actor, actorName, type Context } from "../context.ts";
import { type Listed, type ListOptions, queryPage, toListed } from "../lists.ts";
import { retryOnConflict } from "../retry-on-conflict.ts";
import { CREDENTIALS_PARTITION, CredentialItem, SealedItem } from "./items.ts";
import type { Sealer } from "./ports.ts";
import { sealSecret } from "./seal.ts";

/** What the API shows of a credential: metadata. */
export const toCredential = (stored: Stored<CredentialItem>): Credential => credential.parse(stored);

async function read(context: Context, id: string): Promise<Stored<CredentialItem>> {
  const stored = await context.table.get(CredentialItem, { id }, { consistent: true });
  if (!stored) throw new ProblemError("credential.not_found");
  return stored;
}

/**
 * Seals and stores a credential. Throws 503 `service.unavailable` when the key service does not answer. Writes its
 * metadata, its ciphertext, and one audit record; the secret itself is in none of them.
 */
export async function createCredential(
  context: Context,
  sealer: Sealer,
  actor: Actor,
  input: NewCredential,
): Promise<Credential> {
  const now = context.now();
  const id = newId("credential", now);
  const { name, provider, account, description, secret } = input;
  const about = {
    name,
    type: secret.type,
    ...(provider === undefined ? {} : { provider }),
    ...(account === undefined ? {} : { account }),
  };
  const item: CredentialItem = {
    id,
    ...about,
    description,
    createdAt: now.toISOString(),
    createdBy: actorName(actor),
  };
  const ciphertext = await sealSecret(sealer, item, secret).catch((cause: unknown) => {
    throw new ProblemError("service.unavailable", "the credential cannot be sealed now", { cause });
  });
  await retryOnConflict(() =>
    commitRecorded(context, actor, [create(CredentialItem, item), create(SealedItem, { id, ciphertext })], {
      action: "credential.create",
      target: id,
      detail: about,
    }),
  );
  return toCredential(await read(context, id));
}

/** Metadata of one credential. Throws 404 `credential.not_found`. */
export async function getCredential(context: Context, id: string): Promise<Credential> {
  return toCredential(await read(context, id));
}

/** Metadata of all credentials, oldest first, also of revoked ones. Throws 422 `cursor.invalid`. */
export async function listCredentials(context: Context, options: ListOptions): Promise<Listed<Credential>> {
  const query = { partition: CREDENTIALS_PARTITION, consistent: true, ...options };
  return toListed(await queryPage(context.table, CredentialItem, query), toCredential);
}

/**
 * Revokes a credential for good: its ciphertext is removed in the same commit, its metadata stays. One that is revoked stays
 * as it is. Throws 404 `credential.not_found`. Writes one audit record.
 */
export async function revokeCredential(context: Context, actor: Actor, id: string): Promise<Credential> {
  await retryOnConflict(async () => {
    const stored = await read(context, id);
    if (stored.revokedAt !== undefined) return;
    const revoked = { revokedAt: context.now().toISOString(), revokedBy: actorName(actor) };
    const writes = [replace(CredentialItem, { ...stored, ...revoked }, stored.version), remove(SealedItem, { id })];
    await commitRecorded(context, actor, writes, {
      action: "credential.revoke",
      target: id,
      detail: { name: stored.name, type: stored.type },
    });
  });
  return toCredential(await read(context, id));
}

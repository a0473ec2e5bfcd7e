import { type Credential, credential, type NewCredential } from "@cadastre/contract/credential";
import { ProblemError } from "@cadastre/contract/errors";
import { newId } from "@cadastre/contract/ids";
import { create, put, remove, replace, type Stored } from "@cadastre/store/table";
import { commitRecorded } from "../audit/commit-recorded.ts";
import { secretChange } from "../audit/hash-key.ts";
import { type Actor, actorName, type Context } from "../context.ts";
import { type Listed, type ListOptions, selectPage } from "../lists.ts";
import { isVisible, requirePlace } from "../restriction.ts";
import { retryOnConflict } from "../retry-on-conflict.ts";
import { CREDENTIALS_PARTITION, CredentialItem, CredentialMarkItem, SealedItem } from "./items.ts";
import type { Sealer } from "./ports.ts";
import { sealSecret } from "./seal.ts";

const FIRST_GENERATION = 1;

/** What the API shows of a credential: metadata. */
export const toCredential = (stored: Stored<CredentialItem>): Credential => credential.parse(stored);

async function read(context: Context, id: string): Promise<Stored<CredentialItem>> {
  const stored = await context.table.get(CredentialItem, { id }, { consistent: true });
  if (!stored || !isVisible(context, stored)) throw new ProblemError("credential.not_found");
  return stored;
}

/**
 * Seals and stores a credential. Throws 403 `auth.forbidden` for an account that the caller may not see, and 503 `service.unavailable` when the key service does not answer. Writes its
 * metadata, its ciphertext, and one audit record; the secret itself is in none of them.
 */
export async function createCredential(
  context: Context,
  sealer: Sealer,
  actor: Actor,
  input: NewCredential,
): Promise<Credential> {
  requirePlace(context, input);
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
    generation: FIRST_GENERATION,
  };
  const ciphertext = await sealSecret(sealer, item, secret).catch((cause: unknown) => {
    throw new ProblemError("service.unavailable", "the credential cannot be sealed now", { cause });
  });
  const changes = [await secretChange(context, "secret", { after: secret })];
  await retryOnConflict(() =>
    commitRecorded(
      context,
      actor,
      [
        create(CredentialItem, item),
        create(SealedItem, { id, ciphertext }),
        create(CredentialMarkItem, { id, generation: FIRST_GENERATION }),
      ],
      { action: "credential.create", target: id, changes, detail: about },
    ),
  );
  return toCredential(await read(context, id));
}

/** Metadata of one credential. Throws 404 `credential.not_found`. */
export async function getCredential(context: Context, id: string): Promise<Credential> {
  return toCredential(await read(context, id));
}

/** Metadata of all credentials, oldest first, also of revoked ones. Throws 422 `cursor.invalid`. */
export function listCredentials(context: Context, options: ListOptions): Promise<Listed<Credential>> {
  return selectPage(
    context,
    {
      list: "credentials",
      entity: CredentialItem,
      partition: CREDENTIALS_PARTITION,
      select: async (items) => items.map((stored) => (isVisible(context, stored) ? toCredential(stored) : undefined)),
    },
    options,
  );
}

/**
 * Revokes a credential for good: its ciphertext is removed in the same commit, its metadata stays. One that is revoked stays
 * as it is. Throws 404 `credential.not_found`. Writes one audit record.
 */
export async function revokeCredential(context: Context, actor: Actor, id: string): Promise<Credential> {
  await retryOnConflict(async () => {
    const stored = await read(context, id);
    if (stored.revokedAt !== undefined) return;
    const generation = (stored.generation ?? FIRST_GENERATION) + 1;
    const revoked = { revokedAt: context.now().toISOString(), revokedBy: actorName(actor), generation };
    const writes = [
      replace(CredentialItem, { ...stored, ...revoked }, stored.version),
      remove(SealedItem, { id }),
      put(CredentialMarkItem, { id, generation }),
    ];
    await commitRecorded(context, actor, writes, {
      action: "credential.revoke",
      target: id,
      detail: { name: stored.name, type: stored.type },
    });
  });
  return toCredential(await read(context, id));
}

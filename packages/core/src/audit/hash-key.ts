import { createHmac } from "node:crypto";
import type { Change } from "@cadastre/contract/change";
import { canonicalJson } from "@cadastre/contract/digest";
import { defineEntity } from "@cadastre/store/entity";
import { ConflictError } from "@cadastre/store/errors";
import { create } from "@cadastre/store/table";
import * as z from "zod";
import type { Context } from "../context.ts";
import { newSealKey } from "../sealed-text.ts";

export const HashKeyItem = defineEntity({
  type: "audit-hash-key",
  about: "What secrets in audit records are hashed with, of one organization. Made once, and never shown",
  schema: z.object({ key: z.string() }),
  key: { partition: () => "audit-hash-key", sort: () => "key" },
});

async function hashKey({ table }: Pick<Context, "table">): Promise<string> {
  for (;;) {
    const stored = await table.get(HashKeyItem, {}, { consistent: true });
    if (stored) return stored.key;
    const key = newSealKey();
    try {
      await table.commit([create(HashKeyItem, { key })]);
      return key;
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
  }
}

/**
 * The change of a secret as a record may have it: hashes (HMAC-SHA-256) under a key of the organization's own, by which one sees whether a
 * secret is the same as before, and not what it is. Writes the key when there is none yet.
 */
export async function secretChange(
  context: Pick<Context, "table">,
  path: string,
  { before, after }: { readonly before?: unknown; readonly after?: unknown },
): Promise<Change> {
  const key = Buffer.from(await hashKey(context), "base64");
  const hashOf = (value: unknown) =>
    `hmac-sha256:${createHmac("sha256", key).update(canonicalJson(value)).digest("hex")}`;
  return {
    path,
    ...(before === undefined ? {} : { before: hashOf(before) }),
    ...(after === undefined ? {} : { after: hashOf(after) }),
  };
}

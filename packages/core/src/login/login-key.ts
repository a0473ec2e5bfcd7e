import { randomBytes } from "node:crypto";
import { create } from "@cadastre/store/table";
import type { Context } from "../context.ts";
import { isTaken } from "../retry-on-conflict.ts";
import { LoginKeyItem } from "./items.ts";

const KEY_BYTES = 32;

async function readKey({ table }: Pick<Context, "table">): Promise<string> {
  const stored = await table.get(LoginKeyItem, {}, { consistent: true });
  if (stored) return stored.key;
  const key = randomBytes(KEY_BYTES).toString("base64");
  try {
    await table.commit([create(LoginKeyItem, { key })]);
    return key;
  } catch (error) {
    if (isTaken(error, 0)) return readKey({ table });
    throw error;
  }
}

/** What names are hashed with, read once in a process and made by whoever is the first to ask. */
export function createLoginKey(context: Pick<Context, "table">): () => Promise<string> {
  let known: Promise<string> | undefined;
  return function loginKey() {
    known ??= readKey(context).catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return known;
  };
}

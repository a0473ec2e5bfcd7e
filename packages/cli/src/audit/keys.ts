import type { Client } from "@cadastre/client/client";
import { type PublicKey, parsePublicKey } from "@cadastre/contract/keys";
import { UsageError } from "../exit-codes.ts";
import { readText } from "../files.ts";

const PEM = /-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----\n?/g;

/** The PEM text of the API's keys. */
export async function pemOf(client: Client): Promise<string> {
  let text = "";
  for await (const piece of client.audit.publicKey()) text += piece;
  return text;
}

/** The public keys of a PEM text. Throws UsageError when there is none, or one cannot be read; `from` says where it was found. */
function toKeys(pem: string, from: string): PublicKey[] {
  const found = pem.match(PEM) ?? [];
  if (found.length === 0) throw new UsageError(`${from} has no PEM public key (-----BEGIN PUBLIC KEY-----)`);
  try {
    return found.map(parsePublicKey);
  } catch (error) {
    throw new UsageError(`${from}: ${(error as Error).message}`);
  }
}

/** The keys of a file, or of the API when no file is given. */
export async function keysOf(file: string | undefined, open: () => Client): Promise<PublicKey[]> {
  if (file !== undefined) return toKeys(readText(file, "public key"), `the public key ${file}`);
  return toKeys(await pemOf(open()), "the API");
}

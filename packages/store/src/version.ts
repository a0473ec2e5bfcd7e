import { hash, randomInt } from "node:crypto";

// Odd numbers of twelve digits: every version has the same stored size, so that the cost of an item does not vary by chance.
const LOWEST = 100_000_000_001;
const CHOICES = 2 ** 38;

/**
 * A version that no write had before. Versions are compared, never counted: a counter would start again when an item is
 * removed and made anew, and the holder of a lease that ran out could then remove the lease of the next one.
 */
export function freshVersion(): number {
  return LOWEST + 2 * randomInt(CHOICES);
}

/** The version of bulk state: the same content has the same version, so that loading it again changes nothing. */
export function contentVersion(body: string): number {
  // Of an index entry the key is all, and these are most of what is loaded.
  if (body === "{}") return LOWEST;
  return LOWEST + 2 * (Number.parseInt(hash("sha1", body).slice(0, 12), 16) % CHOICES);
}

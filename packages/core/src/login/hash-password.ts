import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";

/** Cost of scrypt (RFC 7914): `n` blocks of 128 × `r` bytes in memory, `p` times over. */
export interface ScryptCost {
  readonly n: number;
  readonly r: number;
  readonly p: number;
}

/** One of the sets of https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html: 16 MB while it runs. */
export const SCRYPT_COST: ScryptCost = { n: 2 ** 14, r: 8, p: 5 };

const SALT_BYTES = 16;
const HASH_BYTES = 32;

/** A password as it is stored: what it was hashed with stands beside it. Salt and hash are base64. */
export interface PasswordHash extends ScryptCost {
  readonly salt: string;
  readonly hash: string;
}

function derive(password: string, salt: Buffer, { n, r, p }: ScryptCost, length: number): Promise<Buffer> {
  // Node refuses what needs more than it is told; the working memory is 128 × n × r, and a little for p.
  const maxmem = 2 * 128 * n * r + 128 * r * p;
  return new Promise((resolve, reject) =>
    scrypt(password, salt, length, { N: n, r, p, maxmem }, (error, key) => (error ? reject(error) : resolve(key))),
  );
}

/** Hashes a password (in its canonical form) under a random salt. Takes the memory and time of `cost`, off this thread. */
export async function hashPassword(password: string, cost: ScryptCost = SCRYPT_COST): Promise<PasswordHash> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await derive(password, salt, cost, HASH_BYTES);
  return { ...cost, salt: salt.toString("base64"), hash: hash.toString("base64") };
}

/**
 * Whether a password is the one that was hashed; compared in a time that does not depend on where they differ. One with a NUL in it is
 * nobody's: HMAC, which scrypt begins with, fills short keys up with them, so that one at the end would not count.
 */
export async function isPassword(password: string, { salt, hash, ...cost }: PasswordHash): Promise<boolean> {
  const stored = Buffer.from(hash, "base64");
  const isSame = timingSafeEqual(await derive(password, Buffer.from(salt, "base64"), cost, stored.length), stored);
  return isSame && !password.includes("\0");
}

/** Whether a hash was made with another cost than passwords are hashed with now. */
export const isOutdated = ({ n, r, p }: ScryptCost, cost: ScryptCost = SCRYPT_COST): boolean =>
  n !== cost.n || r !== cost.r || p !== cost.p;

/** Compared with where there is no password, so that this takes as long as a wrong one. No password has this hash. */
export const noPassword = (cost: ScryptCost = SCRYPT_COST): PasswordHash => ({
  ...cost,
  salt: randomBytes(SALT_BYTES).toString("base64"),
  hash: randomBytes(HASH_BYTES).toString("base64"),
});

import { Secret, TOTP } from "otpauth";

/** RFC 6238 as every authenticator app knows it: SHA-1, six digits, 30 seconds, and 160 random bits (RFC 4226 §4). */
const FORM = { algorithm: "SHA1", digits: 6, period: 30 } as const;
const SECRET_BYTES = 20;
/** Clocks may be off by so many steps, either way. */
const SKEW_STEPS = 1;
const ISSUER = "Cadastre";

export const NO_STEP = -1;

/** A new secret's bytes. */
export const newTotpSecret = (): Uint8Array => new Secret({ size: SECRET_BYTES }).bytes;

const toSecret = (bytes: Uint8Array): Secret => new Secret({ buffer: Uint8Array.from(bytes).buffer });

/** What an app takes: the secret in base32 to type, and the address that a QR code holds (Key URI Format). */
export function showTotp(bytes: Uint8Array, userName: string): { readonly secret: string; readonly uri: string } {
  const secret = toSecret(bytes);
  return { secret: secret.base32, uri: new TOTP({ ...FORM, issuer: ISSUER, label: userName, secret }).toString() };
}

/**
 * The step of 30 seconds that a code is of, when it is of now or of one step before or after, and later than `lastStep`: no step is
 * taken twice, nor one before it (RFC 6238 §5.2). Undefined for every other text.
 */
export function stepOfCode(code: string, bytes: Uint8Array, lastStep: number, now: Date): number | undefined {
  const token = code.replace(/\s/g, "");
  if (!/^\d{6}$/.test(token)) return undefined;
  const timestamp = now.getTime();
  const delta = TOTP.validate({ ...FORM, token, secret: toSecret(bytes), timestamp, window: SKEW_STEPS });
  if (delta === null) return undefined;
  const step = TOTP.counter({ period: FORM.period, timestamp }) + delta;
  return step > lastStep ? step : undefined;
}

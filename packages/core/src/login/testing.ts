import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import type { PasskeyAssertion, PasskeyRegistration } from "@cadastre/contract/login";
import type { User } from "@cadastre/contract/user";
import { isoCBOR } from "@simplewebauthn/server/helpers";
import { Secret, TOTP } from "otpauth";
import { anAdmin } from "../audit/testing.ts";
import type { Context } from "../context.ts";
import { createUser } from "../directory/users.ts";
import { createPasswordCheck, type PasswordCheck } from "./password-check.ts";
import { passwordWrite } from "./set-password.ts";

/** Flags of authenticator data (Web Authentication Level 3 §6.1): user present, user verified, attested credential data. */
const [PRESENT, VERIFIED, ATTESTED] = [0x01, 0x04, 0x40];
const ES256 = -7;

const sha256 = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest();
const base64url = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64url");

interface Told {
  readonly challenge: string;
  /** Where the page is that asks. */
  readonly origin?: string;
  readonly rpId?: string;
  readonly isVerified?: boolean;
  readonly type?: string;
}

/** For tests: an authenticator with one passkey, as a security key has it: its key never leaves, and its counter goes on. */
export interface TestAuthenticator {
  readonly id: string;
  counter: number;
  readonly create: (told: Told) => PasskeyRegistration["response"];
  readonly get: (told: Told) => PasskeyAssertion;
}

/** The public key as COSE has it (RFC 9053 §7.1.1). */
function coseKey(publicKey: KeyObject): Uint8Array {
  const { x = "", y = "" } = publicKey.export({ format: "jwk" });
  const coordinate = (text: string) => Uint8Array.from(Buffer.from(text, "base64url"));
  return isoCBOR.encode(
    new Map<number, number | Uint8Array>([
      [1, 2],
      [3, ES256],
      [-1, 1],
      [-2, coordinate(x)],
      [-3, coordinate(y)],
    ]),
  );
}

/** For tests: a new one. */
export function anAuthenticator({ origin = "https://cadastre.test", rpId = "cadastre.test" } = {}): TestAuthenticator {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const credential = randomBytes(32);
  const id = base64url(credential);
  const base = { id, rawId: id, type: "public-key", clientExtensionResults: {} } as const;
  const clientData = (type: string, told: Told) =>
    Buffer.from(
      JSON.stringify({
        type: told.type ?? type,
        challenge: told.challenge,
        origin: told.origin ?? origin,
        crossOrigin: false,
      }),
    );
  const authenticatorData = (told: Told, flags: number, more: Uint8Array = new Uint8Array()) => {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(authenticator.counter);
    const verified = told.isVerified === false ? 0 : VERIFIED;
    return Buffer.concat([sha256(told.rpId ?? rpId), Buffer.from([PRESENT | verified | flags]), counter, more]);
  };
  const authenticator: TestAuthenticator = {
    id,
    counter: 0,
    create(told) {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(credential.length);
      const attested = Buffer.concat([Buffer.alloc(16), length, credential, coseKey(publicKey)]);
      const authData = Uint8Array.from(authenticatorData(told, ATTESTED, attested));
      const attestation = isoCBOR.encode(
        new Map<string, unknown>([
          ["fmt", "none"],
          ["attStmt", new Map()],
          ["authData", authData],
        ]) as Parameters<typeof isoCBOR.encode>[0],
      );
      const response = {
        clientDataJSON: base64url(clientData("webauthn.create", told)),
        attestationObject: base64url(attestation),
        transports: ["internal" as const],
      };
      return { ...base, response };
    },
    get(told) {
      authenticator.counter += 1;
      const data = authenticatorData(told, 0);
      const client = clientData("webauthn.get", told);
      const signature = sign("sha256", Buffer.concat([data, sha256(client)]), privateKey);
      const response = {
        clientDataJSON: base64url(client),
        authenticatorData: base64url(data),
        signature: base64url(signature),
      };
      return { ...base, response };
    },
  };
  return authenticator;
}

/** For tests: hashing that costs nothing. */
export const cheapPasswords = (): PasswordCheck => createPasswordCheck({ cost: { n: 2 ** 4, r: 1, p: 1 } });

export const PASSWORD = "correct horse battery staple";

/** For tests: a user who has a password. */
export async function aPerson(
  context: Context,
  {
    userName = "anna",
    password = PASSWORD,
    source = "own",
    passwords = cheapPasswords(),
  }: {
    readonly userName?: string;
    readonly password?: string;
    readonly source?: "own" | "admin" | "scim";
    readonly passwords?: PasswordCheck;
  } = {},
): Promise<User> {
  const also = async (user: string) => [await passwordWrite(context, passwords, { user, userName, password, source })];
  return createUser(context, anAdmin, { userName }, { also });
}

/** For tests: the code that an authenticator app shows at a time. */
export const codeAt = (secret: string, now: Date): string =>
  new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: now.getTime() });

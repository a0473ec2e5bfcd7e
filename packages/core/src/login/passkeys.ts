import type { AuthenticationResponseJSON, RegistrationResponseJSON } from "@simplewebauthn/server";

/** Where people log in: what a passkey is bound to. From the configuration, never from a request. */
export interface RelyingParty {
  /** A domain, `localhost` on a laptop. */
  readonly id: string;
  /** Whole origins, such as `https://cadastre.example.org`. */
  readonly origins: readonly string[];
}

/**
 * Where people log in, of an origin that the configuration gives. Throws a RangeError for what is no origin of HTTPS, or of HTTP on this
 * machine: browsers make no passkey elsewhere.
 */
export function toRelyingParty(origin: string): RelyingParty {
  const url = URL.canParse(origin) ? new URL(origin) : undefined;
  const isSafe = url?.protocol === "https:" || (url?.protocol === "http:" && url.hostname === "localhost");
  if (!url || !isSafe || url.origin !== origin)
    throw new RangeError("an origin such as https://cadastre.example.org, or http://localhost:8787");
  return { id: url.hostname, origins: [origin] };
}

/** A passkey as it is stored. */
export interface Passkey {
  readonly credential: string;
  readonly publicKey: Uint8Array;
  readonly counter: number;
  readonly transports: readonly string[];
  readonly isBackedUp: boolean;
}

const RP_NAME = "Cadastre";
const TIMEOUT_MILLISECONDS = 300_000;

/** Loaded when somebody has to do with a passkey: it is large, and no other request needs it. */
const library = () => import("@simplewebauthn/server");

const toCredential = ({ credential, transports }: Passkey) => ({ id: credential, transports: [...transports] });

/** What a browser is asked for to make a passkey, with a challenge to be kept. One that the user has is not made again. */
export async function enrolOptions(
  party: RelyingParty,
  {
    user,
    userName,
    displayName,
    passkeys,
  }: {
    readonly user: string;
    readonly userName: string;
    readonly displayName: string;
    readonly passkeys: readonly Passkey[];
  },
) {
  const { generateRegistrationOptions } = await library();
  return generateRegistrationOptions({
    rpName: RP_NAME,
    rpID: party.id,
    userName,
    userID: new TextEncoder().encode(user),
    userDisplayName: displayName,
    timeout: TIMEOUT_MILLISECONDS,
    attestationType: "none",
    excludeCredentials: passkeys.map(toCredential),
    authenticatorSelection: { residentKey: "preferred", userVerification: "required" },
  });
}

/** What a browser is asked for to prove one of the passkeys, with a challenge to be kept. */
export async function proveOptions(party: RelyingParty, passkeys: readonly Passkey[]) {
  const { generateAuthenticationOptions } = await library();
  return generateAuthenticationOptions({
    rpID: party.id,
    allowCredentials: passkeys.map(toCredential),
    timeout: TIMEOUT_MILLISECONDS,
    userVerification: "required",
  });
}

/** The challenge that a browser's answer is to, as it says itself: it counts only where we have made it. Undefined for what is none. */
export function challengeOf(clientDataJSON: string): string | undefined {
  try {
    const said: unknown = JSON.parse(Buffer.from(clientDataJSON, "base64url").toString("utf8"));
    const challenge = (said as { challenge?: unknown } | null)?.challenge;
    return typeof challenge === "string" && /^[\w-]{16,128}$/.test(challenge) ? challenge : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The passkey that a browser has made for a challenge of ours: at our origin, for our domain, with its user present and verified
 * (Web Authentication Level 3 §7.1). Undefined for anything else, whatever is wrong with it.
 */
export async function readNewPasskey(
  party: RelyingParty,
  challenge: string,
  response: RegistrationResponseJSON,
): Promise<Passkey | undefined> {
  const { verifyRegistrationResponse } = await library();
  try {
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response,
      expectedChallenge: challenge,
      expectedOrigin: [...party.origins],
      expectedRPID: party.id,
      requireUserVerification: true,
    });
    if (!verified) return undefined;
    const { credential, credentialBackedUp } = registrationInfo;
    return {
      credential: credential.id,
      publicKey: credential.publicKey,
      counter: credential.counter,
      transports: credential.transports ?? [],
      isBackedUp: credentialBackedUp,
    };
  } catch {
    return undefined;
  }
}

/**
 * The passkey as it is after it has signed a challenge of ours (§7.2), with its counter. Undefined when it has not, or its counter did
 * not go on: then there are two of it.
 */
export async function proveByPasskey(
  party: RelyingParty,
  challenge: string,
  passkey: Passkey,
  response: AuthenticationResponseJSON,
): Promise<Passkey | undefined> {
  const { verifyAuthenticationResponse } = await library();
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response,
      expectedChallenge: challenge,
      expectedOrigin: [...party.origins],
      expectedRPID: party.id,
      credential: {
        id: passkey.credential,
        publicKey: Uint8Array.from(passkey.publicKey),
        counter: passkey.counter,
      },
      requireUserVerification: true,
    });
    if (!verified) return undefined;
    const { newCounter, credentialBackedUp } = authenticationInfo;
    return { ...passkey, counter: newCounter, isBackedUp: credentialBackedUp };
  } catch {
    return undefined;
  }
}

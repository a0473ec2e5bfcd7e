import type { JWTVerifyGetKey } from "jose";
import { TOKEN_ALGORITHMS } from "../token-algorithms.ts";
import { type Expected, unmetClaims } from "./expected.ts";
import { SubjectRefusedError } from "./refusal.ts";

/** How far an issuer's clock may be off. */
const TOLERANCE_SECONDS = 30;
const MOST_CHARACTERS = 16_384;
const MOST_SHOWN = 256;

/** Who a subject token is of, once it is verified. */
export interface Subject {
  /** As its issuer calls it. */
  readonly name: string;
  /** Epoch seconds at which what proves it ends. */
  readonly expiresAt: number;
  /** What it is known by where it counts once. */
  readonly once?: string | undefined;
}

/** A reason that has nothing of the token in it: the code of the library, and which claim. */
function reasonOf(error: unknown): string {
  if (error instanceof SubjectRefusedError) return error.message;
  const { code, claim, reason } = (error ?? {}) as { code?: unknown; claim?: unknown; reason?: unknown };
  if (typeof code !== "string") return "it could not be verified";
  return [code, claim, reason].filter((part) => typeof part === "string").join(" ");
}

/**
 * Who a JSON Web Token is of: its signature by a key of the issuer and one of a closed list of algorithms, issuer, audience, times and
 * claims. Throws SubjectRefusedError with what does not hold.
 */
export async function verifyJwt(
  text: string,
  expected: Expected,
  { keys, now }: { readonly keys: JWTVerifyGetKey; readonly now: Date },
): Promise<Subject> {
  if (text.length > MOST_CHARACTERS) throw new SubjectRefusedError("it is too long");
  const { jwtVerify } = await import("jose");
  const { issuer, audience } = expected;
  try {
    const { payload } = await jwtVerify(text, keys, {
      algorithms: TOKEN_ALGORITHMS,
      issuer,
      audience,
      requiredClaims: ["exp", "sub"],
      clockTolerance: TOLERANCE_SECONDS,
      currentDate: now,
    });
    const name = String(payload.sub).slice(0, MOST_SHOWN).toWellFormed();
    const unmet = unmetClaims(expected, payload);
    if (unmet.length > 0)
      throw new SubjectRefusedError(`${name} does not say what the rule asks for: ${unmet.join(", ")}`);
    const { jti, exp } = payload;
    return {
      name,
      // It can be used until then.
      expiresAt: Math.ceil(Number(exp)) + TOLERANCE_SECONDS,
      once: typeof jti === "string" && jti !== "" ? `${issuer}\n${jti}` : undefined,
    };
  } catch (cause) {
    throw new SubjectRefusedError(reasonOf(cause), { cause });
  }
}

import * as z from "zod";
import { CLI_CLIENT } from "./oauth.ts";

export const userCodeBody = z.strictObject({ code: z.string().max(64) });

/** A client that waits for a person's approval: what it says of itself, and from where it asks. */
export const clientLogin = z.object({
  clientName: z.string().meta({ description: "As the client calls itself: nobody has proved that" }),
  address: z.string().optional().meta({ description: "From where it asks" }),
  userAgent: z.string().optional(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().meta({ description: "Until when it can be approved" }),
  tokenExpiresAt: z.iso.datetime().meta({ description: "When a token would end that it is given now" }),
});
export type ClientLogin = z.output<typeof clientLogin>;

/** Where the command listens (RFC 8252 §7.3): on this computer alone, at any port and one path. */
const REDIRECT_URI = /^http:\/\/(?:127\.0\.0\.1|\[::1\]):([1-9]\d{0,4})\/callback$/;

/** What a command on the person's own computer asks for (RFC 6749 §4.1.1, RFC 7636 §4.3), as its page sends it on. */
export const authorization = z.strictObject({
  responseType: z.literal("code"),
  clientId: z.literal(CLI_CLIENT),
  clientName: z.string().max(128).optional().meta({ description: "As it calls itself" }),
  redirectUri: z
    .string()
    .max(64)
    .refine((text) => Number(REDIRECT_URI.exec(text)?.[1] ?? "99999") < 65_536, {
      message: "must be http://127.0.0.1:PORT/callback or http://[::1]:PORT/callback",
    }),
  state: z.string().regex(/^[\w.~-]{16,128}$/, "16 to 128 characters that a URL can hold"),
  codeChallenge: z.string().regex(/^[\w-]{43}$/, "a SHA-256 in base64url"),
  codeChallengeMethod: z.literal("S256"),
});
export type Authorization = z.output<typeof authorization>;

/** Where the page sends the browser. */
export const redirection = z.object({ redirectTo: z.string() });

import { ProblemError } from "@cadastre/contract/errors";
import { blockedUrl, type Reach } from "../../limits/outside.ts";

/** Throws 422 `request.invalid` for an issuer that the service would not ask. Nothing is connected to. */
export function requireIssuer(issuer: string, reach: Reach): void {
  const blocked = blockedUrl(new URL(issuer), reach);
  if (blocked === undefined) return;
  throw new ProblemError("request.invalid", `issuer: ${blocked}`, { errors: [{ path: "issuer", message: blocked }] });
}

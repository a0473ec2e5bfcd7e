import * as z from "zod";

/** Allowed is nothing at all, for the first token, or to say which deployment's and why. */
const ALLOWED = (deployment: string) =>
  `allowed are {} for the first admin token, and {"recover":"${deployment}","reason":"…"} (10 to 500 characters) for another one when all are lost`;

export type AdminTokenRequest = { readonly recover: false } | { readonly recover: true; readonly reason: string };

/**
 * What an invocation by hand asks for. A recovery names the deployment, so that nobody makes a token by a slip, or in another
 * deployment than they think. Throws an Error that says what is wrong and what is allowed.
 */
export function readAdminTokenRequest(event: unknown, deployment: string): AdminTokenRequest {
  const request = z.strictObject({
    recover: z.literal(deployment, `recover must be the deployment's name, ${JSON.stringify(deployment)}`),
    reason: z.string("reason is missing").trim().min(10, "reason is too short").max(500, "reason is too long"),
  });
  if (event === undefined || event === null || (typeof event === "object" && Object.keys(event).length === 0)) {
    return { recover: false };
  }
  const parsed = request.safeParse(event);
  if (parsed.success) return { recover: true, reason: parsed.data.reason };
  const problems = parsed.error.issues.map((issue) =>
    issue.code === "unrecognized_keys" ? `${issue.keys.join(", ")} is not known` : issue.message,
  );
  throw new Error(`no token was made: ${problems.join("; ")}; ${ALLOWED(deployment)}`);
}

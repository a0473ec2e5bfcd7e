import type { ErrorCode } from "../errors.ts";
import type { EndpointDefinition } from "./endpoint.ts";

/** The first three are of requests that no endpoint could be found for, where a server of ours is in front. */
const ALWAYS: readonly ErrorCode[] = [
  "request.unreadable",
  "request.timeout",
  "request.head_too_large",
  "request.method",
  "service.unavailable",
  "service.internal",
];
/** Of every request whose sender has to prove who it is. */
const KNOWN_CALLER: readonly ErrorCode[] = ["request.invalid", "request.not_found"];
/** Of a token or a session. */
const BY_TOKEN: readonly ErrorCode[] = [
  "auth.missing",
  "auth.invalid",
  "auth.expired",
  "auth.revoked",
  "auth.csrf",
  "auth.step_up",
];
const BY_SIGNATURE: readonly ErrorCode[] = [
  "signature.missing",
  "signature.invalid",
  "signature.digest",
  "signature.stale",
  "signature.future",
  "signature.replayed",
  "signature.unknown_key",
  "request.too_large",
  "collector.pending",
  "collector.rejected",
  "collector.revoked",
];
const WITH_BODY: readonly ErrorCode[] = ["request.malformed", "request.media_type", "request.too_large"];

/** The errors that an endpoint can answer: those that follow from its definition, and its own. */
export function errorsOf(endpoint: EndpointDefinition): ErrorCode[] {
  const { access, params, body, query, ifMatch } = endpoint;
  return [
    ...new Set([
      ...(endpoint.errors ?? []),
      ...ALWAYS,
      ...(access.kind === "public" ? [] : KNOWN_CALLER),
      ...(access.kind === "signed" ? [] : (["auth.address"] as const)),
      ...(params === undefined ? [] : (["request.invalid"] as const)),
      ...(access.kind === "operator" ? ([...BY_TOKEN, "auth.forbidden", "request.rate"] as const) : []),
      ...(access.kind === "self" ? ([...BY_TOKEN, "auth.session", "request.rate"] as const) : []),
      ...(access.kind === "provisioning" ? ([...BY_TOKEN, "auth.forbidden", "request.rate"] as const) : []),
      ...(access.kind === "signed" ? BY_SIGNATURE : []),
      ...(body === undefined ? [] : WITH_BODY),
      ...(endpoint.file === undefined ? [] : (["request.media_type", "request.too_large"] as const)),
      ...(query && "cursor" in query.shape ? (["cursor.invalid"] as const) : []),
      ...(ifMatch === undefined ? [] : (["request.precondition_failed"] as const)),
      ...(ifMatch === "required" ? (["request.precondition_required"] as const) : []),
      ...(endpoint.idempotent ? (["request.idempotency_reused"] as const) : []),
    ]),
  ];
}

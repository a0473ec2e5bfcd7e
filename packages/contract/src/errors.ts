/**
 * The closed set of error codes, `area.reason`, each with its HTTP status and a title that is the same for every occurrence.
 * What is particular (which field, which scope) goes into the problem's `detail` and `errors`.
 */
export const ERRORS = {
  "request.unreadable": { status: 400, title: "This is not a request of HTTP/1.1" },
  "request.timeout": { status: 408, title: "The request did not come to its end in time" },
  "request.head_too_large": { status: 431, title: "The address and the headers are too large" },
  "request.malformed": { status: 400, title: "The body cannot be read" },
  "request.invalid": { status: 422, title: "The request does not have the required form" },
  "request.media_type": { status: 415, title: "The content type or encoding is not accepted" },
  "request.too_large": { status: 413, title: "The body is too large" },
  "request.not_found": { status: 404, title: "There is nothing at this address" },
  "request.method": { status: 405, title: "This method is not allowed here" },
  "request.precondition_required": { status: 428, title: "If-Match with the current version is required" },
  "request.precondition_failed": { status: 412, title: "It was changed meanwhile" },
  "request.conflict": { status: 409, title: "Another writer was faster" },
  "request.rate": { status: 429, title: "Too many requests of this sort" },
  "request.idempotency_reused": { status: 422, title: "The Idempotency-Key was used for another request" },
  "query.invalid": { status: 422, title: "The query cannot be understood" },
  "cursor.invalid": { status: 422, title: "The cursor does not belong to this list" },
  "auth.missing": { status: 401, title: "No credentials were sent" },
  "auth.invalid": { status: 401, title: "The credentials are not valid" },
  "auth.expired": { status: 401, title: "The token has expired" },
  "auth.revoked": { status: 401, title: "The token was revoked" },
  "auth.forbidden": { status: 403, title: "No scope, role or policy allows this" },
  "auth.address": { status: 403, title: "Nobody may call from this address" },
  "auth.csrf": { status: 403, title: "The request did not come from our own page" },
  "auth.step_up": { status: 401, title: "Prove again who you are" },
  "auth.session": { status: 403, title: "This is of a login session, which the caller does not have" },
  "password.weak": { status: 422, title: "The password is not strong enough" },
  "session.not_found": { status: 404, title: "There is no such session" },
  "factor.not_found": { status: 404, title: "There is no such second factor" },
  "factor.confirmed": { status: 409, title: "The second factor was confirmed" },
  "factor.exists": { status: 409, title: "The passkey was enrolled" },
  "factor.none": { status: 409, title: "There is no second factor" },
  "factor.too_many": { status: 409, title: "There are as many second factors as a user can have" },
  "factor.wrong_code": { status: 422, title: "The second factor was not proved" },
  "signature.missing": { status: 401, title: "The request is not signed" },
  "signature.invalid": { status: 401, title: "The signature does not verify" },
  "signature.digest": { status: 401, title: "The body does not have the signed digest" },
  "signature.stale": { status: 401, title: "The signature is too old or has expired" },
  "signature.future": { status: 401, title: "The signature was made in the future" },
  "signature.replayed": { status: 409, title: "This signed request was received before" },
  "signature.unknown_key": { status: 401, title: "No collector has this key" },
  "collector.pending": { status: 403, title: "The collector waits for approval" },
  "collector.rejected": { status: 403, title: "The collector was rejected" },
  "collector.revoked": { status: 403, title: "The collector was revoked" },
  "collector.foreign_account": { status: 403, title: "The collector is not bound to this provider and account" },
  "collector.name_taken": { status: 409, title: "A collector of this name is registered" },
  "collector.key_taken": { status: 409, title: "This public key is registered" },
  "collector.not_found": { status: 404, title: "There is no such collector" },
  "collector.state": { status: 409, title: "The collector's state does not allow this" },
  "discovery.version": { status: 422, title: "This major version of the discovery payload is not known" },
  "discovery.scope_not_open": { status: 409, title: "The scope was not opened by this run" },
  "discovery.shard_not_wanted": { status: 409, title: "The run does not have this shard" },
  "discovery.digest_mismatch": { status: 422, title: "The resources do not have the announced digest" },
  "discovery.shards_missing": { status: 409, title: "Shards are missing; nothing was retired" },
  "discovery.run_not_found": { status: 404, title: "There is no such run" },
  "discovery.run_closed": { status: 409, title: "The run was closed with other content" },
  "scope.not_found": { status: 404, title: "There is no such scope" },
  "scope.in_use": { status: 409, title: "A scope is reported on time, or something is at work on it" },
  "scope.changed": { status: 409, title: "The scopes are not those that were shown" },
  "hold.not_found": { status: 404, title: "There is no such hold" },
  "hold.decided": { status: 409, title: "The hold was decided" },
  "hold.changed": { status: 409, title: "The scope has changed since the hold" },
  "account.not_found": { status: 404, title: "There is no such account" },
  "account.exists": { status: 409, title: "The account exists" },
  "account.in_use": { status: 409, title: "The account has active resources" },
  "organization.not_found": { status: 404, title: "There is no such organization" },
  "organization.slug_taken": { status: 409, title: "An organization has this slug" },
  "user.not_found": { status: 404, title: "There is no such user" },
  "user.name_taken": { status: 409, title: "A user of this name exists" },
  "service-account.not_found": { status: 404, title: "There is no such service account" },
  "service-account.name_taken": { status: 409, title: "A service account of this name exists" },
  "group.not_found": { status: 404, title: "There is no such group" },
  "group.name_taken": { status: 409, title: "A group of this name exists" },
  "group.too_many": { status: 409, title: "A member is in as many groups as one can be" },
  "role-binding.not_found": { status: 404, title: "There is no such role binding" },
  "role-binding.too_many": { status: 409, title: "Nobody can hold more roles" },
  "access.exceeds": { status: 403, title: "One cannot give what one does not have" },
  "access.last_admin": { status: 409, title: "Nobody would be left who administers the system" },
  "policy.not_found": { status: 404, title: "There is no such policy" },
  "policy.name_taken": { status: 409, title: "A policy of this name exists" },
  "policy.invalid": { status: 422, title: "The policy is not valid" },
  "policy.too_many": { status: 409, title: "There are as many policies as there can be" },
  "space.not_found": { status: 404, title: "There is no such address space" },
  "space.name_taken": { status: 409, title: "An address space of this name exists" },
  "space.rule_taken": { status: 409, title: "Another address space has this rule" },
  "space.deleting": { status: 409, title: "The address space is being deleted" },
  "ip.not_found": { status: 404, title: "There is no such prefix in this address space" },
  "ip.exists": { status: 409, title: "The prefix is there already" },
  "ip.parent_differs": { status: 422, title: "The prefix is in another one than was given" },
  "ip.too_much_inside": { status: 409, title: "Too much of it changes for one step" },
  "range.not_found": { status: 404, title: "There is no such range in this address space" },
  "range.overlaps": { status: 409, title: "The range overlaps another one" },
  "addresses.no_space": { status: 409, title: "There is no such free space" },
  "resource.not_found": { status: 404, title: "There is no such resource" },
  "token.not_found": { status: 404, title: "There is no such token" },
  "token.principal": { status: 403, title: "The token cannot be of this principal" },
  "token.state": { status: 409, title: "The token's state does not allow this" },
  "token.scope": { status: 403, title: "A token cannot give what it does not have" },
  "trust-rule.not_found": { status: 404, title: "There is no such trust rule" },
  "grant.unsupported": { status: 400, title: "This is no way to get a token here" },
  "grant.refused": { status: 400, title: "What was given for a token is not accepted" },
  "grant.client": { status: 400, title: "There is no such client" },
  "grant.invalid": { status: 400, title: "The code is not valid, or was used" },
  "grant.pending": { status: 400, title: "Nobody has approved it yet" },
  "grant.slow_down": { status: 400, title: "It is asked for too often" },
  "grant.denied": { status: 400, title: "It was not approved" },
  "grant.expired": { status: 400, title: "The code has expired" },
  "client-login.not_found": { status: 404, title: "No such login of a client waits" },
  "grant.scope": { status: 400, title: "A scope was asked for that is not given" },
  "credential.not_found": { status: 404, title: "There is no such credential" },
  "credential.revoked": { status: 409, title: "The credential was revoked" },
  "credential.not_bound": { status: 404, title: "No credential is bound to this collector" },
  "credential.unreadable": { status: 409, title: "The stored credential does not open" },
  "consumer.not_found": { status: 404, title: "There is no such consumer" },
  "consumer.letter_not_found": { status: 404, title: "There is no such dead letter" },
  "audit.not_found": { status: 404, title: "There is no such audit record" },
  "audit.person_not_found": { status: 404, title: "The audit log has no data of such a person" },
  "audit.unsealed": { status: 409, title: "The record is not sealed yet" },
  "audit.removed": { status: 409, title: "Retention has removed what a proof is made of" },
  "audit.no_key": { status: 404, title: "Nothing has been sealed yet, and no key is set" },
  "forwarder.not_found": { status: 404, title: "There is no such forwarder of the audit log" },
  "forwarder.limit": { status: 409, title: "The organization has as many forwarders as it may have" },
  "forwarder.unsigned": { status: 409, title: "Syslog is not signed: there is no secret" },
  "job.not_found": { status: 404, title: "There is no such job" },
  "job.not_startable": { status: 409, title: "This job is started by what it is for, not by its name" },
  "job.unfinished": { status: 409, title: "A run of this job waits or runs" },
  "job.ended": { status: 409, title: "The run has ended" },
  "identity-provider.not_found": { status: 404, title: "There is no such identity provider" },
  "identity-provider.unavailable": { status: 503, title: "The identity provider does not answer as it should" },
  "identity-provider.logout_token": { status: 400, title: "The logout token does not verify" },
  "identity.not_found": { status: 404, title: "There is no such identity" },
  "identity.taken": { status: 409, title: "Another user has this identity" },
  "identity.too_many": { status: 409, title: "A user has as many identities as one can have" },
  "login.unknown": { status: 403, title: "Nobody is known here by this identity" },
  "login.refused": { status: 403, title: "This user may not log in" },
  "scim-source.not_found": { status: 404, title: "There is no such SCIM source" },
  "scim-source.linked": { status: 409, title: "A SCIM source has this user" },
  "scim.invalid_filter": { status: 400, title: "The filter cannot be understood or is not supported" },
  "scim.too_many": { status: 400, title: "More would have to be looked at than the service is willing to" },
  "scim.uniqueness": { status: 409, title: "Another resource has this value" },
  "scim.mutability": { status: 400, title: "The attribute cannot be changed in this way" },
  "scim.invalid_syntax": { status: 400, title: "The body does not have the required form" },
  "scim.invalid_path": { status: 400, title: "The path of the operation is not one" },
  "scim.no_target": { status: 400, title: "There is nothing at the path of the operation" },
  "scim.invalid_value": { status: 400, title: "A value is missing or does not fit its attribute" },
  "scim.invalid_cursor": { status: 400, title: "The cursor does not belong to this query" },
  "scim.expired_cursor": { status: 400, title: "The cursor is too old" },
  "scim.invalid_count": { status: 400, title: "The count is not a whole number" },
  "scim.not_found": { status: 404, title: "There is no such resource" },
  "scim.precondition_failed": { status: 412, title: "The resource was changed meanwhile" },
  "scim.conflict": { status: 409, title: "The operation cannot be done now" },
  "service.unavailable": { status: 503, title: "The service cannot answer now" },
  "service.internal": { status: 500, title: "Something went wrong on our side" },
} as const satisfies Record<string, { status: number; title: string }>;

export type ErrorCode = keyof typeof ERRORS;

/** Where in the request something is wrong: a JSON path such as `scopes[0].resources[3].attributes.blocks[0].prefix`. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
  /** Within a text: counted from 1, columns in characters. */
  readonly line?: number;
  readonly column?: number;
}

/** An error that the caller may see. Anything else that is thrown is answered as `service.internal` and reveals nothing. */
export class ProblemError extends Error {
  readonly code: ErrorCode;
  readonly errors: readonly FieldError[];
  /** Further members of the problem document, such as the list of missing shards. */
  readonly extra: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    detail?: string,
    more: { errors?: readonly FieldError[]; extra?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(detail ?? ERRORS[code].title, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = "ProblemError";
    this.code = code;
    this.errors = more.errors ?? [];
    this.extra = more.extra ?? {};
  }

  get status(): number {
    return ERRORS[this.code].status;
  }
}

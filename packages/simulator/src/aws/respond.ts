import { randomUUID } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { AwsEstate } from "../estate-aws.ts";
import { BLOCKED_PAGE, type Fault, type Faults } from "../faults.ts";
import { type Credential, readAuthorization } from "./authorization.ts";
import type { Call, ServiceName } from "./call.ts";
import { answerEc2 } from "./ec2.ts";
import { AwsError } from "./errors.ts";
import { faultError } from "./fault-errors.ts";
import { answerKms } from "./kms.ts";
import { answerOrganizations } from "./organizations.ts";
import { type Parameters, readParameters } from "./parameters.ts";
import type { Principal } from "./principals.ts";
import { type Answer, errorAnswer, jsonAnswer, usesJson, xmlAnswer } from "./protocol.ts";
import type { RequestFacts } from "./request-counts.ts";
import { answerSts } from "./sts.ts";

export interface AwsRequest {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  /** What stands behind the question mark: a Query service takes its parameters there, too. */
  readonly query: string;
  readonly body: string;
}

export interface ResponderOptions {
  readonly estate: AwsEstate;
  readonly faults: Faults;
  readonly onRequest: (facts: RequestFacts) => void;
}

/** Answer, or never answer (`hang`), or close the connection (`reset`). */
export type Outcome = Answer | "hang" | "reset";

const targets: Readonly<Record<string, ServiceName>> = {
  AWSOrganizationsV20161128: "organizations",
  TrentService: "kms",
};

/** What a request gets: it is read, its sender found, the faults asked, and the service's answer made. Never throws. */
export function createResponder({ estate, faults, onRequest }: ResponderOptions): (request: AwsRequest) => Outcome {
  return (request) => {
    const requestId = randomUUID();
    const target = readTarget(request);
    try {
      const credential = readAuthorization(request.headers.authorization);
      const { service, operation } = target ?? { service: queryService(credential), operation: "" };
      const parameters = usesJson(service) ? undefined : readParameters(request.body || request.query);
      const action = operation || (parameters?.get("Action") ?? "");
      const known = findPrincipal(estate, credential, request.headers, service);
      const { region } = credential;
      onRequest({ service, operation: action, account: known?.accountId ?? "", region });
      const principal = requirePrincipal(estate, known, service);
      const facts = { service, operation: action, account: principal.accountId, region };
      const fault = faults.take({ ...facts, accessKeyId: principal.accessKeyId });
      const call: Call = { estate, service, operation: action, region, principal, requestId, fault };
      return afflicted(call, fault, () => answer(call, request, parameters));
    } catch (error) {
      const service = target?.service ?? serviceOfBody(request.body);
      return errorAnswer(service, error instanceof AwsError ? error : unexpected(error), requestId);
    }
  };
}

function readTarget(request: AwsRequest): { readonly service: ServiceName; readonly operation: string } | undefined {
  const header = request.headers["x-amz-target"];
  if (typeof header !== "string") return undefined;
  const [prefix = "", operation = ""] = header.split(".");
  const service = Object.hasOwn(targets, prefix) ? targets[prefix] : undefined;
  return service === undefined ? undefined : { service, operation };
}

function queryService({ service }: Credential): ServiceName {
  if (service === "ec2" || service === "sts") return service;
  throw new AwsError("InvalidAction", `The service ${service} is not simulated, or its request has no X-Amz-Target.`);
}

/** Which form an error has when the request did not get so far that its service is known. */
function serviceOfBody(body: string): ServiceName {
  return new URLSearchParams(body).get("Version") === "2011-06-15" ? "sts" : "ec2";
}

function findPrincipal(
  estate: AwsEstate,
  { accessKeyId }: Credential,
  headers: IncomingHttpHeaders,
  service: ServiceName,
): Principal | undefined {
  const principal = estate.principals.find(accessKeyId);
  if (principal === undefined) return undefined;
  const token = headers["x-amz-security-token"];
  if (token !== principal.sessionToken) return undefined;
  if (principal.expiresAt !== undefined && principal.expiresAt.getTime() <= estate.now().getTime())
    throw new AwsError(
      service === "ec2" ? "RequestExpired" : "ExpiredToken",
      service === "ec2" ? "Request has expired." : "The security token included in the request is expired",
      service === "ec2" ? 400 : 403,
    );
  return principal;
}

function requirePrincipal(estate: AwsEstate, principal: Principal | undefined, service: ServiceName): Principal {
  if (principal !== undefined && estate.accounts[principal.account]?.state === "ACTIVE") return principal;
  if (service === "ec2")
    throw new AwsError("AuthFailure", "AWS was not able to validate the provided access credentials", 401);
  throw new AwsError("InvalidClientTokenId", "The security token included in the request is invalid.", 403);
}

function afflicted(call: Call, fault: Fault | undefined, answerCall: () => Answer): Outcome {
  if (fault === undefined) return answerCall();
  if (fault.kind === "hang" || fault.kind === "reset") return fault.kind;
  if (fault.kind === "page")
    return { status: fault.status ?? 403, contentType: "text/html", body: fault.message ?? BLOCKED_PAGE };
  if (fault.kind === "warning") throw new AwsError("InternalError", "AWS has no answer with warnings", 500);
  const error = faultError(fault, call);
  if (error === undefined) {
    const whole = answerCall();
    return fault.kind === "malformed" ? { ...whole, body: whole.body.slice(0, whole.body.length / 2) } : whole;
  }
  const refusal = errorAnswer(call.service, error, call.requestId);
  return fault.retryAfterSeconds === undefined
    ? refusal
    : { ...refusal, headers: { ...refusal.headers, "retry-after": String(fault.retryAfterSeconds) } };
}

function answer(call: Call, request: AwsRequest, parameters: Parameters | undefined): Answer {
  if (request.method !== "POST") throw new AwsError("InvalidAction", "Requests must be sent with POST", 405);
  switch (call.service) {
    case "ec2":
      return xmlAnswer(answerEc2(call, parameters ?? readParameters(request.body)));
    case "sts":
      return answerSts(call, parameters ?? readParameters(request.body), request.headers.accept);
    case "organizations":
      return jsonAnswer(answerOrganizations(call, readJson(request.body)));
    case "kms":
      return jsonAnswer(answerKms(call, readJson(request.body)));
  }
}

function readJson(body: string): Readonly<Record<string, unknown>> {
  try {
    const content: unknown = JSON.parse(body === "" ? "{}" : body);
    if (typeof content === "object" && content !== null && !Array.isArray(content))
      return content as Record<string, unknown>;
  } catch {
    // Answered below, like every other body that is no object.
  }
  throw new AwsError("SerializationException", "The body is not a JSON object");
}

function unexpected(error: unknown): AwsError {
  return new AwsError("InternalError", error instanceof Error ? error.message : String(error), 500);
}

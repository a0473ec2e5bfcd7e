import type { Fault, FaultKind } from "../faults.ts";
import type { Call, ServiceName } from "./call.ts";
import { AwsError } from "./errors.ts";
import { principalArn } from "./principals.ts";

type Refusal = readonly [code: string, status: number, message: string];
type Refused = Exclude<FaultKind, "hang" | "reset" | "page" | "malformed" | "repeat-token" | "empty" | "warning">;

const credentials = "AWS was not able to validate the provided access credentials";

/**
 * How each service words a refusal.
 * EC2: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html; STS, KMS and Organizations: the common
 * errors of their API references.
 */
const refusals: Readonly<Record<ServiceName, Readonly<Record<Refused, Refusal>>>> = {
  ec2: {
    throttle: ["RequestLimitExceeded", 503, "Request limit exceeded."],
    deny: ["UnauthorizedOperation", 403, "You are not authorized to perform this operation."],
    "deny-scp": ["UnauthorizedOperation", 403, "You are not authorized to perform this operation."],
    "error-5xx": ["InternalError", 500, "An internal error has occurred"],
    unavailable: ["Unavailable", 503, "The server is overloaded and can't handle the request."],
    "not-opted-in": [
      "OptInRequired",
      403,
      "You are not subscribed to this service. Please go to http://aws.amazon.com to subscribe.",
    ],
    disabled: ["AuthFailure", 401, credentials],
  },
  sts: {
    throttle: ["Throttling", 400, "Rate exceeded"],
    deny: ["AccessDenied", 403, ""],
    "deny-scp": ["AccessDenied", 403, ""],
    "error-5xx": ["InternalFailure", 500, "The request processing has failed because of an unknown error."],
    unavailable: ["ServiceUnavailable", 503, "The request has failed due to a temporary failure of the server."],
    "not-opted-in": ["InvalidClientTokenId", 403, "The security token included in the request is invalid"],
    disabled: ["RegionDisabledException", 403, "STS is not activated in this region for account."],
  },
  organizations: {
    throttle: ["TooManyRequestsException", 400, "You have sent too many requests in too short a period of time."],
    deny: ["AccessDeniedException", 400, ""],
    "deny-scp": ["AccessDeniedException", 400, ""],
    "error-5xx": [
      "ServiceException",
      500,
      "AWS Organizations can't complete your request because of an internal service error.",
    ],
    unavailable: ["ServiceException", 503, "AWS Organizations can't complete your request. Try again later."],
    "not-opted-in": ["UnrecognizedClientException", 400, "The security token included in the request is invalid."],
    disabled: ["AWSOrganizationsNotInUseException", 400, "Your account is not a member of an organization."],
  },
  kms: {
    throttle: ["ThrottlingException", 400, "You have exceeded the rate at which you may call KMS."],
    deny: ["AccessDeniedException", 400, ""],
    "deny-scp": ["AccessDeniedException", 400, ""],
    "error-5xx": ["KMSInternalException", 500, "The request was rejected because an internal exception occurred."],
    unavailable: ["DependencyTimeoutException", 503, "The system timed out while trying to fulfill the request."],
    "not-opted-in": ["UnrecognizedClientException", 400, "The security token included in the request is invalid."],
    disabled: ["DisabledException", 400, "The request was rejected because the specified KMS key is not enabled."],
  },
};

/** The error that a fault answers with; undefined for those that are no error answer (a hang, a repeated token, …). */
export function faultError(fault: Fault, call: Call): AwsError | undefined {
  const known = refusals[call.service];
  if (!Object.hasOwn(known, fault.kind)) return undefined;
  const [code, status, message] = known[fault.kind as Refused];
  return new AwsError(fault.code ?? code, fault.message ?? `${message}${denialDetail(fault, call)}`.trim(), status);
}

function denialDetail(fault: Fault, call: Call): string {
  const action = `${call.service}:${call.operation}`;
  const subject = ` User: ${principalArn(call.principal, call.region)} is not authorized to perform: ${action}`;
  if (fault.kind === "deny") return `${subject} because no identity-based policy allows the ${action} action`;
  if (fault.kind === "deny-scp") return `${subject} with an explicit deny in a service control policy`;
  return "";
}

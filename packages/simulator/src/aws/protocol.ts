import type { ServiceName } from "./call.ts";
import type { AwsError } from "./errors.ts";
import { toXml } from "./xml.ts";

/** An answer as it goes on the wire. */
export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const xml = "text/xml;charset=UTF-8";
const json = "application/x-amz-json-1.1";

export function xmlAnswer(body: string): Answer {
  return { status: 200, contentType: xml, body };
}

export function jsonAnswer(content: object): Answer {
  return { status: 200, contentType: json, body: JSON.stringify(content) };
}

export function usesJson(service: ServiceName): boolean {
  return service === "kms" || service === "organizations";
}

/** Codes by which the JSON services call what the Query services have other names for. */
const jsonCodes: Readonly<Record<string, string>> = {
  AuthFailure: "UnrecognizedClientException",
  InvalidClientTokenId: "UnrecognizedClientException",
  IncompleteSignature: "IncompleteSignatureException",
  MissingAuthenticationToken: "MissingAuthenticationTokenException",
  ExpiredToken: "ExpiredTokenException",
  InternalError: "InternalFailure",
};

/** An error in the form of its service: EC2's `Response/Errors/Error`, STS's `ErrorResponse/Error`, or JSON with `__type`. */
export function errorAnswer(service: ServiceName, error: AwsError, requestId: string): Answer {
  const { code, message, status } = error;
  if (usesJson(service)) {
    const type = jsonCodes[code] ?? code;
    return {
      status: status === 401 || status === 403 ? 400 : status,
      contentType: json,
      body: JSON.stringify({ __type: type, message }),
      headers: { "x-amzn-errortype": type },
    };
  }
  if (service === "ec2")
    return {
      status,
      contentType: xml,
      body: toXml("Response", { Errors: { Error: { Code: code, Message: message } }, RequestID: requestId }),
    };
  return {
    status,
    contentType: xml,
    body: toXml("ErrorResponse", {
      "@xmlns": "https://sts.amazonaws.com/doc/2011-06-15/",
      Error: { Type: status >= 500 ? "Receiver" : "Sender", Code: code, Message: message },
      RequestId: requestId,
    }),
  };
}

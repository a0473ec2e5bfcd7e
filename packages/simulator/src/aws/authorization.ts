import { AwsError } from "./errors.ts";

/** What a Signature Version 4 `Authorization` header says about its sender. */
export interface Credential {
  readonly accessKeyId: string;
  readonly region: string;
  readonly service: string;
}

const format =
  /^AWS4-HMAC-SHA256 Credential=(?<key>\w{16,128})\/(?<day>\d{8})\/(?<region>[a-z0-9-]+)\/(?<service>[a-z0-9-]+)\/aws4_request, ?SignedHeaders=(?<headers>[a-z0-9;-]+), ?Signature=[0-9a-f]{64}$/;

/**
 * Reads the header; the signature's form is checked, not its value (the simulator knows no secrets). Throws AwsError
 * MissingAuthenticationToken or IncompleteSignature.
 * Format: https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
 */
export function readAuthorization(header: string | undefined): Credential {
  if (header === undefined)
    throw new AwsError("MissingAuthenticationToken", "Request is missing Authentication Token", 403);
  const { key, region, service, headers } = format.exec(header)?.groups ?? {};
  if (key === undefined || region === undefined || service === undefined || headers === undefined)
    throw new AwsError("IncompleteSignature", `Authorization header is not Signature Version 4: '${header}'`, 400);
  if (!headers.split(";").includes("host"))
    throw new AwsError("IncompleteSignature", "Authorization header's SignedHeaders must contain 'host'", 400);
  return { accessKeyId: key, region, service };
}

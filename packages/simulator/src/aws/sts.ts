import type { Call } from "./call.ts";
import { AwsError } from "./errors.ts";
import type { Parameters } from "./parameters.ts";
import { principalArn } from "./principals.ts";
import { type Answer, xmlAnswer } from "./protocol.ts";
import { partitionOf } from "./regions.ts";
import { toXml } from "./xml.ts";

const stsVersion = "2011-06-15";
const roleArn = /^arn:(?<partition>aws|aws-cn|aws-us-gov):iam::(?<account>\d{12}):role\/(?<role>[\w+=,.@/-]{1,512})$/;

/** The answer to an STS request: XML, or JSON for who accepts that alone, as the real one does. Throws AwsError with STS's codes. */
export function answerSts(call: Call, parameters: Parameters, accept: string | undefined): Answer {
  switch (call.operation) {
    case "GetCallerIdentity":
      return answer(call, accept, {
        Arn: principalArn(call.principal, call.region),
        UserId: call.principal.userId,
        Account: call.principal.accountId,
      });
    case "AssumeRole":
      return answer(call, accept, assumeRole(call, parameters));
    default:
      throw new AwsError("InvalidAction", `Could not find operation ${call.operation} for version ${stsVersion}`);
  }
}

function answer(
  { operation, requestId }: Call,
  accept: string | undefined,
  result: Readonly<Record<string, unknown>>,
): Answer {
  const members = { [`${operation}Result`]: result, ResponseMetadata: { RequestId: requestId } };
  if (accept === "application/json")
    return { status: 200, contentType: accept, body: JSON.stringify({ [`${operation}Response`]: members }) };
  return xmlAnswer(
    toXml(`${operation}Response`, { "@xmlns": `https://sts.amazonaws.com/doc/${stsVersion}/`, ...members }),
  );
}

function assumeRole(call: Call, parameters: Parameters): Readonly<Record<string, unknown>> {
  const { estate, principal, region } = call;
  const wanted = required(parameters, "RoleArn");
  const session = required(parameters, "RoleSessionName");
  if (!/^[\w+=,.@-]{2,64}$/.test(session))
    throw invalid(`Value '${session}' at 'roleSessionName' failed to satisfy constraint: [\\w+=,.@-]{2,64}`);
  const duration = readDuration(parameters.get("DurationSeconds"));
  const { partition, account, role } = roleArn.exec(wanted)?.groups ?? {};
  if (partition === undefined || account === undefined || role === undefined) throw invalid(`${wanted} is invalid`);
  const index = estate.accounts.findIndex(({ id }) => id === account);
  const allowed =
    partition === partitionOf(region) &&
    estate.accounts[index]?.state === "ACTIVE" &&
    role === estate.role.name &&
    !estate.accountsWithoutRole.has(account) &&
    parameters.get("ExternalId") === estate.role.externalId;
  if (!allowed)
    // STS does not say which of these it was, so that nobody can find out which roles exist.
    throw new AwsError(
      "AccessDenied",
      `User: ${principalArn(principal, region)} is not authorized to perform: sts:AssumeRole on resource: ${wanted}`,
      403,
    );
  const keys = estate.principals.issue(index, role, session, duration);
  return {
    Credentials: {
      AccessKeyId: keys.accessKeyId,
      SecretAccessKey: keys.secretAccessKey,
      SessionToken: keys.sessionToken,
      Expiration: keys.expiresAt.toISOString(),
    },
    AssumedRoleUser: {
      AssumedRoleId: keys.principal.userId,
      Arn: principalArn(keys.principal, region),
    },
  };
}

function required(parameters: Parameters, name: string): string {
  const value = parameters.get(name);
  if (value === undefined || value === "")
    throw invalid(`Value null at '${name}' failed to satisfy constraint: not null`);
  return value;
}

function readDuration(text: string | undefined): number {
  const value = Number(text ?? 3_600);
  if (!Number.isSafeInteger(value) || value < 900 || value > 43_200)
    throw invalid(`Value '${text}' at 'durationSeconds' failed to satisfy constraint: 900 to 43200`);
  return value;
}

function invalid(detail: string): AwsError {
  return new AwsError("ValidationError", `1 validation error detected: ${detail}`);
}

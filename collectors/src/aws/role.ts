import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { MalformedError } from "../values.ts";
import { type AwsClients, type AwsCredentialProvider, type AwsCredentials, homeRegion } from "./client.ts";
import { AssumeRoleError } from "./errors.ts";
import { PARTITIONS, type Partition } from "./partition.ts";

export interface AwsRole {
  /** `arn:aws:iam::123456789012:role/cadastre-reader` */
  readonly roleArn: string;
  readonly externalId?: string;
}

const ROLE_ARN = new RegExp(`^arn:(${PARTITIONS.join("|")}):iam::(\\d{12}):role/([\\w+=,.@/-]{1,576})$`);

/** What a role's ARN says. Throws RangeError when it is not one. */
export function parseRoleArn(roleArn: string): { partition: Partition; account: string } {
  const match = ROLE_ARN.exec(roleArn);
  if (!match) {
    throw new RangeError(
      `${JSON.stringify(roleArn)} is not a role's ARN such as arn:aws:iam::123456789012:role/reader`,
    );
  }
  return { partition: match[1] as Partition, account: match[2] as string };
}

/** The SDK asks again five minutes before the end; what it gets then must last. */
const RENEW_BEFORE_MILLISECONDS = 10 * 60_000;

/**
 * Credentials of a role, got by the caller's own at the regional STS endpoint, shared by all regions of the account and renewed
 * in long runs. Rejects with AssumeRoleError; a failure is not remembered.
 */
export function createRoleCredentials(options: {
  readonly role: AwsRole;
  readonly sessionName: string;
  readonly clients: AwsClients;
  readonly preferredRegion: string | undefined;
  readonly now: () => Date;
}): AwsCredentialProvider {
  const { role, clients, now } = options;
  const region = homeRegion(parseRoleArn(role.roleArn).partition, options.preferredRegion);
  let held: Promise<AwsCredentials> | undefined;
  let renewAt = 0;

  const assume = async (): Promise<AwsCredentials> => {
    const client = clients.create(STSClient, region);
    try {
      const { Credentials: got } = await client.send(
        new AssumeRoleCommand({
          RoleArn: role.roleArn,
          RoleSessionName: options.sessionName,
          ...(role.externalId === undefined ? {} : { ExternalId: role.externalId }),
        }),
      );
      if (!got?.AccessKeyId || !got.SecretAccessKey || !got.SessionToken || !got.Expiration) {
        throw new MalformedError("the answer has no credentials");
      }
      renewAt = got.Expiration.getTime() - RENEW_BEFORE_MILLISECONDS;
      return {
        accessKeyId: got.AccessKeyId,
        secretAccessKey: got.SecretAccessKey,
        sessionToken: got.SessionToken,
        expiration: got.Expiration,
      };
    } catch (error) {
      held = undefined;
      throw new AssumeRoleError(role.roleArn, error);
    } finally {
      client.destroy();
    }
  };

  return () => {
    if (held === undefined || now().getTime() >= renewAt) {
      renewAt = Number.POSITIVE_INFINITY;
      held = assume();
    }
    return held;
  };
}

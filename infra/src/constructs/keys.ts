import { Names, RemovalPolicy, Stack } from "aws-cdk-lib";
import { AnyPrincipal, Effect, type IRole, PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Key, KeySpec, KeyUsage } from "aws-cdk-lib/aws-kms";
import type { Construct } from "constructs";

const KEPT = RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE;

/**
 * A key for data at rest: rotated every year, and never deleted with the stack, unless that never came to be: a first deployment
 * that failed leaves nothing.
 */
function dataKey(scope: Construct, id: string, alias: string, description: string): Key {
  return new Key(scope, id, { alias, description, enableKeyRotation: true, removalPolicy: KEPT });
}

/**
 * The table's key. Functions use it through DynamoDB alone, by the key's policy: no role of theirs is allowed to decrypt with it
 * by itself.
 */
export function createTableKey(scope: Construct, name: string): Key {
  return dataKey(scope, "TableKey", `${name}/table`, "Encrypts the table at rest");
}

/** Lets functions use the table that the key encrypts, once they are added to its principals. */
export function throughDynamo(key: Key): PolicyStatement {
  const { region, urlSuffix } = Stack.of(key);
  return new PolicyStatement({
    sid: "UseThroughDynamoDB",
    actions: [
      "kms:Decrypt",
      "kms:DescribeKey",
      "kms:Encrypt",
      "kms:GenerateDataKey",
      "kms:ReEncryptFrom",
      "kms:ReEncryptTo",
    ],
    resources: ["*"],
    conditions: { StringEquals: { "kms:ViaService": `dynamodb.${region}.${urlSuffix}` } },
  });
}

/**
 * Lets a function send to a queue that the key encrypts. Only through SQS: the role itself may not decrypt with it. Once for a role:
 * statements of a policy have different names.
 */
export function allowThroughQueue(key: Key, role: IRole): void {
  const { region, urlSuffix } = Stack.of(key);
  key.addToResourcePolicy(
    new PolicyStatement({
      sid: `SendThroughSQS${Names.nodeUniqueId(role.node).slice(-8)}`,
      principals: [role.grantPrincipal],
      actions: ["kms:Decrypt", "kms:GenerateDataKey"],
      resources: ["*"],
      conditions: { StringEquals: { "kms:ViaService": `sqs.${region}.${urlSuffix}` } },
    }),
  );
}

/** The key under which credentials are sealed. */
export function createVaultKey(scope: Construct, name: string): Key {
  return dataKey(scope, "VaultKey", `${name}/vault`, "Seals the stored credentials");
}

/**
 * Lets one role open what is sealed and, whatever other policies say, nobody else: also an administrator must change the key's
 * policy first, which leaves a trace.
 */
export function openOnlyBy(key: Key, role: IRole): void {
  key.addToResourcePolicy(
    new PolicyStatement({
      sid: "NobodyElseOpens",
      effect: Effect.DENY,
      principals: [new AnyPrincipal()],
      actions: ["kms:Decrypt", "kms:ReEncryptFrom", "kms:CreateGrant"],
      resources: ["*"],
      conditions: { ArnNotEquals: { "aws:PrincipalArn": role.roleArn } },
    }),
  );
  role.addToPrincipalPolicy(new PolicyStatement({ actions: ["kms:Decrypt"], resources: [key.keyArn] }));
}

/** The key for logs, alarms and the feed's queue, used by the services that write them. */
export function createOperationsKey(scope: Construct, name: string): Key {
  const key = dataKey(
    scope,
    "OperationsKey",
    `${name}/operations`,
    "Encrypts logs, alarm messages and what could not be told",
  );
  const { region, account, partition, urlSuffix } = Stack.of(scope);
  key.addToResourcePolicy(
    new PolicyStatement({
      sid: "Logs",
      principals: [new ServicePrincipal(`logs.${region}.${urlSuffix}`)],
      actions: [
        "kms:Decrypt",
        "kms:DescribeKey",
        "kms:Encrypt",
        "kms:GenerateDataKey",
        "kms:ReEncryptFrom",
        "kms:ReEncryptTo",
      ],
      resources: ["*"],
      conditions: {
        ArnLike: { "kms:EncryptionContext:aws:logs:arn": `arn:${partition}:logs:${region}:${account}:log-group:*` },
      },
    }),
  );
  key.addToResourcePolicy(
    new PolicyStatement({
      sid: "Alarms",
      principals: [new ServicePrincipal("cloudwatch.amazonaws.com")],
      actions: ["kms:Decrypt", "kms:GenerateDataKey"],
      resources: ["*"],
      conditions: { StringEquals: { "aws:SourceAccount": account } },
    }),
  );
  return key;
}

/**
 * A collector's signing key. The private half never leaves KMS; the public half is registered at the API. It is not rotated by
 * itself: a new key has to be registered.
 */
export function createSigningKey(scope: Construct, name: string, collector: string): Key {
  return new Key(scope, "SigningKey", {
    // Names of aliases have no dots.
    alias: `${name}/collector/${collector.replaceAll(".", "_")}`,
    description: `Signs what the collector ${collector} delivers`,
    keySpec: KeySpec.ECC_NIST_P256,
    keyUsage: KeyUsage.SIGN_VERIFY,
    removalPolicy: KEPT,
  });
}

/** The key by which checkpoints of the audit log are signed. The private half never leaves KMS. */
export function createAuditKey(scope: Construct, name: string): Key {
  return new Key(scope, "AuditKey", {
    alias: `${name}/audit`,
    description: "Signs the checkpoints of the audit log",
    keySpec: KeySpec.ECC_NIST_P256,
    keyUsage: KeyUsage.SIGN_VERIFY,
    removalPolicy: KEPT,
  });
}

/** Lets a role sign with a key, in the one way that it signs. */
export function allowSigning(keyArn: string, role: IRole): void {
  role.addToPrincipalPolicy(new PolicyStatement({ actions: ["kms:GetPublicKey"], resources: [keyArn] }));
  role.addToPrincipalPolicy(
    new PolicyStatement({
      actions: ["kms:Sign"],
      resources: [keyArn],
      conditions: { StringEquals: { "kms:SigningAlgorithm": "ECDSA_SHA_256", "kms:MessageType": "DIGEST" } },
    }),
  );
}

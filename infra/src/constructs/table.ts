import { RemovalPolicy, Stack, Validations } from "aws-cdk-lib";
import {
  AttributeType,
  BillingMode,
  type CfnTable,
  StreamViewType,
  Table,
  TableEncryption,
} from "aws-cdk-lib/aws-dynamodb";
import { type IRole, PolicyStatement, type Role } from "aws-cdk-lib/aws-iam";
import type { Key } from "aws-cdk-lib/aws-kms";
import type { Construct } from "constructs";
import { throughDynamo } from "./keys.ts";

/**
 * The one table, with the keys and the expiry attribute that the store writes. No entity has an index. Its stream has keys alone:
 * whoever is told that an item changed reads it as it is, and no sealed credential or hash of a token is anywhere but in the table.
 */
export class RegisterTable extends Table {
  readonly #throughDynamo: PolicyStatement;

  constructor(scope: Construct, id: string, { encryptionKey }: { readonly encryptionKey: Key }) {
    super(scope, id, {
      partitionKey: { name: "pk", type: AttributeType.STRING },
      sortKey: { name: "sk", type: AttributeType.STRING },
      stream: StreamViewType.KEYS_ONLY,
      timeToLiveAttribute: "expires",
      billingMode: BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      encryption: TableEncryption.CUSTOMER_MANAGED,
      encryptionKey,
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.#throughDynamo = throughDynamo(encryptionKey);
    encryptionKey.addToResourcePolicy(this.#throughDynamo);
  }

  /** Lets a role make these calls (`GetItem`, …; a transaction is allowed by the calls in it). */
  allow(role: IRole, calls: readonly TableCall[]): void {
    this.grant(role, ...calls.map((call) => `dynamodb:${call}`));
    this.#throughDynamo.addPrincipals(role.grantPrincipal);
  }

  /** Where the stream is read. */
  get streamArn(): string {
    const arn = this.tableStreamArn;
    if (arn === undefined) throw new Error("the table has no stream");
    return arn;
  }

  /** Lets a role read the stream, beside what it may do with items. */
  allowStream(role: Role): void {
    const read = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"];
    role.addToPolicy(new PolicyStatement({ actions: read, resources: [this.streamArn] }));
    // Streams are listed by table: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/iam-policy-example-lamda-process-dynamodb-streams.html
    role.addToPolicy(
      new PolicyStatement({ actions: ["dynamodb:ListStreams"], resources: [`${this.tableArn}/stream/*`] }),
    );
    Validations.of(role).acknowledge({
      id: `AwsSolutions-IAM5[Resource::<${Stack.of(this).getLogicalId(this.node.defaultChild as CfnTable)}.Arn>/stream/*]`,
      reason:
        "ListStreams is asked of the table: it can only be allowed for all of its streams, of which there is one.",
    });
  }
}

/** Every call that the store makes. There is no Scan. */
export const TABLE_CALLS = [
  "BatchGetItem",
  "BatchWriteItem",
  "ConditionCheckItem",
  "DeleteItem",
  "GetItem",
  "PutItem",
  "Query",
  "UpdateItem",
] as const;
export type TableCall = (typeof TABLE_CALLS)[number];

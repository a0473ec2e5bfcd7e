import { RemovalPolicy } from "aws-cdk-lib";
import { AttributeType, BillingMode, Table, TableEncryption } from "aws-cdk-lib/aws-dynamodb";
import type { IRole } from "aws-cdk-lib/aws-iam";
import type { Key } from "aws-cdk-lib/aws-kms";
import type { Construct } from "constructs";
import { allowThroughDynamo } from "./keys.ts";

/** The one table, with the keys and the expiry attribute that the store writes. No entity has an index. */
export class RegisterTable extends Table {
  readonly #key: Key;

  constructor(scope: Construct, id: string, { encryptionKey }: { readonly encryptionKey: Key }) {
    super(scope, id, {
      partitionKey: { name: "pk", type: AttributeType.STRING },
      sortKey: { name: "sk", type: AttributeType.STRING },
      timeToLiveAttribute: "expires",
      billingMode: BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      encryption: TableEncryption.CUSTOMER_MANAGED,
      encryptionKey,
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.#key = encryptionKey;
  }

  /** Lets a role make these calls (`GetItem`, …; a transaction is allowed by the calls in it). */
  allow(role: IRole, calls: readonly TableCall[]): void {
    this.grant(role, ...calls.map((call) => `dynamodb:${call}`));
    allowThroughDynamo(this.#key, role);
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

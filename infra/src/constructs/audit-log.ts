import { Duration, RemovalPolicy, Validations } from "aws-cdk-lib";
import { PolicyStatement, type Role } from "aws-cdk-lib/aws-iam";
import type { Key } from "aws-cdk-lib/aws-kms";
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectLockRetention, ObjectOwnership } from "aws-cdk-lib/aws-s3";
import { Construct } from "constructs";
import { allowSigning, createAuditKey } from "./keys.ts";

/** For so long nobody can remove or replace a checkpoint, the account's own root included. */
const LOCKED_DAYS = 400;

/**
 * What seals the audit log: a key that signs its checkpoints, and a bucket with Object Lock that keeps a copy of each. Neither goes
 * with the stack.
 */
export class AuditLog extends Construct {
  readonly #key: Key;
  readonly #bucket: Bucket;

  constructor(scope: Construct, id: string, { name }: { readonly name: string }) {
    super(scope, id);
    this.#key = createAuditKey(this, name);
    this.#bucket = new Bucket(this, "Checkpoints", {
      versioned: true,
      objectLockEnabled: true,
      objectLockDefaultRetention: ObjectLockRetention.compliance(Duration.days(LOCKED_DAYS)),
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
    Validations.of(this.#bucket).acknowledge({
      id: "AwsSolutions-S1",
      reason:
        "One role writes into it and nobody reads but auditors: CloudTrail tells of that, and no request can change what is there.",
    });
  }

  /** What the function that seals is told. */
  get environment(): { readonly AUDIT_KEY_ARN: string; readonly AUDIT_BUCKET_NAME: string } {
    return { AUDIT_KEY_ARN: this.#key.keyArn, AUDIT_BUCKET_NAME: this.#bucket.bucketName };
  }

  /** Lets a role sign checkpoints, in the one way that it does, and put them into the bucket; not read them, nor remove one. */
  allowSealing(role: Role): void {
    allowSigning(this.#key.keyArn, role);
    role.addToPolicy(new PolicyStatement({ actions: ["s3:PutObject"], resources: [this.#bucket.arnForObjects("*")] }));
    const bucket = this.#bucket.stack.getLogicalId(this.#bucket.node.defaultChild as never);
    Validations.of(role).acknowledge({
      id: `AwsSolutions-IAM5[Resource::<${bucket}.Arn>/*]`,
      reason: "Each checkpoint is an object of its own, called by its place in the chain.",
    });
  }
}

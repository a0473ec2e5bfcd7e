import type { AdminTokenEnvironment } from "@cadastre/functions/env/background";
import { Duration } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { type ServiceDefaults, ServiceFunction } from "./service-function.ts";
import type { RegisterTable } from "./table.ts";

export interface AdminTokenOptions extends ServiceDefaults {
  readonly table: RegisterTable;
}

/**
 * Makes the first admin token, and another one when all are lost. Nothing calls it: who may invoke it is an administrator of the
 * register, and whoever recovers a token is heard of.
 */
export class AdminToken extends ServiceFunction<AdminTokenEnvironment> {
  constructor(scope: Construct, id: string, { table, ...defaults }: AdminTokenOptions) {
    super(scope, id, {
      ...defaults,
      entry: "admin-token",
      breaks:
        "It makes the first admin token and recovers a lost one, by hand: while it fails, a deployment without a token cannot be entered.",
      environment: { TABLE_NAME: table.tableName, DEPLOYMENT_NAME: defaults.name },
      memoryMegabytes: 256,
      timeout: Duration.seconds(15),
    });
    table.allow(this.role, ["GetItem", "PutItem"]);
    // By hand, and once: an answer that nobody waits for is a token that nobody has.
    this.lambda.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: Duration.minutes(1) });
    defaults.operations.alarm(this, "TokenRecovered", {
      metric: defaults.operations.metric("AdminTokensRecovered", { statistic: "Sum", period: Duration.minutes(5) }),
      threshold: 1,
      description:
        "An admin token was made by an invocation of admin-token. Somebody who may invoke it is now an administrator of the register: the audit log has the token and the reason (token.recover), CloudTrail who it was. Revoke it when you do not know them.",
    });
  }
}

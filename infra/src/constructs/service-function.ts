import { join } from "node:path";
import { Duration, Size } from "aws-cdk-lib";
import { GraphWidget } from "aws-cdk-lib/aws-cloudwatch";
import { PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Architecture, Code, Function as LambdaFunction, Runtime } from "aws-cdk-lib/aws-lambda";
import { Construct } from "constructs";
import type { FunctionName } from "../function-names.ts";
import type { Operations } from "./operations.ts";

/** What every function of a deployment is made with. */
export interface ServiceDefaults {
  /** Begins the names. */
  readonly name: string;
  /** Where the packed functions are. */
  readonly bundles: string;
  readonly operations: Operations;
}

export interface ServiceFunctionOptions<Environment extends object = object> extends ServiceDefaults {
  readonly entry: FunctionName;
  /** What it does, and what breaks for whom when it fails: begins every alarm's description. */
  readonly breaks: string;
  readonly environment: Environment;
  readonly memoryMegabytes: number;
  readonly timeout: Duration;
  readonly temporaryStorage?: Size;
  /** Of its own, when several functions have the entry. */
  readonly functionName?: string;
  /** So many invocations at a time are kept for it, and it has no more. */
  readonly reservedConcurrency?: number | undefined;
  /** A fixed name, when others have to know the role. */
  readonly roleName?: string;
}

/** A function with a role of its own that may write to its own log and nothing else yet, and with alarms. */
export class ServiceFunction<Environment extends object = object> extends Construct {
  readonly lambda: LambdaFunction;
  readonly role: Role;

  constructor(scope: Construct, id: string, options: ServiceFunctionOptions<Environment>) {
    super(scope, id);
    const { entry, operations } = options;
    const logGroup = operations.logGroup(this);
    this.role = new Role(this, "Role", {
      assumedBy: new ServicePrincipal("lambda.amazonaws.com"),
      ...(options.roleName === undefined ? {} : { roleName: options.roleName }),
    });
    this.role.addToPolicy(
      new PolicyStatement({
        actions: ["logs:CreateLogStream", "logs:PutLogEvents"],
        // The attribute is the group's ARN with ":*" behind it, which is how its streams are named.
        resources: [logGroup.logGroupArn],
      }),
    );
    this.lambda = new LambdaFunction(this, "Function", {
      functionName: options.functionName ?? `${options.name}-${entry}`,
      description: options.breaks,
      code: Code.fromAsset(join(options.bundles, entry)),
      handler: "index.handler",
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: options.memoryMegabytes,
      timeout: options.timeout,
      ephemeralStorageSize: options.temporaryStorage ?? Size.mebibytes(512),
      environment: { ...options.environment } as Record<string, string>,
      role: this.role,
      logGroup,
      ...(options.reservedConcurrency === undefined
        ? {}
        : { reservedConcurrentExecutions: options.reservedConcurrency }),
    });
    this.#alarm(options);
  }

  #alarm({ operations, breaks, entry, functionName = entry }: ServiceFunctionOptions<Environment>): void {
    const period = Duration.minutes(5);
    const errors = this.lambda.metricErrors({ period });
    const throttles = this.lambda.metricThrottles({ period });
    operations.alarm(this, "Errors", { metric: errors, threshold: 1, description: `It fails with errors. ${breaks}` });
    operations.alarm(this, "Throttles", {
      metric: throttles,
      threshold: 1,
      description: `Invocations are refused for lack of concurrency. ${breaks}`,
    });
    operations.show(
      new GraphWidget({
        title: `${functionName}: invocations`,
        left: [this.lambda.metricInvocations({ period }), errors, throttles],
      }),
      new GraphWidget({
        title: `${functionName}: duration`,
        left: ["p50", "p95", "Maximum"].map((statistic) => this.lambda.metricDuration({ statistic, period })),
      }),
    );
  }
}

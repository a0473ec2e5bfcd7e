import { ENDPOINTS } from "@cadastre/contract/endpoints/all";
import { servedBy } from "@cadastre/contract/endpoints/endpoint";
import { CfnOutput, Duration, Stack, Validations } from "aws-cdk-lib";
import { AccessLogFormat } from "aws-cdk-lib/aws-apigateway";
import {
  ApiMapping,
  DomainName,
  EndpointType,
  HttpApi,
  HttpMethod,
  HttpStage,
  LogGroupLogDestination,
  SecurityPolicy,
} from "aws-cdk-lib/aws-apigatewayv2";
import { HttpLambdaIntegration } from "aws-cdk-lib/aws-apigatewayv2-integrations";
import { Certificate } from "aws-cdk-lib/aws-certificatemanager";
import { GraphWidget } from "aws-cdk-lib/aws-cloudwatch";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import { CfnRecordSet } from "aws-cdk-lib/aws-route53";
import { Construct } from "constructs";
import type { Deployment } from "../deployment.ts";
import type { Operations } from "./operations.ts";

/** The endpoints that open secrets: the vault serves them. */
const VAULT_ENDPOINTS = ENDPOINTS.filter((endpoint) => servedBy(endpoint) === "vault");

/** One line for each request. Paths without their queries, which may hold what people search for. */
const ACCESS_LOG = {
  requestId: "$context.requestId",
  time: "$context.requestTimeEpoch",
  source: "$context.identity.sourceIp",
  agent: "$context.identity.userAgent",
  method: "$context.httpMethod",
  path: "$context.path",
  status: "$context.status",
  responseBytes: "$context.responseLength",
  latencyMilliseconds: "$context.responseLatency",
  error: "$context.integrationErrorMessage",
};

export interface PublicApiOptions {
  readonly name: string;
  readonly operations: Operations;
  readonly api: IFunction;
  readonly vault: IFunction;
  readonly domain?: Deployment["domain"];
}

/** The HTTP API: everything goes to the API's function but the vault's routes, with a rate limit and an access log. */
export class PublicApi extends Construct {
  readonly url: string;

  constructor(scope: Construct, id: string, options: PublicApiOptions) {
    super(scope, id);
    const http = new HttpApi(this, "Http", {
      apiName: options.name,
      createDefaultStage: false,
      // Who has a name of its own is not called by another.
      disableExecuteApiEndpoint: options.domain !== undefined,
      defaultIntegration: new HttpLambdaIntegration("Api", options.api),
    });
    const vault = new HttpLambdaIntegration("Vault", options.vault);
    for (const { path, method } of VAULT_ENDPOINTS) {
      http.addRoutes({ path, methods: [HttpMethod[method]], integration: vault });
    }
    const stage = new HttpStage(this, "Stage", {
      httpApi: http,
      autoDeploy: true,
      throttle: { rateLimit: 200, burstLimit: 400 },
      accessLogSettings: {
        destination: new LogGroupLogDestination(options.operations.vendedLogGroup(this, "access")),
        format: AccessLogFormat.custom(JSON.stringify(ACCESS_LOG)),
      },
    });
    this.url = options.domain ? this.#domain(options.domain, http, stage) : http.apiEndpoint;
    Validations.of(http).acknowledge({
      id: "AwsSolutions-APIG4",
      reason:
        "The app itself authenticates every request, by API token or by signature (RFC 9421), which no gateway authorizer can verify over the body; health, docs and the status page are public.",
    });
    this.#alarm(http, options.operations);
  }

  /** The API under a name of its own; with a zone its records are made too, otherwise they are for whoever has the zone. */
  #domain({ name, certificateArn, hostedZoneId }: NonNullable<Deployment["domain"]>, api: HttpApi, stage: HttpStage) {
    const domain = new DomainName(this, "Domain", {
      domainName: name,
      certificate: Certificate.fromCertificateArn(this, "Certificate", certificateArn),
      endpointType: EndpointType.REGIONAL,
      securityPolicy: SecurityPolicy.TLS_1_2,
    });
    new ApiMapping(this, "Mapping", { api, stage, domainName: domain });
    if (hostedZoneId !== undefined) {
      new CfnRecordSet(this, "Record", {
        hostedZoneId,
        name,
        type: "A",
        aliasTarget: { dnsName: domain.regionalDomainName, hostedZoneId: domain.regionalHostedZoneId },
      });
    }
    new CfnOutput(Stack.of(this), "DomainTarget", { value: domain.regionalDomainName });
    return `https://${name}`;
  }

  #alarm(http: HttpApi, operations: Operations): void {
    const period = Duration.minutes(5);
    const faults = http.metricServerError({ period, statistic: "Sum" });
    const latency = http.metricLatency({ period, statistic: "p95" });
    operations.alarm(this, "Faults", {
      metric: faults,
      threshold: 1,
      description: "The API answers 5xx: operators see errors, and collectors keep their runs until it is well again.",
    });
    operations.alarm(this, "Latency", {
      metric: latency,
      threshold: 3000,
      periods: 3,
      description:
        "One request in twenty takes more than 3 s: operators wait, and collectors may not deliver in their time.",
    });
    operations.show(
      new GraphWidget({
        title: "API: requests",
        left: [http.metricCount({ period }), http.metricClientError({ period }), faults],
      }),
      new GraphWidget({
        title: "API: latency (ms)",
        left: [http.metricLatency({ period, statistic: "p50" }), latency],
      }),
    );
  }
}

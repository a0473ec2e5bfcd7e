import { App, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import type { Deployment } from "./deployment.ts";
import { CadastreStack } from "./stacks/cadastre-stack.ts";
import { ReaderRoleStack } from "./stacks/reader-role-stack.ts";

/** Names of the functions that are deployed to Lambda, as their entry points are called. */
export const FUNCTIONS = ["api", "vault", "jobs", "admin-token", "collect-aws", "collect-endpoints"] as const;
export type FunctionName = (typeof FUNCTIONS)[number];

export interface InfrastructureOptions {
  readonly deployment: Deployment;
  /** Where the packed functions are, a folder each. */
  readonly bundles: string;
  readonly outdir?: string;
  /** Feature flags, when the CDK's command does not hand over those of cdk.json. */
  readonly context?: Readonly<Record<string, unknown>>;
}

/** The whole app. Findings of cdk-nag fail the synthesis. */
export function createInfrastructure(options: InfrastructureOptions): App {
  const { deployment, bundles, ...assembly } = options;
  const app = new App(assembly);
  new CadastreStack(app, deployment.name, { deployment, bundles });
  new ReaderRoleStack(app, `${deployment.name}-reader-role`);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return app;
}

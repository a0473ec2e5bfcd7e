import { App, Tags, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import type { Deployment, OWN_TAGS } from "./deployment.ts";
import { CadastreStack } from "./stacks/cadastre-stack.ts";
import { ReaderRoleStack } from "./stacks/reader-role-stack.ts";

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
  const own: Record<(typeof OWN_TAGS)[number], string> = { Application: "cadastre", Deployment: deployment.name };
  const tags = { ...deployment.tags, ...own };
  new CadastreStack(app, deployment.name, { deployment, bundles, tags });
  new ReaderRoleStack(app, `${deployment.name}-reader-role`, { tags });
  // On each resource, and by the stack on what the template has no word for.
  for (const [key, value] of Object.entries(tags)) Tags.of(app).add(key, value);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return app;
}

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Deployment } from "@cadastre/infra/deployment";
import { FUNCTIONS } from "@cadastre/infra/function-names";
import { createInfrastructure } from "@cadastre/infra/infrastructure";
import type { App } from "aws-cdk-lib";

// biome-ignore lint/suspicious/noExplicitAny: a template's properties, as deep as they are.
export type Properties = any;
export type Resources = Record<
  string,
  { Type: string; Properties: Properties; DeletionPolicy?: string; UpdateReplacePolicy?: string; DependsOn?: string[] }
>;

/** A deployment with everything that can be. */
export const DEPLOYMENT: Deployment = {
  name: "cadastre",
  alarmEmail: "alarms@example.org",
  holdPolicy: { share: 0.1, floor: 5 },
  retentionDays: 500,
  aws: [
    {
      name: "aws",
      everyMinutes: 15,
      accounts: { organization: { roleName: "cadastre-reader", externalId: "0123456789abcdef" } },
      regions: ["eu-west-1", "eu-central-1"],
    },
  ],
  endpoints: {
    name: "endpoints",
    everyMinutes: 60,
    account: "main",
    targets: Array.from({ length: 500 }, (_, n) => `host-${n}.example.org:443`),
  },
};

export interface Synthesised {
  readonly app: App;
  readonly resources: Resources;
  /** The template of another stack. */
  readonly template: (stack: string) => { readonly Resources: Resources; readonly Parameters: object };
}

/** What cdk.json hands over: flags, and the settings of the default deployment. */
export function cdkContext(): Readonly<Record<string, unknown>> {
  return JSON.parse(readFileSync(new URL("../../cdk.json", import.meta.url), "utf8")).context;
}

/** The app over functions that need not be packed to look at their template. */
export function synthesised(deployment: Deployment): Synthesised {
  const folder = mkdtempSync(join(tmpdir(), "cadastre-template-"));
  try {
    const [bundles, outdir] = [join(folder, "bundles"), join(folder, "out")];
    for (const name of FUNCTIONS) {
      mkdirSync(join(bundles, name), { recursive: true });
      writeFileSync(join(bundles, name, "index.mjs"), `export const name = "${name}";`);
    }
    const app = createInfrastructure({ deployment, bundles, outdir, context: cdkContext() });
    const { stacks } = app.synth();
    const templates = new Map(stacks.map((stack) => [stack.stackName, stack.template]));
    return { app, resources: templates.get(deployment.name).Resources, template: (stack) => templates.get(stack) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The properties of all resources of a type, with their logical ids. */
export function allOf(type: string, resources: Resources): Properties[] {
  return Object.entries(resources)
    .filter(([, { Type }]) => Type === type)
    .map(([id, { Properties, DeletionPolicy }]) => ({ id, DeletionPolicy, ...Properties }));
}

export const list = <T>(one: T | readonly T[]): readonly T[] => (Array.isArray(one) ? one : [one as T]);

/** The resources of a circle of references, which CloudFormation refuses. */
export function cycleIn(from: Resources): string[] | undefined {
  const referred = (value: unknown): string[] => {
    if (typeof value !== "object" || value === null) return [];
    if ("Ref" in value) return [String(value.Ref)];
    if ("Fn::GetAtt" in value) return [String(list(value["Fn::GetAtt"] as string[])[0])];
    return Object.values(value).flatMap(referred);
  };
  const done = new Set<string>();
  const visit = (id: string, path: readonly string[]): string[] | undefined => {
    if (path.includes(id)) return [...path, id];
    const resource = from[id];
    if (done.has(id) || resource === undefined) return undefined;
    for (const next of [...referred(resource.Properties), ...(resource.DependsOn ?? [])]) {
      const cycle = visit(next, [...path, id]);
      if (cycle) return cycle;
    }
    done.add(id);
    return undefined;
  };
  for (const id of Object.keys(from)) {
    const cycle = visit(id, []);
    if (cycle) return cycle;
  }
  return undefined;
}

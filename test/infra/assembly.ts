import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

interface Resource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: a template's properties, as deep as they are.
  readonly Properties: any;
}

/** What `npm run synth` makes. */
export interface Assembly {
  readonly resources: Readonly<Record<string, Resource>>;
  /** The names of the stack's outputs. */
  readonly outputs: readonly string[];
  /** The folder that is uploaded for a function, by the function's physical name. */
  folderOf(functionName: string): string;
  /** Bytes of a function's code: what a cold start loads, and all of it, also what is loaded on demand. */
  bundleBytes(functionName: string): { readonly cold: number; readonly all: number };
  remove(): void;
}

/** The files of a folder that are loaded with one of them, itself included: what it imports, and what that imports, but on demand. */
function loadedWith(folder: string, name: string, found: Set<string> = new Set()): Set<string> {
  if (found.has(name)) return found;
  found.add(name);
  const text = readFileSync(join(folder, name), "utf8");
  for (const [, imported = ""] of text.matchAll(/(?:from|import)"\.\/([\w-]+\.mjs)"/g))
    loadedWith(folder, imported, found);
  return found;
}

/** Synthesises the app by the CDK's own command, into a folder of its own. */
export async function synthesise(): Promise<Assembly> {
  const folder = mkdtempSync(join(tmpdir(), "cadastre-synth-"));
  const command = join(ROOT, "node_modules/aws-cdk/bin/cdk");
  const path = `${join(ROOT, "node_modules/.bin")}:${process.env.PATH ?? ""}`;
  const options = { cwd: ROOT, env: { ...process.env, PATH: path, CI: "1" } };
  await promisify(execFile)(process.execPath, [command, "synth", "--quiet", "--output", folder], options);
  const template = JSON.parse(readFileSync(join(folder, "cadastre.template.json"), "utf8")) as {
    readonly Resources: Record<string, Resource>;
    readonly Outputs: Record<string, unknown>;
  };
  const folderOf = (functionName: string) => {
    const found = Object.values(template.Resources).find(
      ({ Type, Properties }) => Type === "AWS::Lambda::Function" && Properties.FunctionName === functionName,
    );
    return join(folder, `asset.${String(found?.Properties.Code.S3Key).replace(/\.zip$/, "")}`);
  };
  return {
    resources: template.Resources,
    outputs: Object.keys(template.Outputs),
    folderOf,
    bundleBytes: (functionName) => {
      const folder = folderOf(functionName);
      const sizeOf = (names: Iterable<string>) =>
        [...names].reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
      const files = readdirSync(folder).filter((name) => name.endsWith(".mjs"));
      return { cold: sizeOf(loadedWith(folder, "index.mjs")), all: sizeOf(files) };
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

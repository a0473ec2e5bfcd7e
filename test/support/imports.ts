import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

const PASSED_BY = new Set(["node_modules", "cdk.out", "dist"]);

/** Folders of all workspaces, from the root. */
export const WORKSPACES: readonly string[] = [
  ...readdirSync(join(root, "packages")).map((name) => `packages/${name}`),
  "collectors",
  "functions",
  "infra",
];

/** All TypeScript files under the directory. */
export function filesOf(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return PASSED_BY.has(entry.name) ? [] : filesOf(path);
    return /\.tsx?$/.test(entry.name) ? [path] : [];
  });
}

export interface Import {
  readonly file: string;
  readonly module: string;
  readonly typeOnly: boolean;
}

/** What a file imports or exports from elsewhere, types and dynamic imports too. */
export function importsOf(file: string): Import[] {
  const text = readFileSync(file, "utf8");
  const found = text.matchAll(/^(?:import|export)\s+(type\s)?(?:[^"';]*?\sfrom\s+)?"([^"]+)"|\bimport\(\s*"([^"]+)"/gm);
  return [...found].map((match) => ({
    file,
    module: (match[2] ?? match[3]) as string,
    typeOnly: match[1] !== undefined,
  }));
}

const folderByName = new Map(
  WORKSPACES.map((folder) => {
    const { name } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")) as { name: string };
    return [name, join(root, folder)];
  }),
);

/** The file of ours that an import leads to; undefined for what others wrote, and for what is no TypeScript. */
export function targetOf({ file, module }: Import): string | undefined {
  if (module.startsWith(".")) {
    const path = join(dirname(file), module);
    return /\.tsx?$/.test(path) ? path : undefined;
  }
  const [, name, path] = /^(@[^/]+\/[^/]+)\/(.+)$/.exec(module) ?? [];
  const folder = folderByName.get(name ?? "");
  const target = folder === undefined ? undefined : join(folder, "src", `${path}.ts`);
  return target !== undefined && existsSync(target) ? target : undefined;
}

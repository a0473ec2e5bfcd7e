import { copyFileSync, cpSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ASSETS, type AssetName, assetPath } from "@cadastre/api/assets";
import { bundle } from "@cadastre/cli/bundle";
import { cedarFolder } from "@cadastre/core/policies/cedar";

/*
 * Packs entry points for where they run: `node functions/src/build.ts DIRECTORY NAME…` makes DIRECTORY/NAME/index.mjs with all
 * that it needs in it, and beside it the API's pages and what decides by policies. The same sources make the same bytes, so that nothing unchanged is deployed.
 */

/** The functions that people's requests come to. */
const DECIDING = ["api", "vault"];

/** Cedar lies beside the bundle as the package that it is: WebAssembly is no module, and is read when the first request is decided. */
function packCedar(folder: string): void {
  const target = join(folder, "node_modules/@cedar-policy/cedar-wasm");
  cpSync(cedarFolder(), join(target, "nodejs"), { recursive: true, filter: (name) => !/\.(d\.ts|md)$/.test(name) });
  copyFileSync(join(dirname(cedarFolder()), "package.json"), join(target, "package.json"));
}

async function pack(directory: string, name: string): Promise<void> {
  const folder = join(directory, name);
  rmSync(folder, { recursive: true, force: true });
  await bundle({ index: fileURLToPath(new URL(`${name}.ts`, import.meta.url)) }, folder);
  if (DECIDING.includes(name)) packCedar(folder);
  if (name !== "api") return;
  const assets = join(folder, "assets");
  mkdirSync(assets);
  for (const asset of Object.keys(ASSETS) as AssetName[]) copyFileSync(assetPath(asset), join(assets, asset));
}

const [directory, ...names] = process.argv.slice(2);
if (directory === undefined || names.length === 0) {
  throw new Error("usage: node functions/src/build.ts DIRECTORY NAME…");
}
await Promise.all(names.map((name) => pack(directory, name)));

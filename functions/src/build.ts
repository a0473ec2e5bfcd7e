import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ASSETS, type AssetName, assetPath } from "@cadastre/api/assets";
import { bundle } from "@cadastre/cli/bundle";

/*
 * Packs entry points for where they run: `node functions/src/build.ts DIRECTORY NAME…` makes DIRECTORY/NAME/index.mjs with all
 * that it needs in it, and the API's pages beside it. The same sources make the same bytes, so that nothing unchanged is deployed.
 */

async function pack(directory: string, name: string): Promise<void> {
  const folder = join(directory, name);
  rmSync(folder, { recursive: true, force: true });
  await bundle({ index: fileURLToPath(new URL(`${name}.ts`, import.meta.url)) }, folder);
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

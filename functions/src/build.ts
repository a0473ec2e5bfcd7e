import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ASSETS, type AssetName, assetPath } from "@cadastre/api/assets";
import { build } from "esbuild";

/*
 * Packs entry points for where they run: `node functions/src/build.ts DIRECTORY NAME…` makes DIRECTORY/NAME/index.mjs with all
 * that it needs in it, and the API's pages beside it. The same sources make the same bytes, so that nothing unchanged is deployed.
 */

/** CommonJS modules inside an ES module bundle still call require for Node's own modules, and ask where they are. */
const COMMONJS =
  'import{createRequire as __createRequire}from"node:module";const require=__createRequire(import.meta.url),__filename=import.meta.filename,__dirname=import.meta.dirname;';

async function pack(directory: string, name: string): Promise<void> {
  const folder = join(directory, name);
  rmSync(folder, { recursive: true, force: true });
  await build({
    entryPoints: { index: fileURLToPath(new URL(`${name}.ts`, import.meta.url)) },
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    // What is imported on demand stays in files of its own: the SDK's many sources of credentials are not read at a cold start.
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node24",
    // The ES module builds of the AWS SDK and others load in half the time of their CommonJS ones.
    mainFields: ["module", "main"],
    // What the AWS SDK asks of browsers alone; nothing imports it here.
    external: ["bowser"],
    minify: true,
    // Node prints the line of an uncaught error, whose whole must not be the bundle.
    lineLimit: 500,
    legalComments: "none",
    banner: { js: COMMONJS },
    logLevel: "warning",
  });
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

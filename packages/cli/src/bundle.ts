import { build } from "esbuild";

/** CommonJS modules inside an ES module bundle still call require for Node's own modules, and ask where they are. */
const COMMONJS =
  'import{createRequire as __createRequire}from"node:module";const require=__createRequire(import.meta.url),__filename=import.meta.filename,__dirname=import.meta.dirname;';

/**
 * Makes DIRECTORY/NAME.mjs of each entry point, with all that it needs in it, for Node 24. The same sources make the same bytes, so
 * that nothing unchanged is released or deployed.
 */
export async function bundle(entryPoints: Readonly<Record<string, string>>, directory: string): Promise<void> {
  await build({
    entryPoints: { ...entryPoints },
    outdir: directory,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    // What is imported on demand stays in files of its own: a cold start reads none of the SDK's many sources of credentials, and a
    // command none of another command's code.
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
}

import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { VERSION } from "@cadastre/contract/version";
import { build } from "esbuild";

/*
 * Makes the tarball of a release, DIRECTORY/cadastre-cli-VERSION.tgz, with all that the command needs in it: `npm run pack --
 * DIRECTORY`. It is installed by `npm install -g` from the file; nothing of it is in a registry.
 */

/** CommonJS modules inside an ES module bundle still call require for Node's own modules, and ask where they are. */
const COMMONJS =
  'import{createRequire as __createRequire}from"node:module";const require=__createRequire(import.meta.url),__filename=import.meta.filename,__dirname=import.meta.dirname;';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The package as it is in the tarball. It is private: a mistaken `npm publish` is refused. */
const MANIFEST = {
  name: "@cadastre/cli",
  version: VERSION,
  private: true,
  description: "The command of Cadastre, the land register of a cloud estate",
  license: "Apache-2.0",
  type: "module",
  engines: { node: ">=24" },
  bin: { cadastre: "bin/cadastre.js" },
  files: ["bin", "lib"],
};

async function pack(directory: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "cadastre-pack-"));
  try {
    mkdirSync(join(folder, "bin"));
    copyFileSync(here("bin/cadastre.js"), join(folder, "bin", "cadastre.js"));
    writeFileSync(join(folder, "package.json"), `${JSON.stringify(MANIFEST, undefined, 2)}\n`);
    await build({
      entryPoints: { main: here("src/main.ts") },
      outdir: join(folder, "lib"),
      outExtension: { ".js": ".mjs" },
      bundle: true,
      // Each command, and each cloud's SDK, is read when it is used.
      splitting: true,
      format: "esm",
      platform: "node",
      target: "node24",
      mainFields: ["module", "main"],
      // What the AWS SDK asks of browsers alone; nothing imports it here.
      external: ["bowser"],
      minify: true,
      lineLimit: 500,
      legalComments: "none",
      banner: { js: COMMONJS },
      logLevel: "warning",
    });
    mkdirSync(directory, { recursive: true });
    const args = ["pack", "--silent", "--pack-destination", resolve(directory)];
    const [name = ""] = execFileSync("npm", args, { cwd: folder, encoding: "utf8" }).trim().split("\n").slice(-1);
    process.stdout.write(`${join(directory, name)}\n`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const [directory] = process.argv.slice(2);
if (directory === undefined) throw new Error("usage: npm run pack -- DIRECTORY");
await pack(directory);

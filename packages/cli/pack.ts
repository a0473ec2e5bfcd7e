import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { VERSION } from "@cadastre/contract/version";
import { bundle } from "./src/bundle.ts";

/*
 * Makes the tarball of a release, DIRECTORY/cadastre-cli-VERSION.tgz, with all that the command needs in it: `npm run pack --
 * DIRECTORY`. It is installed by `npm install -g` from the file; nothing of it is in a registry.
 */

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
    await bundle({ main: here("src/main.ts") }, join(folder, "lib"));
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

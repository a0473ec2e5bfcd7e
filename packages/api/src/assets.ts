import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export interface Asset {
  readonly body: Uint8Array;
  /** Media type. */
  readonly type: string;
}

/** Reads one of the files of the pages by its name; undefined for any other name. */
export type ReadAsset = (name: string) => Promise<Asset | undefined>;

/** Every file that the pages are made of: where it comes from, and its media type. */
export const ASSETS = {
  "index.html": { from: "own", type: "text/html; charset=utf-8" },
  "status.css": { from: "own", type: "text/css; charset=utf-8" },
  "status.js": { from: "own", type: "text/javascript; charset=utf-8" },
  "setup.html": { from: "own", type: "text/html; charset=utf-8" },
  "setup.js": { from: "own", type: "text/javascript; charset=utf-8" },
  "login.html": { from: "own", type: "text/html; charset=utf-8" },
  "login.js": { from: "own", type: "text/javascript; charset=utf-8" },
  "login-answer.html": { from: "own", type: "text/html; charset=utf-8" },
  "login-answer.js": { from: "own", type: "text/javascript; charset=utf-8" },
  "client-login.html": { from: "own", type: "text/html; charset=utf-8" },
  "client-login.js": { from: "own", type: "text/javascript; charset=utf-8" },
  "docs.html": { from: "own", type: "text/html; charset=utf-8" },
  "docs.js": { from: "own", type: "text/javascript; charset=utf-8" },
  "swagger-ui.css": { from: "swagger-ui-dist", type: "text/css; charset=utf-8" },
  "swagger-ui-bundle.js": { from: "swagger-ui-dist", type: "text/javascript; charset=utf-8" },
  "favicon-32x32.png": { from: "swagger-ui-dist", type: "image/png" },
} as const satisfies Record<string, { from: "own" | "swagger-ui-dist"; type: string }>;

export type AssetName = keyof typeof ASSETS;

function isAssetName(name: string): name is AssetName {
  return Object.hasOwn(ASSETS, name);
}

/** Where a file is in this workspace or its dependency: for the local server, and for what packs a bundle. */
export function assetPath(name: AssetName): string {
  if (ASSETS[name].from === "own") return fileURLToPath(new URL(`../assets/${name}`, import.meta.url));
  const packageFile = createRequire(import.meta.url).resolve("swagger-ui-dist/package.json");
  return join(dirname(packageFile), name);
}

/** Reads the files from where they are, or, packed with a bundle, from one `directory`. Keeps what it has read. */
export function createFileAssets({ directory }: { directory?: string } = {}): ReadAsset {
  const kept = new Map<string, Asset>();
  return async function readAsset(name) {
    if (!isAssetName(name)) return undefined;
    const known = kept.get(name);
    if (known) return known;
    const body = await readFile(directory === undefined ? assetPath(name) : join(directory, name));
    const asset: Asset = { body, type: ASSETS[name].type };
    kept.set(name, asset);
    return asset;
  };
}

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { inflate } from "@sparticuz/chromium";
import { type Browser, chromium } from "playwright-core";

/** What this build of the browser needs, and that nothing but loopback is reached, whatever a page asks for. */
const FLAGS = [
  "--no-zygote",
  "--in-process-gpu",
  "--use-gl=angle",
  "--use-angle=swiftshader",
  "--font-render-hinting=none",
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
];

const fontsIn = (folder: string) => `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>${folder}/fonts</dir><cachedir>${folder}/fonts-cache</cachedir></fontconfig>
`;

export interface OpenBrowser {
  readonly browser: Browser;
  close(): Promise<void>;
}

/** Extracts something of the browser's package where `TMPDIR` says, which is all that it goes by. */
async function extractTo(folder: string, name: string): Promise<string> {
  const packed = dirname(dirname(createRequire(import.meta.url).resolve("@sparticuz/chromium")));
  const before = process.env.TMPDIR;
  process.env.TMPDIR = folder;
  try {
    return await inflate(join(packed, "bin", name));
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
}

/** A browser without a window, with the libraries and fonts that a bare machine lacks, in a folder of its own that goes with it. */
export async function openBrowser(): Promise<OpenBrowser> {
  const folder = mkdtempSync(join(tmpdir(), "cadastre-browser-"));
  const executablePath = await extractTo(folder, "chromium.br");
  const fonts = await extractTo(folder, "fonts.tar.br");
  await extractTo(folder, "swiftshader.tar.br");
  // The package's own configuration names one folder that all share.
  writeFileSync(join(fonts, "fonts.conf"), fontsIn(folder));
  const libraries = await extractTo(folder, "al2023.tar.br");
  const env = { ...process.env, HOME: folder, FONTCONFIG_PATH: fonts, LD_LIBRARY_PATH: join(libraries, "lib") };
  const browser = await chromium.launch({ executablePath, args: FLAGS, env, chromiumSandbox: false });
  return {
    browser,
    async close() {
      await browser.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

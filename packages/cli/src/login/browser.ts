import { spawn } from "node:child_process";
import { platform } from "node:os";
import type { Cli } from "../cli.ts";

/** What opens an address in the person's browser; undefined where there is none, as on a server that one has come to by SSH. */
function openerOf(env: Cli["env"]): string | undefined {
  if (env.BROWSER) return env.BROWSER;
  if (env.SSH_CONNECTION) return undefined;
  if (platform() === "darwin") return "open";
  return env.DISPLAY || env.WAYLAND_DISPLAY ? "xdg-open" : undefined;
}

/** Opens an address, by no shell. Answers whether there is a browser that was started. */
export function openBrowser(env: Cli["env"], url: string): Promise<boolean> {
  const opener = openerOf(env);
  if (opener === undefined) return Promise.resolve(false);
  return new Promise((resolve) => {
    const child = spawn(opener, [url], { stdio: "ignore", detached: true, env });
    child.on("error", () => resolve(false));
    child.on("spawn", () => resolve(true));
    child.unref();
  });
}

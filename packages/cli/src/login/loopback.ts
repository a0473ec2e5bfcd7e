import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { beginCodeLogin } from "@cadastre/client/code-login";
import type { Cli } from "../cli.ts";
import { UsageError } from "../exit-codes.ts";
import { neutralise } from "../output/text.ts";
import { openBrowser } from "./browser.ts";
import { clientName, sayGiven } from "./given.ts";

const PATH = "/callback";
/** As long as a device's code. */
const WAIT_MILLISECONDS = 600_000;

/** The parameters that a browser brings to the path with the state; whatever else comes is told that nothing is here, and changes nothing. */
function answerTo(server: Server, state: string): Promise<URLSearchParams> {
  return new Promise((resolve, reject) => {
    AbortSignal.timeout(WAIT_MILLISECONDS).addEventListener("abort", () =>
      reject(new UsageError("nobody has approved the login in the browser")),
    );
    server.on("request", ({ url = "", method }, response) => {
      const { pathname, searchParams } = new URL(url, "http://127.0.0.1");
      const isIt = method === "GET" && pathname === PATH && searchParams.get("state") === state;
      response.setHeader("connection", "close");
      response.setHeader("content-type", "text/plain; charset=utf-8");
      response.setHeader("cache-control", "no-store");
      response.writeHead(isIt ? 200 : 404).end(isIt ? "You can close this page and go back to the terminal.\n" : "");
      if (isIt) response.on("close", () => resolve(searchParams));
    });
  });
}

/** A token of who approves it in a browser of this computer (RFC 8252); undefined where none can be opened. Throws ApiError, UsageError. */
export async function tokenByLoopback(cli: Cli, api: string): Promise<string | undefined> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.on("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  try {
    const redirectUri = `http://127.0.0.1:${(server.address() as AddressInfo).port}${PATH}`;
    const { url, state, redeem } = beginCodeLogin({ baseUrl: api, clientName: clientName(), redirectUri });
    const answered = answerTo(server, state);
    // Where no browser is, nobody waits for it.
    answered.catch(() => undefined);
    if (!(await openBrowser(cli.env, url))) return undefined;
    await cli.stderr.write(`approve the login in the browser (--device shows a code instead):\n${neutralise(url)}\n`);
    const code = (await answered).get("code");
    if (code === null) throw new UsageError("the login was refused in the browser");
    return await sayGiven(cli, await redeem(code));
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

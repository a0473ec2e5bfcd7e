import { setTimeout as delay } from "node:timers/promises";
import { bootstrapAdminToken, markFirstTokenShown } from "@cadastre/core/access/bootstrap";
import type { Context } from "@cadastre/core/context";
import { linkTo } from "@cadastre/core/login/login-links";
import { createSetupLink } from "@cadastre/core/login/setup-link";
import type { Display } from "./display.ts";
import type { LocalServer } from "./server.ts";

const PATIENCE_SECONDS = 30;

interface Shown {
  readonly server: LocalServer;
  readonly display: Display;
}

type Output = Pick<NodeJS.WriteStream, "write">;

/** Whether a first run takes so long that its end is not waited for with the token. Throws what the run throws. */
export async function isTooLongToWait(work: Promise<unknown>): Promise<boolean> {
  const ended = new AbortController();
  const patience = delay(PATIENCE_SECONDS * 1000, true, { signal: ended.signal }).catch(() => false);
  try {
    return await Promise.race([work.then(() => false), patience]);
  } finally {
    ended.abort();
  }
}

/** The link by which the first admin sets a password, for as long as it has none. */
async function setupLines(context: Context, url: string): Promise<string[]> {
  const link = await createSetupLink(context);
  if (!link) return [];
  return ["", "To log in by name and password, set one within a day, once:", `  ${linkTo(url, link.secret)}`];
}

/** Makes the first admin token and shows it, once. One that was made and never shown, as far as is known, is made again. */
export async function showToken({ server, display }: Shown, stdout: Output): Promise<void> {
  display.end();
  const { url, context, hasGivenToken } = server;
  const write = (lines: readonly string[]) =>
    new Promise<void>((resolve, reject) =>
      stdout.write(`${lines.join("\n")}\n`, (error) => (error ? reject(error) : resolve())),
    );
  // The user that the link is for is made with the first token.
  const { secret } = hasGivenToken ? { secret: undefined } : await bootstrapAdminToken(context, { untilShown: true });
  const setup = await setupLines(context, url);
  if (hasGivenToken)
    return write(["", "Use the admin token of your CADASTRE_TOKEN.", `  export CADASTRE_API=${url}`, ...setup]);
  if (secret === undefined) {
    return write([
      "",
      "Use the admin token of the first start, or set CADASTRE_TOKEN to a text of your own for another one.",
      ...setup,
    ]);
  }
  await write([
    "",
    "Your first admin token, shown this once:",
    `  ${secret}`,
    `  export CADASTRE_API=${url} CADASTRE_TOKEN=${secret}`,
    ...setup,
    "",
  ]);
  await markFirstTokenShown(context);
}

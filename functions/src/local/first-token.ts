import { setTimeout as delay } from "node:timers/promises";
import { bootstrapAdminToken, markFirstTokenShown } from "@cadastre/core/access/bootstrap";
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

/** Makes the first admin token and shows it, once. One that was made and never shown, as far as is known, is made again. */
export async function showToken({ server, display }: Shown, stdout: Output): Promise<void> {
  display.end();
  const { url, context, hasGivenToken } = server;
  const write = (lines: readonly string[]) =>
    new Promise<void>((resolve, reject) =>
      stdout.write(`${lines.join("\n")}\n`, (error) => (error ? reject(error) : resolve())),
    );
  if (hasGivenToken) return write(["", "Use the admin token of your CADASTRE_TOKEN.", `  export CADASTRE_API=${url}`]);
  const { secret } = await bootstrapAdminToken(context, { untilShown: true });
  if (secret === undefined) {
    return write([
      "",
      "Use the admin token of the first start, or set CADASTRE_TOKEN to a text of your own for another one.",
    ]);
  }
  await write([
    "",
    "Your first admin token, shown this once:",
    `  ${secret}`,
    `  export CADASTRE_API=${url} CADASTRE_TOKEN=${secret}`,
    "",
  ]);
  await markFirstTokenShown(context);
}

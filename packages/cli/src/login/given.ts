import { hostname } from "node:os";
import type { GivenToken } from "@cadastre/client/token-exchange";
import type { Cli } from "../cli.ts";

const MOST_NAME = 128;

/** How the command calls itself, for who approves it. */
export const clientName = (): string => `cadastre on ${hostname()}`.slice(0, MOST_NAME);

/** Says what a token is that a person was given, and answers it. */
export async function sayGiven(
  { stderr, now }: Pick<Cli, "stderr" | "now">,
  { secret, seconds }: GivenToken,
): Promise<string> {
  const until = new Date(now().getTime() + seconds * 1000).toISOString();
  await stderr.write(
    `a token until ${until}, or until the session in the browser is ended; it reveals no credentials\n`,
  );
  return secret;
}

import { createInterface } from "node:readline/promises";
import { Readable } from "node:stream";
import type { Cli } from "./cli.ts";
import { UsageError } from "./exit-codes.ts";

/** Asks on the terminal; only a yes is one. Throws UsageError where nobody can be asked. */
export async function confirm({ stdin, stderr }: Pick<Cli, "stdin" | "stderr">, question: string): Promise<boolean> {
  if (!stdin.isTTY) throw new UsageError("nobody can be asked here: give --yes to go on without a question");
  await stderr.write(`${question} [y/N] `);
  const lines = createInterface({ input: Readable.from(stdin) });
  for await (const line of lines) return /^y(es)?$/i.test(line.trim());
  return false;
}

import type { Cli } from "./cli.ts";
import { UsageError } from "./exit-codes.ts";

const MOST_CHARACTERS = 10_000;
const INTERRUPT = "\u0003";
const ERASE = new Set(["\u007f", "\b"]);

/** The first line of stdin, without its end. On a terminal it is asked for, and what is typed is not shown. */
export async function readSecretLine(
  { stdin, stderr }: Pick<Cli, "stdin" | "stderr">,
  prompt: string,
): Promise<string> {
  const typed = stdin.isTTY === true;
  if (typed) await stderr.write(prompt);
  if (typed) stdin.setRawMode?.(true);
  try {
    return await readLine(stdin);
  } finally {
    if (typed) stdin.setRawMode?.(false);
    if (typed) await stderr.write("\n");
  }
}

async function readLine(stdin: Cli["stdin"]): Promise<string> {
  const decoder = new TextDecoder();
  const line: string[] = [];
  for await (const chunk of stdin) {
    for (const character of decoder.decode(chunk, { stream: true })) {
      if (character === "\n" || character === "\r") return line.join("").trim();
      if (character === INTERRUPT) throw new UsageError("ended by Ctrl-C; nothing was kept");
      if (ERASE.has(character)) line.pop();
      else line.push(character);
      if (line.length > MOST_CHARACTERS) throw new UsageError(`a token has less than ${MOST_CHARACTERS} characters`);
    }
  }
  return line.join("").trim();
}

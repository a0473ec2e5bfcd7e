import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** One call of the command: its service and operation, options by their names, and what stands beside them. */
export interface AwsCall {
  readonly operation: string;
  readonly options: Readonly<Record<string, string>>;
  readonly rest: readonly string[];
}

interface AwsAnswer {
  readonly stdout: string;
  /** Files that the command writes where it is called. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface AwsCommand {
  /** The folder in which `aws` is, for the front of PATH. */
  readonly folder: string;
  readonly calls: readonly AwsCall[];
  stop(): Promise<void>;
}

/** Hands its arguments to the server, writes the files of the answer, and prints the rest. */
const SCRIPT = (url: string) => `#!${process.execPath}
const answer = await fetch("${url}", { method: "POST", body: JSON.stringify(process.argv.slice(2)) });
const body = await answer.text();
if (!answer.ok) { process.stderr.write(body + "\\n"); process.exit(252); }
const { stdout, files = {} } = JSON.parse(body);
const { writeFileSync } = await import("node:fs");
for (const [name, text] of Object.entries(files)) writeFileSync(name, text);
process.stdout.write(stdout + "\\n");
`;

/** Options that take no value, of the commands that the documentation has. */
const FLAGS = new Set(["use-latest-restorable-time", "deletion-protection-enabled"]);

function parse([service = "", verb = "", ...words]: readonly string[]): AwsCall {
  // What is waited for is a word of its own.
  const operation = verb === "wait" ? `${service} wait ${words[0]}` : `${service} ${verb}`;
  const left = verb === "wait" ? words.slice(1) : words;
  const options: Record<string, string> = {};
  const rest: string[] = [];
  for (let at = 0; at < left.length; at++) {
    const word = left[at] ?? "";
    if (!word.startsWith("--")) {
      rest.push(word);
      continue;
    }
    const name = word.slice(2);
    if (FLAGS.has(name)) options[name] = "";
    else options[name] = left[++at] ?? "";
  }
  return { operation, options, rest };
}

/** An `aws` command that asks `answer`; what that rejects with is what the command says, and it fails. */
export async function startAwsCommand(answer: (call: AwsCall) => Promise<AwsAnswer>): Promise<AwsCommand> {
  const calls: AwsCall[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    try {
      const call = parse(JSON.parse(Buffer.concat(chunks).toString()) as string[]);
      calls.push(call);
      response.end(JSON.stringify(await answer(call)));
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const folder = mkdtempSync(join(tmpdir(), "cadastre-aws-"));
  const file = join(folder, "aws");
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  writeFileSync(file, SCRIPT(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
  chmodSync(file, 0o755);
  return {
    folder,
    calls,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

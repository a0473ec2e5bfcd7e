import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Block, blocksOf } from "../docs/blocks.ts";
import { runDocument } from "../docs/run-document.ts";
import { root } from "../support/access-patterns.ts";
import { type AwsCommand, startAwsCommand } from "./aws-command.ts";
import { type Deployed, deploy } from "./deployed.ts";
import { answerAws } from "./deployed-aws.ts";

// biome-ignore lint/suspicious/noExplicitAny: answers of many forms, of which each test looks at some members.
export type Answer = any;

/** How the documentation calls the table that it restores. */
export const RESTORED = "cadastre-restored";

/** A deployment as somebody has it who followed the documentation to its first admin token, and goes on with that. */
export interface World {
  readonly deployed: Deployed;
  readonly aws: AwsCommand;
  readonly token: string;
  call(method: string, path: string, body?: unknown): Promise<{ status: number; body: Answer }>;
  /** Runs commands of the documentation, and one more, in one shell, with the stand-in's `aws`; answers what each printed. */
  run(blocks: readonly (Block | undefined)[], last?: string): Promise<string[]>;
  /** Registers the AWS collector as the documentation says, with the key that the stack printed. */
  registerCollector(): Promise<void>;
  stop(): Promise<void>;
}

/** The blocks of a page that are marked to be run. */
export const runnable = (page: string): Block[] =>
  blocksOf(readFileSync(join(root, page), "utf8")).filter(({ marks }) => marks.has("runnable"));

/** The lines of metrics in what a function wrote. */
export const metricsOf = (output: string): Answer[] =>
  output.split("\n").flatMap((line) => (line.includes('"_aws"') ? [JSON.parse(line)] : []));

/** Deploys, and makes the first token. */
export async function startWorld(): Promise<World> {
  const deployed = await deploy();
  const aws = await startAwsCommand(answerAws(deployed, { restored: RESTORED }));
  const [first, register] = runnable("docs/deploying.md");

  async function run(blocks: readonly (Block | undefined)[], last = "true"): Promise<string[]> {
    const given = blocks.filter((block) => block !== undefined);
    const end: Block = { language: "sh", marks: new Map([["runnable", "runnable"]]), text: last, line: 0 };
    const place = mkdtempSync(join(tmpdir(), "cadastre-runbook-"));
    const { code, stderr, ran } = await runDocument([...given, end], place, {
      PATH: `${aws.folder}:${dirname(process.execPath)}:${process.env.PATH}`,
      ...(token === "" ? {} : { CADASTRE_API: deployed.http.url, CADASTRE_TOKEN: token }),
    });
    rmSync(place, { recursive: true, force: true });
    const at = ran.at(-1)?.block.line;
    if (code !== 0) throw new Error(`the commands ended with ${code} in the block at line ${at}:\n${stderr}`);
    return ran.map(({ output }) => output.trim());
  }

  let token = "";
  token = (await run([first], 'printf %s "$CADASTRE_TOKEN"')).at(-1) ?? "";
  return {
    deployed,
    aws,
    token,
    run,
    async call(method, path, body) {
      const response = await fetch(`${deployed.http.url}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, body: text.startsWith("{") ? JSON.parse(text) : { text } };
    },
    async registerCollector() {
      const [helper = ""] = first?.text.split("\n") ?? [];
      await run([{ ...(register as Block), text: `${helper}\n${register?.text}` }]);
    },
    async stop() {
      await aws.stop();
      await deployed.stop();
    },
  };
}

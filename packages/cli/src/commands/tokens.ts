import { TOKEN_SCOPES, type Token, type TokenScope } from "@cadastre/contract/token";
import { type Command, Option } from "commander";
import { commaList, duration, listOf, withExamples, withPaging } from "../arguments.ts";
import { type Cli, openClient, optionsOf } from "../cli.ts";
import { findNamed } from "../find-named.ts";
import { formatAmong } from "../output/format.ts";
import { printList } from "../output/list.ts";
import { printOne } from "../output/one.ts";
import type { Column } from "../output/table.ts";
import { neutralise, toTime } from "../output/text.ts";

const stateOf = (token: Token, now: Date) =>
  token.revokedAt !== undefined ? "revoked" : token.expiresAt <= now.toISOString() ? "expired" : "valid";

const columns = (now: Date): readonly Column<Token>[] => [
  { title: "ID", value: (one) => one.id },
  { title: "NAME", value: (one) => one.name },
  {
    title: "STATE",
    value: (one) => stateOf(one, now),
    style: (one) => (stateOf(one, now) === "valid" ? "green" : "dim"),
  },
  { title: "OF", value: (one) => one.principal.id, spare: true },
  { title: "SCOPES", value: (one) => one.scopes.join(","), shape: "id" },
  { title: "ACCOUNTS", value: (one) => one.accounts?.join(","), shape: "id", optional: true },
  { title: "ADDRESSES", value: (one) => one.addresses?.join(","), shape: "id", optional: true },
  { title: "CREATED", spare: true, value: (one) => toTime(one.createdAt), raw: (one) => one.createdAt },
  { title: "EXPIRES", value: (one) => toTime(one.expiresAt), raw: (one) => one.expiresAt },
];

interface CreateOptions {
  readonly scopes: readonly TokenScope[];
  readonly accounts?: string[];
  readonly addresses?: string[];
  readonly principal?: string;
  readonly expiresIn?: number;
}

async function create(cli: Cli, name: string, command: Command): Promise<void> {
  const options = optionsOf<CreateOptions>(command);
  const { scopes, accounts, addresses, expiresIn: expiresInSeconds } = options;
  // Its name alone would lose the token for good.
  const format = formatAmong(options, ["table", "wide", "json", "yaml", "csv"], "a new token");
  const client = openClient(cli, options);
  const principal =
    options.principal === undefined
      ? undefined
      : await findNamed(client, options.principal, ["user", "service-account"] as const);
  const input = { name, scopes: [...scopes], principal, accounts, addresses, expiresInSeconds };
  const made = await client.tokens.create(input);
  // It is shown once: neither a pager nor its history is the place for it.
  cli.stdout.direct();
  if (format !== "table" && format !== "wide") return printOne(cli.stdout, options, made);
  await cli.stderr.write(
    `${made.id} ${neutralise(made.name)}, until ${toTime(made.expiresAt)}; the token is shown now and never again:\n`,
  );
  await cli.stdout.write(`${made.secret}\n`);
}

/** Adds `tokens` to the program. */
export function addTokens(program: Command, cli: Cli): void {
  const tokens = program.command("tokens").description("API tokens of operators and scripts");
  withExamples(
    tokens
      .command("create")
      .description("make a token; on stdout is the token and nothing else")
      .argument("<name>", "what it is for")
      .addOption(
        new Option("--scopes <list>", `what it may do: ${TOKEN_SCOPES.join(", ")}`)
          .argParser(listOf(TOKEN_SCOPES))
          .makeOptionMandatory(),
      )
      .option(
        "--principal <who>",
        "whose it is: a service account, by its id or name, for who has the scope admin; yours when absent",
      )
      .addOption(
        new Option("--accounts <list>", "limits it to what belongs to these, such as aws/123456789012").argParser(
          commaList,
        ),
      )
      .addOption(
        new Option("--addresses <list>", "from where it can be used, such as 10.0.0.0/8,2001:db8::7").argParser(
          commaList,
        ),
      )
      .addOption(
        new Option(
          "--expires-in <time>",
          "such as 12h or 30d, at most 366d and no longer than your own token (default: 90d)",
        ).argParser(duration),
      )
      .action((name: string, _: unknown, command: Command) => create(cli, name, command)),
    "tokens create ci --scopes resources:read,discovery:read --expires-in 30d > ci.token",
  );
  withPaging(tokens.command("list").description("all tokens, without their secrets")).action(
    async (_: unknown, command: Command) => {
      const options = optionsOf(command);
      const client = openClient(cli, options);
      const items = (limit: number) => client.tokens.list.all({ limit });
      await printList({ ...cli, options, columns: columns(cli.now()), noun: "tokens", items });
    },
  );
  tokens
    .command("revoke")
    .description("end a token at once and for good, and those that were made with it")
    .argument("<id>", "tok_…")
    .option("--keep-descendants", "leave the tokens that were made with it as they are")
    .action(async (id: string, _: unknown, command: Command) => {
      const options = optionsOf<{ keepDescendants?: boolean }>(command);
      const kept = options.keepDescendants === true;
      const { descendants } = await openClient(cli, options).tokens.revoke({
        id,
        descendants: !kept,
      });
      await cli.stderr.write(`revoked ${neutralise(id)}\n`);
      for (const one of descendants) await cli.stderr.write(`revoked ${one}, which was made with it\n`);
    });
}

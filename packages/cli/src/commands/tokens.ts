import { type CreatedToken, TOKEN_SCOPES, type Token, type TokenScope } from "@cadastre/contract/token";
import { type Command, Option } from "commander";
import { commaList, duration, listOf, withExamples, withPaging } from "../arguments.ts";
import { type Cli, type Options, openClient, optionsOf } from "../cli.ts";
import { findNamed } from "../find-named.ts";
import { formatAmong } from "../output/format.ts";
import { printList } from "../output/list.ts";
import { printOne } from "../output/one.ts";
import type { Column } from "../output/table.ts";
import { neutralise, toTime } from "../output/text.ts";

/** What is worth a look: a token that ends within a week, and one that nobody has used for a month. */
const ENDING_SECONDS = 7 * 86_400;
const UNUSED_SECONDS = 30 * 86_400;

const isValid = ({ revokedAt, expiresAt }: Token, now: Date) =>
  revokedAt === undefined && expiresAt > now.toISOString();

const isEnding = ({ expiresAt }: Token, now: Date, seconds: number) =>
  Date.parse(expiresAt) - now.getTime() <= seconds * 1000;

/** Whether it was not used for so long; one that never was, since it was made. */
const isUnused = ({ lastUsedAt, createdAt }: Token, now: Date, seconds: number) =>
  now.getTime() - Date.parse(lastUsedAt ?? createdAt) >= seconds * 1000;

function stateOf(token: Token, now: Date): string {
  if (token.revokedAt !== undefined) return "revoked";
  if (!isValid(token, now)) return "expired";
  // The old one of a rotation ends on purpose.
  if (token.rotatedTo !== undefined) return "rotated";
  if (isEnding(token, now, ENDING_SECONDS)) return "ends soon";
  return isUnused(token, now, UNUSED_SECONDS) ? "unused" : "valid";
}

const STATE_STYLES: Readonly<Record<string, "green" | "yellow">> = {
  valid: "green",
  "ends soon": "yellow",
  unused: "yellow",
};

const columns = (now: Date): readonly Column<Token>[] => [
  { title: "ID", value: (one) => one.id },
  { title: "NAME", value: (one) => one.name },
  {
    title: "STATE",
    value: (one) => stateOf(one, now),
    style: (one) => STATE_STYLES[stateOf(one, now)] ?? "dim",
  },
  { title: "OF", value: (one) => one.principal.id, spare: true },
  { title: "SCOPES", value: (one) => one.scopes.join(","), shape: "id" },
  { title: "ACCOUNTS", value: (one) => one.accounts?.join(","), shape: "id", optional: true },
  { title: "ADDRESSES", value: (one) => one.addresses?.join(","), shape: "id", optional: true },
  { title: "CREATED", spare: true, value: (one) => toTime(one.createdAt), raw: (one) => one.createdAt },
  {
    title: "USED",
    value: (one) => (one.lastUsedAt === undefined ? "never" : toTime(one.lastUsedAt)),
    raw: (one) => one.lastUsedAt,
  },
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
  await show(cli, options, format, made);
}

/** A new token, and nothing beside it on stdout. */
async function show(
  cli: Cli,
  options: Options,
  format: ReturnType<typeof formatAmong>,
  made: CreatedToken,
): Promise<void> {
  // It is shown once: neither a pager nor its history is the place for it.
  cli.stdout.direct();
  if (format !== "table" && format !== "wide") return printOne(cli.stdout, options, made);
  await cli.stderr.write(
    `${made.id} ${neutralise(made.name)}, until ${toTime(made.expiresAt)}; the token is shown now and never again:\n`,
  );
  await cli.stdout.write(`${made.secret}\n`);
}

async function rotate(cli: Cli, id: string, command: Command): Promise<void> {
  const options = optionsOf<{ readonly overlap?: number }>(command);
  const format = formatAmong(options, ["table", "wide", "json", "yaml", "csv"], "a new token");
  const { overlap: overlapSeconds } = options;
  const made = await openClient(cli, options).tokens.rotate({
    id,
    ...(overlapSeconds === undefined ? {} : { overlapSeconds }),
  });
  await show(cli, options, format, made);
}

interface ListedOptions {
  readonly unused?: number;
  readonly ending?: number;
}

/** Those that are asked for: all, or of the valid ones those that are not used, or end. */
async function* chosen(tokens: AsyncIterable<Token>, { unused, ending }: ListedOptions, now: Date) {
  for await (const one of tokens) {
    const isAsked =
      (unused === undefined && ending === undefined) ||
      (isValid(one, now) &&
        ((unused !== undefined && isUnused(one, now, unused)) || (ending !== undefined && isEnding(one, now, ending))));
    if (isAsked) yield one;
  }
}

/** What there is none of when none is listed. */
function nounOf({ unused, ending }: ListedOptions): string {
  if (unused === undefined) return ending === undefined ? "tokens" : "tokens that end within that time";
  return ending === undefined ? "unused tokens" : "unused tokens, and none that end within that time";
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
  withPaging(
    tokens
      .command("list")
      .description(
        "all tokens, without their secrets; STATE says which end within a week or were not used for 30 days",
      ),
  )
    .addOption(
      new Option("--unused <time>", "only valid ones that were not used for so long, such as 90d").argParser(duration),
    )
    .addOption(
      new Option("--ending <time>", "only valid ones that end within this time, such as 14d").argParser(duration),
    )
    .action(async (_: unknown, command: Command) => {
      const options = optionsOf<ListedOptions>(command);
      const client = openClient(cli, options);
      const now = cli.now();
      const items = (limit: number) => chosen(client.tokens.list.all({ limit }), options, now);
      await printList({ ...cli, options, columns: columns(now), noun: nounOf(options), items });
    });
  withExamples(
    tokens
      .command("rotate")
      .description("make a token in the place of another, which ends after an overlap; on stdout is the new one alone")
      .argument("<id>", "tok_…")
      .addOption(
        new Option(
          "--overlap <time>",
          "for how long the old one is still good, such as 1h (the default), 0s or 7d",
        ).argParser(duration),
      )
      .action((id: string, _: unknown, command: Command) => rotate(cli, id, command)),
    "tokens rotate tok_01JD0000000000000000000000 --overlap 24h > ci.token",
    "tokens list --ending 14d",
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

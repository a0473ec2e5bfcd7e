import type { Client } from "@cadastre/client/client";
import type { IdentityProvider } from "@cadastre/contract/identity-provider";
import { type Command, InvalidArgumentError, Option } from "commander";
import { commaList, duration, withExamples, withPaging } from "../arguments.ts";
import { type Cli, openClient, optionsOf } from "../cli.ts";
import { UsageError } from "../exit-codes.ts";
import { findGroupId } from "../find-named.ts";
import { printList } from "../output/list.ts";
import { printOne } from "../output/one.ts";
import type { Column } from "../output/table.ts";
import { neutralise, toTime } from "../output/text.ts";
import { readSecretLine } from "../secret-line.ts";

const COLUMNS: readonly Column<IdentityProvider>[] = [
  { title: "ID", value: (one) => one.id },
  { title: "NAME", value: (one) => one.name },
  { title: "ISSUER", value: (one) => one.issuer, shape: "id" },
  { title: "CLIENT", value: (one) => one.clientId, shape: "id" },
  { title: "MAKES USERS", value: (one) => (one.createsUsers ? "yes" : "no") },
  { title: "GROUPS", value: (one) => String(one.groups.length), spare: true },
  { title: "REDIRECT URI", value: (one) => one.redirectUri, shape: "id", optional: true },
  { title: "CREATED", spare: true, value: (one) => toTime(one.createdAt), raw: (one) => one.createdAt },
];

/** A value of the claim, and a group by its id or name. */
interface Mapped {
  readonly value: string;
  readonly group: string;
}

interface Said {
  readonly name?: string;
  readonly issuer?: string;
  readonly clientId?: string;
  readonly scopes?: string[];
  readonly groupsClaim?: string;
  readonly group?: readonly Mapped[];
  readonly userNameClaim?: string;
  readonly displayNameClaim?: string;
  readonly emailClaim?: string;
  readonly createsUsers?: boolean;
  readonly clockTolerance?: number;
}

/** `VALUE=GROUP`, again and again; values may have an = in them. */
function mapping(text: string, before: readonly Mapped[] | undefined): readonly Mapped[] {
  const at = text.lastIndexOf("=");
  if (at < 1 || at === text.length - 1)
    throw new InvalidArgumentError("it is a value of the claim and a group, such as admins=engineers.");
  return [...(before ?? []), { value: text.slice(0, at), group: text.slice(at + 1) }];
}

/** What making and changing take alike. */
const withSaid = (command: Command): Command =>
  command
    .option("--client-id <id>", "as the provider knows this service")
    .addOption(new Option("--scopes <list>", "beside openid (default: profile,email)").argParser(commaList))
    .option("--groups-claim <claim>", "the claim that has groups; with it each --group is looked at")
    .addOption(
      new Option("--group <value=group>", "who has the value is in the group (id or name); may be repeated").argParser(
        mapping,
      ),
    )
    .option("--user-name-claim <claim>", "of new users (default: preferred_username)")
    .option("--display-name-claim <claim>", "of new users (default: name)")
    .option("--email-claim <claim>", "of new users (default: email)")
    .option("--creates-users", "make a user, who may do nothing yet, for who is not known")
    .addOption(
      new Option("--clock-tolerance <time>", "how far its clock may be off (default: 30s)").argParser(duration),
    );

/** Claims by what they are for; undefined where none is named. */
const claimsOf = ({ userNameClaim: userName, displayNameClaim: displayName, emailClaim: email }: Said) =>
  [userName, displayName, email].every((one) => one === undefined)
    ? undefined
    : Object.fromEntries(Object.entries({ userName, displayName, email }).filter(([, value]) => value !== undefined));

const saidOf = async (client: Client, options: Said) => ({
  scopes: options.scopes,
  claims: claimsOf(options),
  groups:
    options.group &&
    (await Promise.all(
      options.group.map(async ({ value, group }) => ({ value, group: await findGroupId(client, group) })),
    )),
  createsUsers: options.createsUsers,
  clockToleranceSeconds: options.clockTolerance,
});

async function readClientSecret(cli: Cli, name: string): Promise<string> {
  const secret = await readSecretLine(cli, `Client secret of ${neutralise(name)}: `);
  if (secret === "") throw new UsageError("no client secret: pipe it in, or type it when asked");
  return secret;
}

async function add(cli: Cli, name: string, command: Command): Promise<void> {
  const options = optionsOf<Said>(command);
  const { issuer = "", clientId = "", groupsClaim } = options;
  const client = openClient(cli, options);
  const clientSecret = await readClientSecret(cli, name);
  const made = await client.identityProviders.create({
    name,
    issuer,
    clientId,
    clientSecret,
    groupsClaim,
    ...(await saidOf(client, options)),
  });
  await printOne(cli.stdout, options, made);
}

async function set(cli: Cli, id: string, command: Command): Promise<void> {
  const options = optionsOf<Said & { secret?: boolean }>(command);
  const { name, issuer, clientId, groupsClaim, secret } = options;
  const client = openClient(cli, options);
  const said = {
    name,
    issuer,
    clientId,
    groupsClaim: groupsClaim === "" ? null : groupsClaim,
    ...(await saidOf(client, options)),
  };
  if (secret !== true && Object.values(said).every((value) => value === undefined))
    throw new UsageError("nothing to change: give at least one option");
  const clientSecret = secret === true ? await readClientSecret(cli, id) : undefined;
  await printOne(cli.stdout, options, await client.identityProviders.patch({ id, clientSecret, ...said }));
}

/** Adds `identity-providers` to the program. */
export function addIdentityProviders(program: Command, cli: Cli): void {
  const providers = program
    .command("identity-providers")
    .description("OpenID Connect providers by which people log in");
  withPaging(providers.command("list").description("all providers, without their secrets")).action(
    async (_: unknown, command: Command) => {
      const options = optionsOf(command);
      const client = openClient(cli, options);
      const items = (limit: number) => client.identityProviders.list.all({ limit });
      await printList({ ...cli, options, columns: COLUMNS, noun: "identity providers", items });
    },
  );
  providers
    .command("show")
    .description("one provider, with the redirect URI to register there")
    .argument("<id>", "idp_…")
    .action(async (id: string, _: unknown, command: Command) => {
      const options = optionsOf(command);
      await printOne(cli.stdout, options, await openClient(cli, options).identityProviders.get({ id }));
    });
  withExamples(
    withSaid(
      providers
        .command("add")
        .description("have people log in by a provider; its secret is the first line of stdin")
        .argument("<name>", "as it stands on the button")
        .requiredOption("--issuer <url>", "as its discovery document has it"),
    ).action((name: string, _: unknown, command: Command) => add(cli, name, command)),
    "identity-providers add Okta --issuer https://example.okta.com --client-id 0oa1 < client.secret",
    "identity-providers add Entra --issuer https://login.microsoftonline.com/TENANT/v2.0 --client-id 11aa --groups-claim groups --group 8aa1=engineers",
  );
  withSaid(
    providers
      .command("set")
      .description("change a provider; '' takes the claim of groups away")
      .argument("<id>", "idp_…")
      .option("--name <name>")
      .option("--issuer <url>", "another one; its secret is needed, too")
      .option("--secret", "another secret: the first line of stdin"),
  )
    .option("--no-creates-users", "make nobody a user any more")
    .action((id: string, _: unknown, command: Command) => set(cli, id, command));
  providers
    .command("remove")
    .description("remove a provider: nobody logs in by it any more, and its sessions end")
    .argument("<id>", "idp_…")
    .action(async (id: string, _: unknown, command: Command) => {
      await openClient(cli, optionsOf(command)).identityProviders.delete({ id });
      await cli.stderr.write(`removed ${neutralise(id)}\n`);
    });
}

import type { Identity } from "@cadastre/contract/identity-provider";
import type { Command } from "commander";
import { withColumns } from "../arguments.ts";
import { type Cli, openClient, optionsOf } from "../cli.ts";
import { confirm } from "../confirm.ts";
import { UsageError } from "../exit-codes.ts";
import { findUserId } from "../find-named.ts";
import { printList } from "../output/list.ts";
import { printOne } from "../output/one.ts";
import type { Column } from "../output/table.ts";
import { neutralise, toTime } from "../output/text.ts";

/** Adds to `users` what an admin does for who cannot log in. */
export function addUserLogins(users: Command, cli: Cli): void {
  users
    .command("unlock")
    .description("let a user log in again after too many failures")
    .argument("<user>", "by its id, usr_…, or its name")
    .action(async (user: string, _: unknown, command: Command) => {
      const client = openClient(cli, optionsOf(command));
      await client.auth.unlock({ id: await findUserId(client, user) });
      await cli.stderr.write(`unlocked ${neutralise(user)}\n`);
    });
  users
    .command("password-link")
    .description("make a link by which a user sets a password, once; on stdout is the link and nothing else")
    .argument("<user>", "by its id, usr_…, or its name")
    .action(async (user: string, _: unknown, command: Command) => {
      const client = openClient(cli, optionsOf(command));
      const made = await client.auth.passwordLink({ id: await findUserId(client, user) });
      // It is shown once: neither a pager nor its history is the place for it.
      cli.stdout.direct();
      const what =
        made.link === undefined ? "the secret of a link, to be put behind /setup# of the API's address" : "a link";
      await cli.stderr.write(`${what}, once until ${toTime(made.expiresAt)}:\n`);
      await cli.stdout.write(`${made.link ?? made.secret}\n`);
    });
  users
    .command("reset-factors")
    .description("remove all second factors of a user who has lost them; its sessions end")
    .argument("<user>", "by its id, usr_…, or its name")
    .option("--yes", "do not ask")
    .action(async (user: string, _: unknown, command: Command) => {
      const options = optionsOf<{ yes?: boolean }>(command);
      const isMeant = options.yes === true || (await confirm(cli, `Remove all second factors of ${neutralise(user)}?`));
      if (!isMeant) throw new UsageError("nothing was removed");
      const client = openClient(cli, options);
      await client.auth.resetFactors({ id: await findUserId(client, user) });
      await cli.stderr.write(`removed the second factors of ${neutralise(user)}\n`);
    });
  addIdentities(users, cli);
}

const IDENTITIES: readonly Column<Identity>[] = [
  { title: "ID", value: (one) => one.id },
  { title: "ISSUER", value: (one) => one.issuer, shape: "id" },
  { title: "SUBJECT", value: (one) => one.subject, shape: "id" },
  { title: "LAST USED", value: (one) => one.usedAt && toTime(one.usedAt), raw: (one) => one.usedAt },
];

/** Adds to `users` as whom identity providers know one. */
function addIdentities(users: Command, cli: Cli): void {
  withColumns(users.command("identities").description("as whom identity providers know a user"))
    .argument("<user>", "by its id, usr_…, or its name")
    .action(async (user: string, _: unknown, command: Command) => {
      const options = optionsOf(command);
      const client = openClient(cli, options);
      const id = await findUserId(client, user);
      async function* items() {
        yield* (await client.identityProviders.identities({ id })).items;
      }
      await printList({ ...cli, options, columns: IDENTITIES, noun: "identities", items });
    });
  users
    .command("link")
    .description("say that a user is known as a subject at an identity provider, and logs in by it")
    .argument("<user>", "by its id, usr_…, or its name")
    .argument("<provider>", "idp_…")
    .argument("<subject>", "the sub of its ID tokens; who is not known here is told it")
    .action(async (user: string, provider: string, subject: string, _: unknown, command: Command) => {
      const options = optionsOf(command);
      const client = openClient(cli, options);
      const id = await findUserId(client, user);
      const linked = await client.identityProviders.linkIdentity({ id, provider, subject });
      await printOne(cli.stdout, options, linked);
    });
  users
    .command("unlink")
    .description("take an identity from a user, who logs in by it no more")
    .argument("<user>", "by its id, usr_…, or its name")
    .argument("<identity>", "idn_…")
    .action(async (user: string, identity: string, _: unknown, command: Command) => {
      const client = openClient(cli, optionsOf(command));
      await client.identityProviders.unlinkIdentity({ id: await findUserId(client, user), identity });
      await cli.stderr.write(`took ${neutralise(identity)} from ${neutralise(user)}\n`);
    });
}

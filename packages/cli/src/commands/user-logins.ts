import type { Command } from "commander";
import { type Cli, openClient, optionsOf } from "../cli.ts";
import { confirm } from "../confirm.ts";
import { UsageError } from "../exit-codes.ts";
import { findUserId } from "../find-named.ts";
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
}

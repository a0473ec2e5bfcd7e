import type { WhatCan, WhoCan } from "@cadastre/contract/policy";
import type { Command } from "commander";
import { withExamples, withPaging } from "../arguments.ts";
import { type Cli, openClient, optionsOf } from "../cli.ts";
import { findNamed, findThing } from "../find-named.ts";
import { printAll, printList } from "../output/list.ts";
import { printOne } from "../output/one.ts";
import type { Column } from "../output/table.ts";

const WHO: readonly Column<WhoCan>[] = [
  { title: "WHO", value: (one) => one.principal },
  { title: "NAME", value: (one) => one.name, shape: "id" },
  { title: "BY", value: (one) => one.policies.join(","), shape: "id" },
];

const WHAT: readonly Column<WhatCan>[] = [
  { title: "WHERE", value: (one) => one.resource },
  { title: "MAY", value: (one) => one.actions.join(","), shape: "id" },
];

const PRINCIPAL = "a user or service account, by its id or name";
const PRINCIPALS = ["user", "service-account"] as const;
const ACTION = "such as resources:read";
const RESOURCE = "system, organization/SLUG, aws/123456789012, credential/crd_… and the like";

/** Adds `access` to the program. */
export function addAccess(program: Command, cli: Cli): void {
  const access = program.command("access").description("who may do what, by which roles and policies");
  withExamples(
    access
      .command("explain")
      .description("whether somebody may do something, what decides it, and what is missing")
      .argument("<who>", `${PRINCIPAL}, or a collector, by its id`)
      .argument("<action>", ACTION)
      .argument("<what>", RESOURCE)
      .action(async (who: string, action: string, what: string, _: unknown, command: Command) => {
        const options = optionsOf(command);
        const client = openClient(cli, options);
        const [, collector] = /^(?:collector\/)?(col_.*)$/.exec(who) ?? [];
        const { type, id } = collector
          ? { type: "collector", id: collector }
          : await findNamed(client, who, PRINCIPALS);
        const [principal, resource] = [`${type}/${id}`, await findThing(client, what)];
        await printOne(cli.stdout, options, await client.access.explain({ principal, action, resource }));
      }),
    "access explain ann@example.com accounts:write aws/123456789012",
    "access explain col_01JD0000000000000000000000 discovery:deliver aws/123456789012",
  );
  withPaging(access.command("who-can").description("all who may do something to something"))
    .argument("<action>", ACTION)
    .argument("<what>", RESOURCE)
    .action(async (action: string, what: string, _: unknown, command: Command) => {
      const options = optionsOf(command);
      const client = openClient(cli, options);
      const resource = await findThing(client, what);
      const items = (limit: number) => client.access.whoCan.all({ action, resource, limit });
      await printList({ ...cli, options, columns: WHO, noun: "principals", items });
    });
  withPaging(access.command("what-can").description("what somebody may do, and where"))
    .argument("<who>", PRINCIPAL)
    .action(async (who: string, _: unknown, command: Command) => {
      const options = optionsOf(command);
      const client = openClient(cli, options);
      const { type, id } = await findNamed(client, who, PRINCIPALS);
      const { items } = await client.access.whatCan({ principal: `${type}/${id}` });
      await printAll({ ...cli, options, columns: WHAT, noun: "rights", items });
    });
}

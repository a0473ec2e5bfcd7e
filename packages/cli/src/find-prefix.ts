import type { Client } from "@cadastre/client/client";
import type { Ip } from "@cadastre/contract/addresses/ip";
import type { Command } from "commander";
import { Option } from "commander";
import { NotFoundError } from "./exit-codes.ts";
import { neutralise } from "./output/text.ts";

/** Adds `--space`, which says in which address space something is; CADASTRE_SPACE says it once for all. */
export const withSpace = (command: Command): Command =>
  command.addOption(
    new Option("--space <space>", "the address space, by its id or name").env("CADASTRE_SPACE").makeOptionMandatory(),
  );

export const PREFIX = "such as 10.1.0.0/16, or its id, ip_…";

/** The planned prefix that is meant by itself or by its id. Throws NotFoundError. */
export async function findPrefix(client: Client, spaceId: string, text: string): Promise<Ip> {
  if (text.startsWith("ip_")) return client.ips.get({ spaceId, ipId: text });
  const prefix = text.includes("/") ? text : `${text}/${text.includes(":") ? 128 : 32}`;
  const { items } = await client.ips.list({ spaceId, prefix, limit: 1 });
  const [found] = items;
  if (found) return found;
  throw new NotFoundError(
    `${JSON.stringify(neutralise(prefix))} is not planned in this address space`,
    "`cadastre prefixes list --contains …` has what contains it",
  );
}

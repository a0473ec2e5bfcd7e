import { newIp } from "@cadastre/contract/addresses/ip";
import { parsePrefix } from "@cadastre/net/prefix";
import { expect, test } from "vitest";
import { aContext, anActorOf } from "../../audit/testing.ts";
import type { Context } from "../../context.ts";
import { importFile } from "../imports/testing.ts";
import { aSpace } from "../testing.ts";
import { createIp } from "./create-ip.ts";
import { deleteIp } from "./delete-ip.ts";
import { WindowItem } from "./items.ts";
import { readWindows } from "./read-windows.ts";
import { replaceIp } from "./replace-ip.ts";

const ACTOR = anActorOf("service-account", "sva_1");

/** What a table does before the first look at windows that a use case takes. */
function beforeWindows(context: Context, act: () => Promise<unknown>): Context {
  let isDone = false;
  const { table } = context;
  return {
    ...context,
    table: {
      ...table,
      async query(entity, query) {
        if (entity.type === WindowItem.type && !isDone) {
          isDone = true;
          await act();
        }
        return table.query(entity, query);
      },
    },
  };
}

/** What the windows of a prefix say is planned in it. */
async function plannedIn({ table }: Context, space: string, prefix: string): Promise<string[]> {
  const windows = await readWindows(table, space, parsePrefix(prefix));
  return windows.flatMap(({ layers }) => layers.planned.map(({ first, last }) => `${first}-${last}`));
}

const places = (...prefixes: string[]) =>
  prefixes.map((text) => {
    const { network, length } = parsePrefix(text);
    return `${network}-${network + (1n << BigInt(32 - length)) - 1n}`;
  });

test.each(["made", "imported", "moved", "removed"] as const)(
  "a prefix that is %s stands in what was put above it in the same moment",
  async (how) => {
    const context = aContext();
    const space = await aSpace(context);
    const plan = (prefix: string, in_: Context = context) => createIp(in_, ACTOR, space, newIp.parse({ prefix }));
    // Lengths that are new to the space would be met by each other.
    for (const prefix of ["172.16.0.0/12", "192.168.0.0/16", "10.0.0.0/8"]) await plan(prefix);
    const [one] =
      how === "made" || how === "imported" ? [] : [await plan(how === "moved" ? "192.0.2.0/24" : "10.1.0.0/16")];
    const late = beforeWindows(context, () => plan("10.0.0.0/12"));
    if (how === "made") await plan("10.1.0.0/16", late);
    else if (how === "imported") await importFile(late, space, "prefix\n10.1.0.0/16\n");
    else if (how === "moved")
      await replaceIp(late, ACTOR, space, one?.id ?? "", newIp.parse({ prefix: "10.1.0.0/16" }), {});
    else await deleteIp(late, ACTOR, space, one?.id ?? "", {});
    expect(await plannedIn(context, space, "10.0.0.0/12")).toEqual(how === "removed" ? [] : places("10.1.0.0/16"));
    expect(await plannedIn(context, space, "10.0.0.0/8")).toEqual(places("10.0.0.0/12"));
    if (how !== "removed") expect(await plannedIn(context, space, "10.1.0.0/16")).toEqual([]);
  },
);

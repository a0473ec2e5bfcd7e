import type { Trigger } from "@cadastre/contract/discovery";
import { newId } from "@cadastre/contract/ids";
import { put } from "@cadastre/store/table";
import { commitRecorded } from "../audit/commit-recorded.ts";
import { type Actor, actorName, type Context } from "../context.ts";
import { inGroups } from "../in-parallel.ts";
import { TriggerItem } from "./items.ts";

const LIFE_SECONDS = 86_400;
/** Triggers that one commit writes at the most. */
const MOST_TRIGGERS = 50;

/** Asks collectors to run now. Those that poll find it for a day; `publish` tells the others. Writes trigger and audit items. */
export async function requestRuns(
  context: Context,
  actor: Actor,
  collectors: readonly { readonly id: string; readonly name: string }[],
  publish: (triggers: readonly (Trigger & { readonly name: string })[]) => Promise<void>,
): Promise<Trigger[]> {
  const now = context.now();
  const triggers = collectors.map(({ id, name }) => ({
    id: newId("trigger", now),
    collector: id,
    name,
    requestedAt: now.toISOString(),
    requestedBy: actorName(actor),
  }));
  for (const some of inGroups(triggers, MOST_TRIGGERS)) {
    const expiresAtSeconds = Math.floor(now.getTime() / 1000) + LIFE_SECONDS;
    const names = some.map((one) => one.name);
    const writes = some.map(({ name: _, ...one }) => put(TriggerItem, { ...one, expiresAtSeconds }));
    await commitRecorded(context, actor, writes, {
      action: "discovery.trigger",
      target: names.length === 1 ? (names[0] ?? "") : "collectors",
      detail: { collectors: names },
    });
  }
  await publish(triggers);
  return triggers.map(({ name: _, ...trigger }) => trigger);
}

/** The triggers of a collector after the given one, oldest first. */
export async function listTriggers(context: Context, collector: string, after: string | undefined): Promise<Trigger[]> {
  const page = await context.table.query(TriggerItem, {
    partition: `trigger#${collector}`,
    ...(after ? { sort: { after } } : {}),
    limit: 100,
  });
  return page.items.map(({ version: _, expiresAtSeconds: __, ...trigger }) => trigger);
}

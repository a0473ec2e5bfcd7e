import type { AuditAction } from "@cadastre/contract/audit-actions";
import { type Forwarder, type ForwarderLetter, forwarderLetter } from "@cadastre/contract/forwarder";
import { replace } from "@cadastre/store/table";
import { commitRecorded } from "../audit/commit-recorded.ts";
import type { Actor, Context } from "../context.ts";
import { type Listed, type ListOptions, selectPage } from "../lists.ts";
import { retryOnConflict } from "../retry-on-conflict.ts";
import { getForwarder, requireForwarder, requireForwarding } from "./forwarders.ts";
import { ForwarderLetterItem, ForwardingItem, lettersPartition } from "./items.ts";

async function ask(
  context: Context,
  actor: Actor,
  id: string,
  { action, wish }: { readonly action: AuditAction; readonly wish: Partial<ForwardingItem> },
): Promise<Forwarder> {
  await retryOnConflict(async () => {
    await requireForwarder(context, id);
    const { version, ...state } = await requireForwarding(context, id);
    await commitRecorded(context, actor, [replace(ForwardingItem, { ...state, ...wish }, version)], {
      action,
      target: id,
    });
  });
  return getForwarder(context, id);
}

/**
 * Has the receiver sent a message without records; `state.test` says what became of it. Throws 404 `forwarder.not_found`. Writes the wish and one
 * audit record.
 */
export function askTest(context: Context, actor: Actor, id: string): Promise<Forwarder> {
  const test = { askedAt: context.now().toISOString() };
  return ask(context, actor, id, { action: "forwarder.test", wish: { test } });
}

/** Has what was set aside sent again, oldest first, until one is refused again. Throws and writes the same. */
export function askReplay(context: Context, actor: Actor, id: string): Promise<Forwarder> {
  return ask(context, actor, id, { action: "forwarder.replay", wish: { isReplaying: true } });
}

/** What was set aside, oldest first. Throws 404 `forwarder.not_found`, 422 `cursor.invalid`. */
export async function listLetters(
  context: Context,
  id: string,
  options: ListOptions,
): Promise<Listed<ForwarderLetter>> {
  await requireForwarder(context, id);
  const selection = {
    list: "forwarder-letters",
    filters: { id },
    entity: ForwarderLetterItem,
    partition: lettersPartition(id),
    select: async (items: readonly ForwarderLetter[]) => items.map((item) => forwarderLetter.parse(item)),
  };
  return selectPage(context, selection, options);
}

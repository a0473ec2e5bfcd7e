import { randomBytes } from "node:crypto";
import { ProblemError } from "@cadastre/contract/errors";
import {
  type CreatedForwarder,
  FORWARDER_MEMBERS,
  type Forwarder,
  type ForwarderPatch,
  forwarder as forwarderSchema,
  type NewForwarder,
  type RotatedForwarder,
  type Rotation,
} from "@cadastre/contract/forwarder";
import { newId } from "@cadastre/contract/ids";
import { create, remove, replace, type Stored } from "@cadastre/store/table";
import { commitRecorded } from "../audit/commit-recorded.ts";
import { secretChange } from "../audit/hash-key.ts";
import { changesBetween } from "../changes.ts";
import { type Actor, actorName, type Context } from "../context.ts";
import { type Listed, type ListOptions, selectPage } from "../lists.ts";
import { retryOnConflict } from "../retry-on-conflict.ts";
import { readHead } from "../seals/checkpoints.ts";
import type { SealHeadItem } from "../seals/items.ts";
import { FORWARDERS_PARTITION, ForwarderItem, ForwarderSecretItem, ForwardingItem } from "./items.ts";

/** Of an organization. Some more where several are made at once. */
const MOST_FORWARDERS = 20;

/** RFC 5425 §4.1. */
const SYSLOG_PORT = 6514;

const newSecret = (): string => `whsec_${randomBytes(32).toString("base64")}`;

/** A forwarder as it is stored. Throws 404 `forwarder.not_found`. */
export async function requireForwarder({ table }: Pick<Context, "table">, id: string): Promise<Stored<ForwarderItem>> {
  const stored = await table.get(ForwarderItem, { id }, { consistent: true });
  if (!stored) throw new ProblemError("forwarder.not_found");
  return stored;
}

/** How far a forwarder is, as it is stored. Throws 404 `forwarder.not_found`. */
export async function requireForwarding(
  { table }: Pick<Context, "table">,
  id: string,
): Promise<Stored<ForwardingItem>> {
  const stored = await table.get(ForwardingItem, { id }, { consistent: true });
  if (!stored) throw new ProblemError("forwarder.not_found");
  return stored;
}

function toView(
  stored: Stored<ForwarderItem>,
  { next, failing, until, ...state }: ForwardingItem,
  { head, now }: { readonly head: SealHeadItem | undefined; readonly now: Date },
): Forwarder {
  const waiting = Math.max(0, (head?.sequence ?? -1) - next.sequence + 1);
  const lag = waiting === 0 ? 0 : Math.max(0, Math.floor((now.getTime() - Date.parse(until)) / 1000));
  return forwarderSchema.parse({
    ...stored,
    state: {
      ...state,
      until,
      waiting,
      lagSeconds: lag,
      failures: failing?.count ?? 0,
      ...(failing === undefined ? {} : { fault: failing.fault, status: failing.status }),
    },
  });
}

/** One forwarder, and how far it is. Throws 404 `forwarder.not_found`. */
export async function getForwarder(context: Context, id: string): Promise<Forwarder> {
  const [stored, state, head] = await Promise.all([
    requireForwarder(context, id),
    requireForwarding(context, id),
    readHead(context),
  ]);
  return toView(stored, state, { head, now: context.now() });
}

/** Forwarders, oldest first. Throws 422 `cursor.invalid`. */
export function listForwarders(context: Context, options: ListOptions): Promise<Listed<Forwarder>> {
  const { table } = context;
  const selection = {
    list: "forwarders",
    entity: ForwarderItem,
    partition: FORWARDERS_PARTITION,
    async select(items: readonly Stored<ForwarderItem>[]) {
      const [states, head] = await Promise.all([
        table.getMany(ForwardingItem, items, { consistent: true }),
        readHead(context),
      ]);
      return items.map((item, at) => {
        const state = states[at];
        return state && toView(item, state, { head, now: context.now() });
      });
    },
  };
  return selectPage(context, selection, options);
}

/**
 * Makes a forwarder, which begins with what no checkpoint has yet; a webhook's secret is in this answer and nowhere else ever again. Throws 409
 * `forwarder.limit`. Writes it, how far it is, a webhook's secret, and one audit record.
 */
export async function createForwarder(context: Context, actor: Actor, input: NewForwarder): Promise<CreatedForwarder> {
  const { table } = context;
  const query = { partition: FORWARDERS_PARTITION, limit: MOST_FORWARDERS, consistent: true };
  const [{ items }, head] = await Promise.all([table.query(ForwarderItem, query), readHead(context)]);
  if (items.length >= MOST_FORWARDERS)
    throw new ProblemError("forwarder.limit", `an organization may have ${MOST_FORWARDERS}`);
  const now = context.now();
  const id = newId("forwarder", now);
  const at = now.toISOString();
  const port = input.type === "syslog" ? { port: input.port ?? SYSLOG_PORT } : {};
  const item = { ...input, ...port, id, paused: false, createdAt: at, createdBy: actorName(actor), updatedAt: at };
  const secret = input.type === "webhook" ? newSecret() : undefined;
  const state: ForwardingItem = {
    id,
    next: { sequence: (head?.sequence ?? -1) + 1, index: 0 },
    until: head?.to ?? at,
    delivered: 0,
    deadLetters: 0,
    isSingle: false,
    isReplaying: false,
  };
  const signed = secret === undefined ? [] : [await secretChange(context, "secret", { after: secret })];
  await commitRecorded(
    context,
    actor,
    [
      create(ForwarderItem, item),
      create(ForwardingItem, state),
      ...(secret === undefined ? [] : [create(ForwarderSecretItem, { id, secret })]),
    ],
    { action: "forwarder.create", target: id, changes: [...changesBetween(undefined, input), ...signed] },
  );
  const made = await getForwarder(context, id);
  return secret === undefined ? made : { ...made, secret };
}

function requireMembersOf(type: ForwarderItem["type"], patch: ForwarderPatch): void {
  const errors = Object.entries(FORWARDER_MEMBERS)
    .filter(([name, of]) => patch[name as keyof typeof FORWARDER_MEMBERS] !== undefined && of !== type)
    .map(([path, of]) => ({ path, message: `is for ${of}` }));
  if (errors[0]) throw new ProblemError("request.invalid", `${errors[0].path}: ${errors[0].message}`, { errors });
}

/**
 * Changes a forwarder; what changes nothing writes nothing. Throws 404 `forwarder.not_found`, 412 `request.precondition_failed`, 422
 * `request.invalid` for what its type has not. Writes it and one audit record.
 */
export async function patchForwarder(
  context: Context,
  actor: Actor,
  id: string,
  { ca, ...patch }: ForwarderPatch,
  { version: wanted }: { readonly version?: number | undefined },
): Promise<Forwarder> {
  await retryOnConflict(async () => {
    const { version, ...before } = await requireForwarder(context, id);
    if (wanted !== undefined && version !== wanted) throw new ProblemError("request.precondition_failed");
    requireMembersOf(before.type, patch);
    const given = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
    const { ca: old, ...rest } = { ...before, ...given };
    const next: ForwarderItem = {
      ...rest,
      ...(ca === undefined ? (old === undefined ? {} : { ca: old }) : ca === null ? {} : { ca }),
    };
    const changes = changesBetween(before, next);
    if (changes.length === 0) return;
    const item = { ...next, updatedAt: context.now().toISOString() };
    await commitRecorded(context, actor, [replace(ForwarderItem, item, version)], {
      action: "forwarder.patch",
      target: id,
      changes,
    });
  });
  return getForwarder(context, id);
}

/**
 * Forgets a forwarder: nothing is sent by it any more but what is on its way. Throws 404 `forwarder.not_found`. Writes its end and that of its
 * secret, and one audit record.
 */
export async function deleteForwarder(context: Context, actor: Actor, id: string): Promise<void> {
  await retryOnConflict(async () => {
    const { version, name, type } = await requireForwarder(context, id);
    await commitRecorded(
      context,
      actor,
      [remove(ForwarderItem, { id }, version), remove(ForwardingItem, { id }), remove(ForwarderSecretItem, { id })],
      { action: "forwarder.delete", target: id, detail: { name, type } },
    );
  });
}

/**
 * Gives a webhook a new secret, which is in this answer and nowhere else ever again; for a while messages are signed with the old one, too.
 * Throws 404 `forwarder.not_found`, 409 `forwarder.unsigned`. Writes both and one audit record.
 */
export async function rotateForwarder(
  context: Context,
  actor: Actor,
  id: string,
  { overlapSeconds }: Rotation,
): Promise<RotatedForwarder> {
  return retryOnConflict(async () => {
    await requireForwarder(context, id);
    const stored = await context.table.get(ForwarderSecretItem, { id }, { consistent: true });
    if (!stored) throw new ProblemError("forwarder.unsigned");
    const until = new Date(context.now().getTime() + overlapSeconds * 1000).toISOString();
    const secret = newSecret();
    const item = { id, secret, old: { secret: stored.secret, until } };
    await commitRecorded(context, actor, [replace(ForwarderSecretItem, item, stored.version)], {
      action: "forwarder.rotate",
      target: id,
      changes: [await secretChange(context, "secret", { before: stored.secret, after: secret })],
      detail: { oldUntil: until },
    });
    return { id, secret, oldUntil: until };
  });
}

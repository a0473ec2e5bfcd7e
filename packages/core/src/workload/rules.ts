import { ProblemError } from "@cadastre/contract/errors";
import { newId } from "@cadastre/contract/ids";
import { type NewTrustRule, type TrustRule, trustRule } from "@cadastre/contract/trust-rule";
import { create, remove, replace, type Stored, type Write } from "@cadastre/store/table";
import { readOwner, requireGiven, requireUnscoped } from "../access/grant-token.ts";
import { guardSystemAdmins } from "../access/system-admins.ts";
import { commitRecorded } from "../audit/commit-recorded.ts";
import { changesBetween } from "../changes.ts";
import { type Actor, actorName, type Context } from "../context.ts";
import { ServiceAccountItem } from "../directory/items.ts";
import { toAddressList } from "../limits/address-list.ts";
import { blockedUrl, type Reach } from "../limits/outside.ts";
import { type Listed, type ListOptions, selectPage } from "../lists.ts";
import { retryOnConflict } from "../retry-on-conflict.ts";
import { whyOpen } from "./expected.ts";
import { TRUST_RULES_PARTITION, TrustRuleItem, TrustRuleListItem } from "./items.ts";
import { whyNoKeys } from "./key-sets.ts";

const toView = (stored: Stored<TrustRuleItem>): TrustRule => trustRule.parse(stored);

async function read({ table, organization }: Context, id: string): Promise<Stored<TrustRuleItem>> {
  const stored = await table.get(TrustRuleItem, { id }, { consistent: true });
  if (stored?.organization !== organization) throw new ProblemError("trust-rule.not_found");
  return stored;
}

function invalid(path: string, message: string): ProblemError {
  return new ProblemError("request.invalid", `${path}: ${message}`, { errors: [{ path, message }] });
}

/** What a rule says, once nothing of it is wrong. Throws 422 `request.invalid`. */
async function checked(rule: NewTrustRule, reach: Reach): Promise<NewTrustRule> {
  const { trusts, addresses } = rule;
  const open = whyOpen(trusts);
  if (open !== undefined) throw invalid("trusts.claims", open);
  const keys = "keys" in trusts ? trusts.keys : undefined;
  const noKeys = keys && (await whyNoKeys(keys));
  if (noKeys !== undefined) throw invalid("trusts.keys", noKeys);
  // An issuer whose keys the rule has is never asked, wherever it is.
  if ("issuer" in trusts && keys === undefined) {
    const blocked = blockedUrl(new URL(trusts.issuer), reach);
    if (blocked !== undefined) throw invalid("trusts.issuer", blocked);
  }
  return addresses === undefined ? rule : { ...rule, addresses: toAddressList(addresses, "addresses") };
}

/** What a caller's giving somebody the rights of a service account rests on: what a token of that one does. */
async function requireMayTrust(context: Context, actor: Actor, rule: NewTrustRule): Promise<Write> {
  requireGiven(context, actor.principal, rule);
  // It outlives whatever token has made it, and is not revoked with that one: also for oneself it is no narrow token's to make.
  requireUnscoped(actor.principal, "a trust rule");
  return (await readOwner(context, actor, { type: "service-account", id: rule.serviceAccount })).guard;
}

/** What takes from a service account a way to act is for who may change it, as long as it is there. Throws 403 `access.exceeds`. */
async function requireMayTake(context: Context, actor: Actor, { serviceAccount: id }: NewTrustRule): Promise<void> {
  const standing = await context.table.get(ServiceAccountItem, { id }, { consistent: true });
  if (standing) await guardSystemAdmins(context, actor)(standing);
}

type Guard = () => Promise<readonly Write[]>;

/**
 * Makes a trust rule. Who makes one gives all that its service account may to whoever meets it, and so needs what making a token of that one does.
 * Throws 422 `request.invalid`, 403 `token.scope`, `token.principal`, `access.exceeds`, 404 `service-account.not_found`. What `guard` answers
 * is used up in its commit. Writes it, its place in the list, and one audit record.
 */
export async function createTrustRule(
  context: Context,
  actor: Actor,
  input: NewTrustRule,
  { reach, guard }: { readonly reach: Reach; readonly guard: Guard },
): Promise<TrustRule> {
  const rule = await checked(input, reach);
  const at = context.now();
  const id = newId("trustRule", at);
  const by = actorName(actor);
  const { organization } = context;
  const times = { createdAt: at.toISOString(), createdBy: by, updatedAt: at.toISOString(), updatedBy: by };
  await retryOnConflict(async () => {
    const standing = await requireMayTrust(context, actor, rule);
    const writes = [create(TrustRuleItem, { ...rule, id, organization, ...times }), create(TrustRuleListItem, { id })];
    await commitRecorded(context, actor, [...writes, standing, ...(await guard())], {
      action: "trust-rule.create",
      target: id,
      changes: changesBetween(undefined, rule),
    });
  });
  return getTrustRule(context, id);
}

/** One trust rule. Throws 404 `trust-rule.not_found`, also for another organization's. */
export async function getTrustRule(context: Context, id: string): Promise<TrustRule> {
  return toView(await read(context, id));
}

/** Trust rules of the context's organization, oldest first. Throws 422 `cursor.invalid`. */
export function listTrustRules(context: Context, options: ListOptions): Promise<Listed<TrustRule>> {
  return selectPage(
    context,
    {
      list: "trust-rules",
      entity: TrustRuleListItem,
      partition: TRUST_RULES_PARTITION,
      async select(items) {
        const found = await context.table.getMany(TrustRuleItem, items, { consistent: true });
        return found.map((stored) => stored && toView(stored));
      },
    },
    options,
  );
}

/**
 * Puts another rule in a trust rule's place; what changes nothing writes nothing. Throws what making one does, 404 `trust-rule.not_found`, 412
 * `request.precondition_failed`. Writes it and one audit record.
 */
export async function replaceTrustRule(
  context: Context,
  actor: Actor,
  id: string,
  input: NewTrustRule,
  {
    reach,
    guard,
    version: seen,
  }: { readonly reach: Reach; readonly guard: Guard; readonly version?: number | undefined },
): Promise<TrustRule> {
  await read(context, id);
  const rule = await checked(input, reach);
  await retryOnConflict(async () => {
    const { version, ...before } = await read(context, id);
    if (seen !== undefined && seen !== version) throw new ProblemError("request.precondition_failed");
    await requireMayTake(context, actor, before);
    const standing = await requireMayTrust(context, actor, rule);
    const { organization, createdAt, createdBy, updatedAt, updatedBy } = before;
    const kept = { id, organization, createdAt, createdBy };
    const changes = changesBetween(before, { ...rule, ...kept, updatedAt, updatedBy });
    if (changes.length === 0) return;
    const next = { ...rule, ...kept, updatedAt: context.now().toISOString(), updatedBy: actorName(actor) };
    await commitRecorded(context, actor, [replace(TrustRuleItem, next, version), standing, ...(await guard())], {
      action: "trust-rule.replace",
      target: id,
      changes,
    });
  });
  return getTrustRule(context, id);
}

/** Removes a trust rule: nothing is exchanged by it any more. Throws 404 `trust-rule.not_found`, 412 `request.precondition_failed`, 403 `access.exceeds`. Writes that and one audit record. */
export async function deleteTrustRule(
  context: Context,
  actor: Actor,
  id: string,
  { version: seen }: { readonly version?: number | undefined },
): Promise<void> {
  await retryOnConflict(async () => {
    const { version, ...rule } = await read(context, id);
    if (seen !== undefined && seen !== version) throw new ProblemError("request.precondition_failed");
    await requireMayTake(context, actor, rule);
    const { name } = rule;
    const writes = [remove(TrustRuleItem, { id }, version), remove(TrustRuleListItem, { id })];
    await commitRecorded(context, actor, writes, { action: "trust-rule.delete", target: id, detail: { name } });
  });
}

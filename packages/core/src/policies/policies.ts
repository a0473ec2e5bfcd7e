import { OPERATOR_ACTIONS, type OperatorAction } from "@cadastre/contract/actions";
import { ProblemError } from "@cadastre/contract/errors";
import { newId } from "@cadastre/contract/ids";
import { type NewPolicy, type Policy, type PolicyRevision, policy, policyRevision } from "@cadastre/contract/policy";
import type { DecidedType } from "@cadastre/contract/role";
import { create, remove, replace, type Stored, type Write } from "@cadastre/store/table";
import { commitRecorded } from "../audit/commit-recorded.ts";
import { changesBetween } from "../changes.ts";
import { type Actor, actorName, type Context, FIRST_ORGANIZATION } from "../context.ts";
import { raisePolicyVersion } from "../directory/organizations.ts";
import { type Listed, type ListOptions, selectPage } from "../lists.ts";
import { isTaken, retryOnConflict } from "../retry-on-conflict.ts";
import { requireNoGain } from "./gain.ts";
import { type Gift, requireMayGive } from "./grants.ts";
import { POLICIES_PARTITION, PolicyItem, PolicyNameItem, PolicyRevisionItem, revisionsPartition } from "./items.ts";
import { requireAdminLeft } from "./lockout.ts";
import { parsePolicy, type Statement } from "./parse-policy.ts";
import { readPolicies, toRules } from "./rights.ts";
import { fromCedarType } from "./schema.ts";
import { SYSTEM_ID, toThing } from "./things.ts";

/** Policies of an organisation: all of them are read by each process when one has changed. */
const MOST_POLICIES = 1000;

/** What the API shows: not the statements, which follow from the text. */
const toView = (stored: Stored<PolicyItem>): Policy => policy.parse(stored);

/** The statements of a text. Throws 422 `policy.invalid` with line, column and message of each error. */
export function requireStatements(text: string, path = "text"): readonly Statement[] {
  const parsed = parsePolicy(text);
  if (!("errors" in parsed)) return parsed.statements;
  const errors = parsed.errors.map((error) => ({ path, ...error }));
  const [first] = errors;
  throw new ProblemError("policy.invalid", first && `line ${first.line}, column ${first.column}: ${first.message}`, {
    errors,
  });
}

/** What a statement gives to whomever it is about, as far as its head says: everything that may be permitted, where it may be. */
function giftsOf({ organization }: Context, { effect, scope: { actions, resource } }: Statement): Gift[] {
  if (effect === "forbid") return [];
  const named = resource.same ?? resource.within;
  const everything = organization === FIRST_ORGANIZATION ? "system" : "organization";
  const type: DecidedType = named === undefined ? everything : fromCedarType(named.type);
  const id = named?.id ?? (type === "system" ? SYSTEM_ID : organization);
  const known = (actions ?? OPERATOR_ACTIONS).filter(
    (action): action is OperatorAction =>
      // A permit makes nobody a source.
      action !== "scim:provision" && (OPERATOR_ACTIONS as readonly string[]).includes(action),
  );
  return [{ actions: known, place: toThing(organization, type, id) }];
}

/**
 * That an actor may have these policies instead of those: it holds by roles what they permit anew, gains nothing itself, and somebody is left
 * who administers the system.
 */
async function requireMayChange(
  context: Context,
  actor: Actor,
  before: readonly PolicyItem[],
  after: readonly PolicyItem[],
): Promise<Write[]> {
  const stood = new Set(before.flatMap(({ statements }) => statements.map(({ text }) => text)));
  const added = after.flatMap(({ statements }) => statements.filter(({ text }) => !stood.has(text)));
  await requireMayGive(
    context,
    actor,
    added.flatMap((statement) => giftsOf(context, statement)),
  );
  await requireNoGain(context, actor, toRules(before), toRules(after));
  return requireAdminLeft(context, actor, { rules: toRules(after) });
}

function revisionWrite({ id, revision, name, text, description, priority, updatedAt, updatedBy }: PolicyItem): Write {
  return create(PolicyRevisionItem, {
    policy: id,
    name,
    text,
    description,
    priority,
    revision,
    ...(revision === 1 ? {} : { parent: revision - 1 }),
    author: updatedBy,
    at: updatedAt,
  });
}

/** Commits writes whose first one may hold a name. */
async function commitPolicy(
  context: Context,
  actor: Actor,
  writes: readonly Write[],
  entry: Parameters<typeof commitRecorded>[3] & { readonly name: string },
): Promise<void> {
  const { name, ...record } = entry;
  try {
    await commitRecorded(context, actor, writes, record);
  } catch (error) {
    if (isTaken(error, 0)) throw new ProblemError("policy.name_taken", `another policy has the name ${name}`);
    throw error;
  }
}

const saidOf = ({ name, text, description, priority }: NewPolicy): NewPolicy => ({ name, text, description, priority });

/**
 * Stores a policy, which decides from the next request on. Throws 422 `policy.invalid` with line and column, 409 `policy.name_taken`,
 * `policy.too_many`, 403 `access.exceeds` for what the actor could not give, 409 `access.last_admin`. Writes it, its name, its first revision,
 * the organisation's policy version, and one audit record; nothing when it throws.
 */
export async function createPolicy(context: Context, actor: Actor, input: NewPolicy): Promise<Policy> {
  const statements = [...requireStatements(input.text)];
  const now = context.now();
  const [id, at, by] = [newId("policy", now), now.toISOString(), actorName(actor)];
  const item = { ...input, id, revision: 1, statements, createdAt: at, createdBy: by, updatedAt: at, updatedBy: by };
  await retryOnConflict(async () => {
    const stood = await readPolicies(context);
    if (stood.length >= MOST_POLICIES) throw new ProblemError("policy.too_many", `there are ${MOST_POLICIES} policies`);
    const turn = await requireMayChange(context, actor, stood, [...stood, item]);
    const writes = [
      create(PolicyNameItem, { name: input.name, policy: id }),
      create(PolicyItem, item),
      revisionWrite(item),
      await raisePolicyVersion(context),
      ...turn,
    ];
    const changes = changesBetween(undefined, saidOf(input));
    await commitPolicy(context, actor, writes, { action: "policy.create", target: id, name: input.name, changes });
  });
  return getPolicy(context, id);
}

async function read({ table }: Context, id: string): Promise<Stored<PolicyItem>> {
  const stored = await table.get(PolicyItem, { id }, { consistent: true });
  if (!stored) throw new ProblemError("policy.not_found");
  return stored;
}

/** One policy. Throws 404 `policy.not_found`. */
export async function getPolicy(context: Context, id: string): Promise<Policy> {
  return toView(await read(context, id));
}

/** Policies, oldest first. Throws 422 `cursor.invalid`. */
export function listPolicies(context: Context, options: ListOptions): Promise<Listed<Policy>> {
  const of = { list: "policies", entity: PolicyItem, partition: POLICIES_PARTITION };
  return selectPage(context, { ...of, select: async (items) => items.map(toView) }, options);
}

/** How a policy came to be what it is, newest first. Throws 404 `policy.not_found`, 422 `cursor.invalid`. */
export async function listRevisions(
  context: Context,
  id: string,
  options: ListOptions,
): Promise<Listed<PolicyRevision>> {
  await read(context, id);
  return selectPage(
    context,
    {
      list: "policy-revisions",
      filters: { policy: id },
      entity: PolicyRevisionItem,
      partition: revisionsPartition(id),
      reverse: true,
      select: async (items) => items.map((item) => policyRevision.parse(item)),
    },
    options,
  );
}

function nameWrites(before: string, after: string, id: string): Write[] {
  if (before === after) return [];
  return [create(PolicyNameItem, { name: after, policy: id }), remove(PolicyNameItem, { name: before })];
}

/**
 * Makes a policy's next revision; what changes nothing makes none. Throws what storing one throws, 404 `policy.not_found`, and 412
 * `request.precondition_failed` when it does not have `version` any more, with what stands and how the input differs from it. Writes it, its
 * revision, its name where that changes, the organisation's policy version, and one audit record.
 */
export async function replacePolicy(
  context: Context,
  actor: Actor,
  id: string,
  input: NewPolicy,
  { version }: { readonly version?: number | undefined },
): Promise<Policy> {
  const statements = [...requireStatements(input.text)];
  await retryOnConflict(async () => {
    const stored = await read(context, id);
    const { version: current, ...item } = stored;
    const changes = changesBetween(saidOf(item), saidOf(input));
    if (version !== undefined && version !== current) {
      throw new ProblemError(
        "request.precondition_failed",
        `it is at revision ${item.revision}, by ${item.updatedBy} at ${item.updatedAt}`,
        { extra: { current: toView(stored), difference: changes } },
      );
    }
    if (changes.length === 0) return;
    const next: PolicyItem = {
      ...item,
      ...input,
      statements,
      revision: item.revision + 1,
      updatedAt: context.now().toISOString(),
      updatedBy: actorName(actor),
    };
    const stood = await readPolicies(context);
    const turn = await requireMayChange(
      context,
      actor,
      stood,
      stood.map((one) => (one.id === id ? next : one)),
    );
    const writes = [
      ...nameWrites(item.name, input.name, id),
      replace(PolicyItem, next, current),
      revisionWrite(next),
      await raisePolicyVersion(context),
      ...turn,
    ];
    await commitPolicy(context, actor, writes, { action: "policy.replace", target: id, name: input.name, changes });
  });
  return getPolicy(context, id);
}

/**
 * Removes a policy. Throws 404 `policy.not_found`, 412 `request.precondition_failed`, 403 `access.exceeds` when the actor would gain by it, 409
 * `access.last_admin`. Writes its end and that of its name, the organisation's policy version, and one audit record with its text; its
 * revisions stay.
 */
export async function deletePolicy(
  context: Context,
  actor: Actor,
  id: string,
  { version }: { readonly version?: number | undefined },
): Promise<void> {
  await retryOnConflict(async () => {
    const stored = await read(context, id);
    if (version !== undefined && version !== stored.version) throw new ProblemError("request.precondition_failed");
    const stood = await readPolicies(context);
    const turn = await requireMayChange(
      context,
      actor,
      stood,
      stood.filter((one) => one.id !== id),
    );
    const writes = [
      remove(PolicyItem, { id }, stored.version),
      remove(PolicyNameItem, { name: stored.name }),
      await raisePolicyVersion(context),
      ...turn,
    ];
    const changes = changesBetween(saidOf(stored), undefined);
    await commitRecorded(context, actor, writes, { action: "policy.delete", target: id, changes });
  });
}

import { type NewSpace, type Space, type SpaceRule, space } from "@cadastre/contract/addresses/space";
import { ProblemError } from "@cadastre/contract/errors";
import { newIdAt } from "@cadastre/contract/ids";
import { create, put, remove, replace, type Stored, type Write } from "@cadastre/store/table";
import { type AuditEntry, commitRecorded } from "../../audit/commit-recorded.ts";
import { changesBetween } from "../../changes.ts";
import { type Actor, actorName, type Context } from "../../context.ts";
import { canonicalName } from "../../directory/canonical-name.ts";
import { mayKnowOfSpace } from "../../restriction.ts";
import { isTaken, retryOnConflict } from "../../retry-on-conflict.ts";
import { observingWrites } from "../discovered/observing.ts";
import { AddressSpaceItem, AddressSpaceListItem, AddressSpaceNameItem, AddressSpaceRuleItem } from "./items.ts";
import { requireSpace } from "./read.ts";
import { claimChanges, ruleWrites } from "./rules.ts";

/** How spaces are made and changed. */
export interface Claiming {
  /** Throws when the actor may not have these networks shown in a space: whoever reads the space learns of them. */
  readonly requireMayClaim: (rules: readonly SpaceRule[]) => Promise<void>;
}

/** What the API shows of a space. */
export const toSpaceView = (stored: Stored<AddressSpaceItem>): Space => space.parse(stored);

const saidOf = ({ name, description, routeDistinguisher, rules, importPolicy }: NewSpace): NewSpace => ({
  name,
  description,
  routeDistinguisher,
  rules,
  importPolicy,
});

/** Says of whom a rule is already, where the caller may know of that space. */
async function ruleTaken(context: Context, rule: SpaceRule, at: number, claim: string): Promise<ProblemError> {
  const holder = await context.table.get(AddressSpaceRuleItem, { claim }, { consistent: true });
  const whose = holder && mayKnowOfSpace(context, holder.space) ? holder.space : "another address space";
  const message = `${whose} has the rule ${JSON.stringify(rule)}`;
  return new ProblemError("space.rule_taken", message, { errors: [{ path: `rules[${at}]`, message }] });
}

interface Committed {
  /** The name that is to be held, when it is not held yet: then that is the first write. */
  readonly name: string | undefined;
  readonly input: NewSpace;
  readonly added: readonly SpaceRule[];
  readonly claims: readonly Write[];
  readonly others: readonly Write[];
  readonly entry: AuditEntry;
  readonly space: string;
}

/** Commits a space with what it alone may have: its name first, then what it claims anew. */
async function commitSpace(context: Context, actor: Actor, of: Committed): Promise<void> {
  const { name, input, added, claims, others, entry, space: id } = of;
  const naming = name === undefined ? [] : [create(AddressSpaceNameItem, { name, space: id })];
  try {
    await commitRecorded(context, actor, [...naming, ...claims, ...others], entry);
  } catch (error) {
    if (name !== undefined && isTaken(error, 0))
      throw new ProblemError("space.name_taken", `another address space has the name ${input.name}`);
    const at = added.findIndex((_, index) => isTaken(error, naming.length + index));
    const [rule, write] = [added[at], claims[at]];
    if (rule === undefined || write?.op !== "create") throw error;
    const { claim } = write.item as { readonly claim: string };
    throw await ruleTaken(context, rule, input.rules.indexOf(rule), claim);
  }
}

/**
 * Makes an address space. Throws 409 `space.name_taken`, `space.rule_taken`, and what `requireMayClaim` throws. Writes it, its name, its place in
 * the list, what its rules claim, a run of the job that works out what that is, and one audit record.
 */
export async function createSpace(
  context: Context,
  actor: Actor,
  input: NewSpace,
  { requireMayClaim }: Claiming,
): Promise<Space> {
  await requireMayClaim(input.rules);
  const now = context.now();
  const at = now.toISOString();
  const id = newIdAt("space", now);
  const item: AddressSpaceItem = { ...input, id, createdOn: at, createdBy: actorName(actor), modifiedOn: at };
  const changes = claimChanges([], input.rules);
  await retryOnConflict(() =>
    commitSpace(context, actor, {
      name: canonicalName(input.name),
      input,
      added: changes.added,
      claims: ruleWrites(id, changes),
      others: [
        create(AddressSpaceItem, item),
        create(AddressSpaceListItem, { id, name: input.name }),
        ...(input.rules.length === 0 ? [] : observingWrites(context, actor)),
      ],
      entry: { action: "space.create", target: id, changes: changesBetween(undefined, saidOf(input)) },
      space: id,
    }),
  );
  if (input.rules.length > 0) context.onJobStarted?.();
  // Who may make spaces may know of what it has made.
  return toSpaceView(await requireSpace({ table: context.table }, id));
}

/** One address space. Throws 404 `space.not_found`. */
export async function getSpace(context: Context, id: string): Promise<Space> {
  return toSpaceView(await requireSpace(context, id));
}

/**
 * Replaces what is said of an address space; what changes nothing writes nothing. Throws 404 `space.not_found`, 412 `request.precondition_failed` when
 * it does not have `version` any more, 409 `space.deleting`, `space.name_taken`, `space.rule_taken`, and what `requireMayClaim` throws for rules that
 * are new. Writes it, its name and place in the list where that changes, what its rules claim otherwise, and one audit record.
 */
export async function replaceSpace(
  context: Context,
  actor: Actor,
  id: string,
  input: NewSpace,
  { requireMayClaim, version }: Claiming & { readonly version?: number | undefined },
): Promise<Space> {
  await retryOnConflict(async () => {
    const { version: current, ...item } = await requireSpace(context, id);
    if (version !== undefined && version !== current) throw new ProblemError("request.precondition_failed");
    if (item.deletion !== undefined) throw new ProblemError("space.deleting");
    const changes = changesBetween(saidOf(item), saidOf(input));
    const claims = claimChanges(item.rules, input.rules);
    await requireMayClaim(claims.added);
    // The order of rules says nothing, and is kept as it was given.
    if (changes.length === 0) return;
    // What belongs to it, or becomes of that, is worked out anew.
    const isObserved = claims.added.length + claims.removed.length > 0 || item.importPolicy !== input.importPolicy;
    const [from, to] = [canonicalName(item.name), canonicalName(input.name)];
    const { routeDistinguisher: _, ...kept } = item;
    const next: AddressSpaceItem = { ...kept, ...input, modifiedOn: context.now().toISOString() };
    await commitSpace(context, actor, {
      name: from === to ? undefined : to,
      input,
      added: claims.added,
      claims: ruleWrites(id, claims),
      others: [
        replace(AddressSpaceItem, next, current),
        ...(from === to ? [] : [remove(AddressSpaceNameItem, { name: from })]),
        ...(item.name === input.name ? [] : [put(AddressSpaceListItem, { id, name: input.name })]),
        ...(isObserved ? observingWrites(context, actor) : []),
      ],
      entry: { action: "space.replace", target: id, changes },
      space: id,
    });
    if (isObserved) context.onJobStarted?.();
  });
  return getSpace(context, id);
}

import { accountName } from "@cadastre/contract/account";
import type { OperatorAction, ResourceType } from "@cadastre/contract/actions";
import type { Simulated, Simulation } from "@cadastre/contract/policy";
import type { PrincipalRef } from "@cadastre/contract/principal";
import type { AuditRecord } from "@cadastre/contract/view";
import { listAudit } from "../audit/list.ts";
import type { Actor, Context } from "../context.ts";
import { readPrincipal } from "../directory/principals.ts";
import { situationOf } from "./authorize.ts";
import { decide, type Rights, type Rule, type Situation, type Thing } from "./engine.ts";
import { explainBy, rightsFor } from "./explain.ts";
import type { PolicyItem } from "./items.ts";
import { requireStatements } from "./policies.ts";
import { type Asked, type Here, readHere, requireAction, requireAsked, requireThing, toAsked } from "./questions.ts";
import { placedHolder, readPolicies, rightsOf, toRules } from "./rights.ts";
import { theSystem, toThing } from "./things.ts";

/** Records that are decided again at most. */
const MOST_RECORDS = 5000;
const PAGE = 200;
/** Parts of a turn: what else the process does is not kept waiting. */
const AT_ONCE = 50;
const DAY = 86_400_000;

/** What was asked for when something was recorded, by the name that the record has for it. */
export type DecidedBy = (
  recorded: string,
) => { readonly action: OperatorAction; readonly resource: ResourceType } | undefined;

type Standing = Pick<PolicyItem, "id" | "name" | "statements">;

/** What would stand: what is given is added, or takes the place of what has its name. */
function candidateOf(stood: readonly Standing[], given: Simulation["policies"]): Standing[] {
  const made = given.map(({ name, text }, at) => ({
    id: stood.find((one) => one.name === name)?.id ?? `new:${name}`,
    name,
    statements: [...requireStatements(text, `policies[${at}].text`)],
  }));
  const names = new Set(made.map(({ name }) => name));
  return [...stood.filter(({ name }) => !names.has(name)), ...made];
}

/** Who did something, as it stands now; nobody when it is gone, or neither a user nor a service account. */
function createReader(context: Context, here: Here): (actor: string) => Promise<Asked | undefined> {
  const known = new Map<string, Promise<Asked | undefined>>();
  const read = async (actor: string): Promise<Asked | undefined> => {
    const colon = actor.indexOf(":");
    const ref = { type: actor.slice(0, colon), id: actor.slice(colon + 1) };
    if (ref.type !== "user" && ref.type !== "service-account") return undefined;
    const stored = await readPrincipal(context, ref as PrincipalRef);
    return stored && toAsked(here, ref as PrincipalRef, stored);
  };
  return (actor) => {
    const found = known.get(actor) ?? read(actor);
    known.set(actor, found);
    return found;
  };
}

/** What a record is of: its account where that is what was changed, else the organisation as a whole. */
function thingOf(context: Context, resource: ResourceType, { action, target }: AuditRecord): Thing {
  const { organization } = context;
  if (action === "organization.create") return theSystem();
  const isAccount = resource === "account" && accountName.safeParse(target).success;
  return isAccount ? toThing(organization, "account", target) : toThing(organization, "organization", organization);
}

interface Sets {
  readonly before: readonly Rule[];
  readonly after: readonly Rule[];
}

type Changed = Simulated["changes"][number];

async function replayOne(
  context: Context,
  { record, situation, sets }: { record: AuditRecord; situation: Situation; sets: Sets },
  decidedBy: DecidedBy,
  readActor: ReturnType<typeof createReader>,
): Promise<Changed | "same" | undefined> {
  const asked = decidedBy(record.action);
  const holder = asked && (await readActor(record.actor));
  if (asked === undefined || holder === undefined) return undefined;
  const what = thingOf(context, asked.resource, record);
  const { links } = await rightsOf(context, holder);
  const verdictBy = (rules: readonly Rule[]) =>
    decide(rightsFor({ links, rules: holder.isRecovery ? [] : rules }, what, context), {
      who: placedHolder(holder),
      action: asked.action,
      what,
      situation: { ...situation, time: new Date(record.at) },
    });
  const [before, after] = [verdictBy(sets.before), verdictBy(sets.after)];
  if (before.allowed === after.allowed) return "same";
  const word = (allowed: boolean) => (allowed ? ("allow" as const) : ("deny" as const));
  const [policy] = after.policies;
  return {
    audit: record.id,
    before: word(before.allowed),
    after: word(after.allowed),
    ...(policy === undefined ? {} : { policy }),
  };
}

/** Decides again what was recorded since a time, newest first. */
async function replay(
  context: Context,
  actor: Actor,
  sets: Sets,
  { sinceDays, decidedBy }: { readonly sinceDays: number; readonly decidedBy: DecidedBy },
): Promise<Pick<Simulated, "changes" | "examined" | "complete">> {
  const since = new Date(context.now().getTime() - sinceDays * DAY).toISOString();
  const situation = situationOf(context, actor);
  const readActor = createReader(context, await readHere(context));
  const changes: Changed[] = [];
  let [looked, examined] = [0, 0];
  let cursor: string | undefined;
  do {
    const page = await listAudit(context, { since, cursor, limit: PAGE });
    for (const [at, record] of page.items.entries()) {
      if (at % AT_ONCE === AT_ONCE - 1) await new Promise((resolve) => setImmediate(resolve));
      const replayed = await replayOne(context, { record, situation, sets }, decidedBy, readActor);
      if (replayed !== undefined) examined += 1;
      if (replayed !== undefined && replayed !== "same") changes.push(replayed);
    }
    looked += page.items.length;
    cursor = page.cursor;
  } while (cursor !== undefined && looked < MOST_RECORDS);
  return { changes, examined, complete: cursor === undefined };
}

/**
 * What policies would change if they stood: the answers to questions, before and then, and the recorded requests of some days that would be
 * decided otherwise, by the roles that their actors hold now. Throws 422 `policy.invalid` with line and column, `request.invalid`, and 404 for
 * who and what is not there. Looks at 5,000 records at most. Writes nothing.
 */
export async function simulate(
  context: Context,
  actor: Actor,
  { policies, sinceDays, questions = [] }: Simulation,
  decidedBy: DecidedBy,
): Promise<Simulated> {
  const stood = await readPolicies(context);
  const sets = { before: toRules(stood), after: toRules(candidateOf(stood, policies)) };
  const situation = situationOf(context, actor);
  const decisions: Simulated["decisions"] = [];
  for (const question of questions) {
    const action = requireAction(question.action);
    const [holder, what] = await Promise.all([
      requireAsked(context, question.principal),
      requireThing(context, question.resource),
    ]);
    const { links } = await rightsOf(context, holder);
    const by = (rules: readonly Rule[]): Rights =>
      rightsFor({ links, rules: holder.isRecovery ? [] : rules }, what, context);
    const asked = { who: placedHolder(holder), action, what, situation };
    const { decision: before } = explainBy(by(sets.before), holder, asked);
    decisions.push({ ...question, ...explainBy(by(sets.after), holder, asked), before });
  }
  const replayed =
    sinceDays === undefined
      ? { changes: [], examined: 0, complete: true }
      : await replay(context, actor, sets, { sinceDays, decidedBy });
  return { decisions, ...replayed };
}

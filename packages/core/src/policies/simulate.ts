import { accountName } from "@cadastre/contract/account";
import type { OperatorAction, ResourceType } from "@cadastre/contract/actions";
import type { AuditRecord } from "@cadastre/contract/audit/record";
import type { Simulated, Simulation } from "@cadastre/contract/policy";
import type { PrincipalRef } from "@cadastre/contract/principal";
import { listAudit } from "../audit/list.ts";
import type { Actor, Context } from "../context.ts";
import { readPrincipal } from "../directory/principals.ts";
import { decideAsked } from "./decide-asked.ts";
import type { Rule, Situation } from "./engine.ts";
import { createAccountsReader, explainBy } from "./explain.ts";
import type { PolicyItem } from "./items.ts";
import { requireStatements } from "./policies.ts";
import {
  type Asked,
  type AskedThing,
  findThing,
  type Here,
  readHere,
  requireAction,
  requireAsked,
  requireThing,
  toAsked,
} from "./questions.ts";
import { placedHolder, readPolicies, rightsOf, toRules } from "./rights.ts";
import { situationOf } from "./situation.ts";
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
function createReader(context: Context, here: Here): (actor: AuditRecord["actor"]) => Promise<Asked | undefined> {
  const known = new Map<string, Promise<Asked | undefined>>();
  const read = async ({ type, id }: AuditRecord["actor"]): Promise<Asked | undefined> => {
    const ref = { type, id };
    if (ref.type !== "user" && ref.type !== "service-account") return undefined;
    const stored = await readPrincipal(context, ref as PrincipalRef);
    return stored && toAsked(here, ref as PrincipalRef, stored);
  };
  return (actor) => {
    const found = known.get(actor.id) ?? read(actor);
    known.set(actor.id, found);
    return found;
  };
}

/**
 * What a record is of: its account or the single thing, as it is now, where that is what was changed; else the organisation as a whole, also when it
 * is gone. What was read once is not read again.
 */
function createThings(context: Context): (resource: ResourceType, record: AuditRecord) => Promise<AskedThing> {
  const { organization } = context;
  const known = new Map<string, Promise<AskedThing>>();
  const whole = toThing(organization, "organization", organization);
  const read = (text: string): Promise<AskedThing> => {
    const found = known.get(text) ?? findThing(context, text).then((thing) => thing ?? { what: whole });
    known.set(text, found);
    return found;
  };
  return async (resource, { action, resource: { id } }) => {
    if (action === "organization.create") return { what: theSystem() };
    if (resource === "account" && accountName.safeParse(id).success) return read(`account/${id}`);
    if (resource === "credential" || resource === "resource") return read(`${resource}/${id}`);
    // Whatever is in a space has its id in front of its own.
    if (resource === "address-space") return read(`${resource}/${id.split("/")[0]}`);
    return { what: whole };
  };
}

interface Sets {
  readonly before: readonly Rule[];
  readonly after: readonly Rule[];
}

type Changed = Simulated["changes"][number];

/** What is needed to decide a record again. */
interface Replaying {
  readonly sets: Sets;
  readonly situation: Situation;
  readonly decidedBy: DecidedBy;
  readonly readActor: ReturnType<typeof createReader>;
  readonly readThing: ReturnType<typeof createThings>;
}

const noAccounts = async () => [];

async function replayOne(
  context: Context,
  record: AuditRecord,
  { sets, situation, decidedBy, readActor, readThing }: Replaying,
): Promise<Changed | "same" | undefined> {
  const asked = decidedBy(record.action);
  const holder = asked && (await readActor(record.actor));
  if (asked === undefined || holder === undefined) return undefined;
  const { links } = await rightsOf(context, holder);
  const thing = await readThing(asked.resource, record);
  const question = {
    who: placedHolder(holder),
    action: asked.action,
    organization: context.organization,
    situation: { ...situation, time: new Date(record.at) },
  };
  // Where in the organisation it was done is not known of each record: then what is said of the organisation itself decides.
  const verdictBy = (rules: readonly Rule[]) =>
    decideAsked({ links, rules: holder.isRecovery ? [] : rules }, question, thing, noAccounts);
  const [before, after] = [await verdictBy(sets.before), await verdictBy(sets.after)];
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
  const readActor = createReader(context, await readHere(context));
  const how = { sets, situation: situationOf(context, actor), decidedBy, readActor, readThing: createThings(context) };
  const changes: Changed[] = [];
  let [looked, examined] = [0, 0];
  let cursor: string | undefined;
  do {
    const page = await listAudit(context, { since, cursor, limit: PAGE });
    for (const [at, record] of page.items.entries()) {
      if (at % AT_ONCE === AT_ONCE - 1) await new Promise((resolve) => setImmediate(resolve));
      const replayed = await replayOne(context, record, how);
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
  const { organization } = context;
  const readAccounts = createAccountsReader(context);
  const decisions: Simulated["decisions"] = [];
  for (const question of questions) {
    const action = requireAction(question.action);
    const [holder, thing] = await Promise.all([
      requireAsked(context, question.principal),
      requireThing(context, question.resource),
    ]);
    const { links } = await rightsOf(context, holder);
    const asked = { who: placedHolder(holder), action, organization, situation };
    const explained = (rules: readonly Rule[]) =>
      explainBy({ links, rules: holder.isRecovery ? [] : rules }, { holder, question: asked, thing, readAccounts });
    const { decision: before } = await explained(sets.before);
    decisions.push({ ...question, ...(await explained(sets.after)), before });
  }
  const replayed =
    sinceDays === undefined
      ? { changes: [], examined: 0, complete: true }
      : await replay(context, actor, sets, { sinceDays, decidedBy });
  return { decisions, ...replayed };
}

import type { Scope } from "./scope.ts";

interface Ruled {
  readonly text: string;
  readonly scope: Pick<Scope, "actions">;
}

/** The rules of a list that are about an action by their heads, for each action that was asked for. A list never changes. */
const byAction = new WeakMap<readonly Ruled[], Map<string, readonly Ruled[]>>();

/** The rules that are about an action by their heads, found once for a list of rules. */
export function rulesOfAction<Some extends Ruled>(rules: readonly Some[], action: string): readonly Some[] {
  const known = byAction.get(rules) ?? new Map<string, readonly Ruled[]>();
  byAction.set(rules, known);
  const found = known.get(action) ?? rules.filter(({ scope: { actions } }) => actions?.includes(action) ?? true);
  known.set(action, found);
  return found as readonly Some[];
}

/** Of each rule the members of the context that it may look at; `*` stands for all of them. */
const looked = new WeakMap<Ruled, readonly string[]>();
const ALL = ["*"];
/** `context` otherwise than before a member, and letters that may be written otherwise than they are. */
const AS_A_WHOLE = /\bcontext\b(?!\s*(?:\.|has\b|\[))|\\/;

function membersOf(rule: Ruled, names: readonly string[]): readonly string[] {
  const { text } = rule;
  const known = looked.get(rule);
  if (known !== undefined) return known;
  const found = AS_A_WHOLE.test(text)
    ? ALL
    : text.includes("context")
      ? names.filter((name) => text.includes(name))
      : [];
  looked.set(rule, found);
  return found;
}

/** Which members of the context rules may look at, by their texts: rather one too many. */
export function membersLookedAt(rules: readonly Ruled[], names: readonly string[]): readonly string[] {
  const found = new Set<string>();
  for (const rule of rules) {
    for (const name of membersOf(rule, names)) found.add(name);
    if (found.has("*") || found.size === names.length) return names;
  }
  return [...found];
}

import type { HeldRole } from "@cadastre/contract/principal";
import type { Rule } from "./engine.ts";

/** What was read of an organisation at one version of its policies. */
interface Known {
  readonly version: number;
  rules?: Promise<readonly Rule[]>;
  readonly groups: Map<string, Promise<readonly HeldRole[]>>;
}

/** What a process remembers of policies and of what groups hold, by organisation: of no use once its version is another. */
export type PolicyMemory = Map<string, Known>;

/** Organisations that a process remembers the policies of. */
const MOST_REMEMBERED = 200;

export const createPolicyMemory = (): PolicyMemory => new Map();

/** What is remembered at a version, or at a later one: empty at first. */
export function knownAt(memory: PolicyMemory, organization: string, version: number): Known {
  const known = memory.get(organization);
  // What is asked for an older version began before the change, and may be answered with either.
  if (known !== undefined && known.version >= version) return known;
  const made: Known = { version, groups: new Map() };
  memory.delete(organization);
  const [oldest] = memory.keys();
  if (memory.size >= MOST_REMEMBERED && oldest !== undefined) memory.delete(oldest);
  memory.set(organization, made);
  return made;
}

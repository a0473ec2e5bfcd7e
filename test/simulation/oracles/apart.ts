import type { Facts } from "../facts.ts";
import type { Reader } from "../reader.ts";

interface Side {
  readonly reader: Reader;
  readonly facts: Facts;
}

const ID = /\b(?:aud|chk|col|crd|hld|job|run|tok)_[0-9A-HJKMNP-TV-Z]{26}\b|\barn:[^"\\]+/g;

/** So many of the other's things, of each kind, are asked for by their ids. */
const MOST_ASKED = 3;

/** Ids in all that an organization is shown. */
function idsIn(facts: Facts): ReadonlySet<string> {
  const { resources, holds, changes, letters, jobs, audit, states, tokens, collectors, accounts, credentials } = facts;
  const all = { resources, holds, changes, letters, jobs, audit, states, tokens, collectors, accounts, credentials };
  return new Set(JSON.stringify({ ...all, histories: [...facts.histories.values()] }).match(ID));
}

/** Where the other's things would be. */
function pathsTo({ resources, credentials, collectors, holds, jobs, audit }: Facts): string[] {
  const some = (path: string, all: readonly { readonly id: string }[]) =>
    all.slice(0, MOST_ASKED).map(({ id }) => `/api/v1/${path}/${encodeURIComponent(id)}`);
  return [
    // The same certificate may be known to both.
    ...some(
      "resources",
      resources.filter(({ kind }) => kind !== "certificate"),
    ),
    ...some("credentials", credentials),
    ...some("collectors", collectors),
    ...some("discovery/holds", holds),
    ...some("jobs", jobs),
    ...some("audit", audit).map((path) => `${path}/proof`),
  ];
}

/** What belongs to another organization is in no answer, and asked for by its id it is not there. */
export async function judgeApart(sides: readonly Side[]): Promise<string[]> {
  const problems: string[] = [];
  for (const { reader, facts } of sides) {
    const own = idsIn(facts);
    for (const other of sides) {
      if (other.facts === facts) continue;
      for (const id of idsIn(other.facts)) if (own.has(id)) problems.push(`${id} is shown to two organizations`);
      for (const path of pathsTo(other.facts)) {
        const { status } = await reader.send("GET", path);
        if (status !== 404) problems.push(`GET ${path} is answered ${status} to another organization`);
      }
    }
  }
  return problems;
}

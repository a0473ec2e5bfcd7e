import type { FieldError } from "@cadastre/contract/errors";
import type { TagDefinitions } from "./definitions.ts";

/** A prefix with its own tags. */
export interface Tagged {
  /** How it is named in what is wrong, such as `10.0.0.0/8`. */
  readonly prefix: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** Why a tag has the value that it has. */
interface Source {
  readonly value: string;
  /** Of whose own tags it follows. */
  readonly prefix: string;
  /** The tag and value that imply it; absent where the prefix has it itself. */
  readonly by?: string;
}

export interface ResolvedTags {
  readonly tags: Readonly<Record<string, string>>;
  /** Where an implied value and another one meet, each at `tags.<name>`; the nearer one, or the one that is said, is what `tags` has. */
  readonly errors: readonly FieldError[];
}

const saying = (name: string, { value, prefix, by }: Source): string =>
  by === undefined ? `${prefix} has ${name}=${value}` : `${by}, of ${prefix}, implies ${name}=${value}`;

/** What a value of a tag implies, by the definitions: a tag that is not defined any more implies nothing. */
function impliedBy(definitions: TagDefinitions, name: string, value: string): [string, string][] {
  const { implies = {} } = definitions.get(name) ?? {};
  return Object.entries(implies).flatMap(([other, values]): [string, string][] => {
    const implied = Object.hasOwn(values, value) ? values[value] : undefined;
    return implied === undefined ? [] : [[other, implied]];
  });
}

/**
 * The tags that a prefix has: its own, those that come down to it, and what these imply. `chain` is the prefix itself, then what it is in, the nearest
 * first. Inheritable tags come down; of several values of a tag the nearest one counts, with all that it implies in turn. A value that is implied where
 * the same or a nearer prefix says or implies another one is an error; one further up counts for nothing. Without errors the order of tags does not
 * matter. Pure; ends whatever implies whatever.
 */
export function resolveTags(definitions: TagDefinitions, chain: readonly Tagged[]): ResolvedTags {
  const found = new Map<string, Source>();
  const errors: FieldError[] = [];
  for (const [level, { prefix, tags }] of chain.entries()) {
    const own = Object.entries(tags).filter(
      ([name]) => !found.has(name) && (level === 0 || definitions.get(name)?.type === "Inheritable"),
    );
    for (const [name, value] of own) found.set(name, { value, prefix });
    const left = own.map(([name, value]) => ({ name, value }));
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      for (const [name, value] of impliedBy(definitions, next.name, next.value)) {
        const source = { value, prefix, by: `${next.name}=${next.value}` };
        const stands = found.get(name);
        if (stands === undefined) {
          found.set(name, source);
          left.push({ name, value });
        } else if (stands.value !== value) {
          const message = `${saying(name, source)}, but ${saying(name, stands)}`;
          errors.push({ path: `tags.${name}`, message });
        }
      }
    }
  }
  return { tags: Object.fromEntries([...found].map(([name, { value }]) => [name, value])), errors };
}

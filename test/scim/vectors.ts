import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** One request, and what its answer must have. `{{name}}` stands for what an answer before was saved as. */
export interface Step {
  readonly send: {
    readonly method: string;
    readonly path: string;
    readonly headers?: Readonly<Record<string, string>>;
    /** JSON, or a text as it is sent. */
    readonly body?: unknown;
  };
  readonly expect: {
    readonly status: number;
    readonly headers?: Readonly<Record<string, string>>;
    /** What the body has, perhaps beside more; a list has exactly these elements. */
    readonly body?: unknown;
    /** Places where it has nothing. */
    readonly absent?: readonly string[];
  };
  /** Names for what stands at a place of the body. */
  readonly save?: Readonly<Record<string, string>>;
}

export interface Vector {
  readonly file: string;
  readonly name: string;
  readonly steps: readonly Step[];
}

const FOLDER = new URL("../vectors/scim/", import.meta.url);

/** All cases of `test/vectors/scim`, by file. */
export function readVectors(): readonly Vector[] {
  return readdirSync(fileURLToPath(FOLDER)).flatMap((file) => {
    const { cases } = JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")) as { cases: Omit<Vector, "file">[] };
    return cases.map((one) => ({ ...one, file }));
  });
}

/** A step with what was saved in its place. */
export function filled<Of>(value: Of, saved: ReadonlyMap<string, string>): Of {
  const text = JSON.stringify(value).replace(/\{\{(\w+)\}\}/g, (whole, name: string) => {
    const known = saved.get(name);
    return known === undefined ? whole : JSON.stringify(known).slice(1, -1);
  });
  return JSON.parse(text) as Of;
}

/** What stands at a place such as `Resources.0.id`; names with dots of their own are found whole. */
export function valueAt(value: unknown, path: string): unknown {
  if (value === null || typeof value !== "object") return undefined;
  const members = value as Record<string, unknown>;
  if (Object.hasOwn(members, path)) return members[path];
  for (let at = path.indexOf("."); at >= 0; at = path.indexOf(".", at + 1)) {
    const name = path.slice(0, at);
    if (Object.hasOwn(members, name)) return valueAt(members[name], path.slice(at + 1));
  }
  return undefined;
}

import type * as z from "zod";

/*
 * Environment → configuration. Each function has a schema of the variables that it reads (texts, checked one by one), then a
 * function that makes configuration of them and refuses what cannot be meant together. Secrets are never in the environment:
 * it names where they are, and adapters read them from there.
 */

/** Variables that cannot be worked with. The message names each of them, what is wrong and what is allowed. */
export class EnvironmentError extends Error {
  override readonly name = "EnvironmentError";
  constructor(problems: readonly string[]) {
    super(`the environment cannot be used:\n${problems.map((problem) => `- ${problem}`).join("\n")}`);
  }
}

/** What a process was started with. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The items of a list, which are separated by commas or spaces. */
export const listed = (text: string): string[] =>
  text
    .split(/[\s,]+/)
    .map((item) => item.trim())
    .filter((item) => item !== "");

/** Reads the variables of a schema; an empty one counts as absent. A misspelt `COLLECT_…` would be ignored in silence, so it is refused. */
export function readVariables<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  environment: Environment,
): z.output<z.ZodObject<Shape>> {
  const names = Object.keys(schema.shape);
  const isCollector = names.includes("COLLECTOR_NAME");
  const given = Object.entries(environment).filter(([, value]) => value !== undefined && value !== "");
  const parsed = schema.safeParse(Object.fromEntries(given.filter(([name]) => names.includes(name))));
  const unknown = given.filter(([name]) => isCollector && name.startsWith("COLLECT_") && !names.includes(name));
  const problems = unknown.map(
    ([name]) => `${name} is not known here; known: ${names.filter((known) => known.startsWith("COLLECT_")).join(", ")}`,
  );
  for (const { path, message } of parsed.error?.issues ?? []) {
    const name = String(path[0]);
    const isGiven = given.some(([variable]) => variable === name);
    problems.push(isGiven ? `${name} ${message}` : `${name} is missing`);
  }
  if (!parsed.success || problems.length > 0) throw new EnvironmentError(problems);
  return parsed.data;
}

/** Throws unless exactly one (or, with `none`, at most one) of the variables is given. */
export function requireOne(variables: Environment, names: readonly string[], none = false): void {
  const given = names.filter((name) => variables[name] !== undefined);
  if (given.length > 1) throw new EnvironmentError([`${given.join(" and ")} are given; only one of them may be`]);
  if (given.length === 0 && !none) throw new EnvironmentError([`one of ${names.join(", ")} is needed`]);
}

/** A value that is read by what throws a RangeError that says what it must be. */
export function readBy<Value>(name: string, text: string, read: (text: string) => Value): Value {
  try {
    return read(text);
  } catch (error) {
    if (error instanceof RangeError) throw new EnvironmentError([`${name} must be ${error.message}`]);
    throw error;
  }
}

import { formatAddress, parseAddress } from "@cadastre/net/address";
import { formatPrefix, parsePrefix } from "@cadastre/net/prefix";

/** Something that cannot be what the cloud sends: a member is missing or is not of its form. */
export class MalformedError extends Error {
  override readonly name = "MalformedError";
}

/** A member of a cloud's answer: what is not there is left out, or null. */
export type Member<T> = T | null | undefined;

/** The member's value. Throws MalformedError when it is absent or empty. */
export function required(value: Member<string>, member: string): string {
  if (!value) throw new MalformedError(`${member} is missing`);
  return value;
}

/** The value, undefined where there is none: clouds send empty texts too, such as the host name of a stopped instance. */
export function present<T>(value: Member<T>): T | undefined {
  return value === null || value === "" ? undefined : value;
}

/** The address in canonical text. Throws MalformedError. */
export function toAddress(text: string): string {
  return read(() => formatAddress(parseAddress(text)));
}

/** The prefix in canonical text. Throws MalformedError. */
export function toPrefix(text: string): string {
  return read(() => formatPrefix(parsePrefix(text)));
}

function read(parse: () => string): string {
  try {
    return parse();
  } catch (error) {
    throw new MalformedError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** What is said of a value that the cloud does not document: the resource is taken with it as it is. */
export function unknownValue(what: string, value: string, known: readonly string[]): string {
  return `${what} is ${JSON.stringify(value)}, which is taken as it is; known: ${known.join(", ")}`;
}

export function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}

import type { Address } from "@cadastre/net/address";
import { formatHostPort, HostNameError, parseHostName, parseHostPort } from "@cadastre/net/host-name";

/** What is to be examined: a host and port, and the name to ask for when it is not the host's own. */
export interface TlsTarget {
  /** Natural id of the endpoint, `tls://host:port`, with `?sni=name`. */
  readonly id: string;
  /** `host:port` as written back, brackets around an IPv6 address. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** The address, when the host is one. */
  readonly address: Address | undefined;
  /** Another name to ask for and to check the certificate against. */
  readonly sni: string | undefined;
}

/** Thrown for targets that cannot be read; the message names each bad one and why. */
export class TargetError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "TargetError";
  }
}

const DEFAULT_PORT = 443;
const SNI = "?sni=";

/**
 * Reads `host`, `host:port`, `192.0.2.1:port`, `[2001:db8::1]:port`, each with `?sni=name` behind it or not. Without a port it
 * is 443. Throws TargetError.
 */
export function parseTarget(text: string): TlsTarget {
  try {
    return readTarget(text.trim());
  } catch (error) {
    if (!(error instanceof HostNameError)) throw error;
    throw new TargetError(`${error.message}; a target is host, host:port or [IPv6]:port, with ?sni=name if wanted`);
  }
}

function readTarget(text: string): TlsTarget {
  const question = text.indexOf("?");
  const place = question < 0 ? text : text.slice(0, question);
  const query = question < 0 ? "" : text.slice(question);
  if (query !== "" && !query.startsWith(SNI)) {
    throw new TargetError(`${JSON.stringify(text)} has ${JSON.stringify(query)}; only ?sni=name is known`);
  }
  const withPort = place.endsWith("]") || !place.includes(":") ? `${place}:${DEFAULT_PORT}` : place;
  const parsed = parseHostPort(withPort);
  const asked = query === "" ? undefined : parseHostName(query.slice(SNI.length));
  const sni = asked === parsed.host ? undefined : asked;
  const name = formatHostPort(parsed);
  return {
    id: `tls://${name}${sni === undefined ? "" : `${SNI}${sni}`}`,
    name: sni === undefined ? name : `${sni} at ${name}`,
    host: parsed.host,
    port: parsed.port,
    address: parsed.address,
    sni,
  };
}

/** Reads a list of targets; the same one twice is one. Throws TargetError that names every bad one by its place, from 1. */
export function parseTargets(texts: readonly string[]): TlsTarget[] {
  return readAll(texts.map((text, index) => ({ place: `target ${index + 1}`, text })));
}

/** Reads a file's text: one target a line; empty lines and what follows `#` are comments. Throws TargetError with line numbers. */
export function parseTargetFile(text: string): TlsTarget[] {
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/);
  const entries = lines.map((line, index) => ({
    place: `line ${index + 1}`,
    text: line.replace(/#.*$/, "").trim(),
  }));
  return readAll(entries.filter((entry) => entry.text !== ""));
}

function readAll(entries: readonly { readonly place: string; readonly text: string }[]): TlsTarget[] {
  const targets = new Map<string, TlsTarget>();
  const errors: string[] = [];
  for (const { place, text } of entries) {
    try {
      const target = parseTarget(text);
      targets.set(target.id, target);
    } catch (error) {
      if (!(error instanceof TargetError)) throw error;
      errors.push(`${place}: ${error.message}`);
    }
  }
  if (errors.length > 0) throw new TargetError(errors.join("\n"));
  return [...targets.values()];
}

import { createHash, randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Issued, restoreCertificate } from "./certificates.ts";

const format = "cadastre.simulator.tls/v1";

interface KeptCertificate {
  readonly recipe: string;
  readonly issued: Issued;
}

/** Certificates with their keys, and ports, that outlive one start where there is a directory for them. */
export interface Material {
  /** Whether anything is kept. */
  readonly lasting: boolean;
  /** What was not used again, and why. */
  readonly renewed: readonly string[];
  /** By name of the kind. Set by `usePort`. */
  readonly ports: ReadonlyMap<string, number>;
  usePort(kind: string, port: number): void;
  /** The certificate kept under a name if it was made by the same recipe; otherwise what `make` makes, kept from then on. */
  certificate(name: string, recipe: string, make: () => Promise<Issued>): Promise<Issued>;
  /** Writes what changed, all or nothing; rejects when the directory does not take it. */
  save(): Promise<void>;
}

interface Kept {
  readonly ports: Map<string, number>;
  readonly certificates: Map<string, KeptCertificate>;
}

/**
 * Opens what an earlier start kept in `directory` for the same host: one file, `tls-endpoints.json`, mode 0600. A file that is damaged, of
 * another origin or for another host counts as nothing and is replaced by `save`. Rejects when the directory cannot be read.
 */
export async function openMaterial(options: {
  readonly host: string;
  /** Without it nothing is read or written. */
  readonly directory?: string;
}): Promise<Material> {
  const { host, directory } = options;
  const kept: Kept = { ports: new Map(), certificates: new Map() };
  const renewed: string[] = [];
  let changed = false;
  if (directory !== undefined) {
    const file = fileIn(directory);
    const text = await read(directory);
    try {
      if (text !== undefined) {
        const { ports, certificates } = await parse(text, host);
        for (const [kind, port] of ports) kept.ports.set(kind, port);
        for (const [name, certificate] of certificates) kept.certificates.set(name, certificate);
      }
    } catch (error) {
      renewed.push(`${file} ${messageOf(error)}: everything in it was made anew`);
      changed = true;
    }
  }
  return {
    lasting: directory !== undefined,
    renewed,
    ports: kept.ports,
    usePort: (kind, port) => {
      changed ||= kept.ports.get(kind) !== port;
      kept.ports.set(kind, port);
    },
    certificate: async (name, recipe, make) => {
      const found = kept.certificates.get(name);
      if (found?.recipe === recipe) return found.issued;
      if (found) renewed.push(`the certificate of ${name} was not made as it is asked for now: it was made anew`);
      const issued = await make();
      kept.certificates.set(name, { recipe, issued });
      changed = true;
      return issued;
    },
    save: async () => {
      if (directory === undefined || !changed) return;
      await write(directory, serialise(host, kept));
      changed = false;
    },
  };
}

const fileIn = (directory: string) => join(directory, "tls-endpoints.json");

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

async function read(directory: string): Promise<string | undefined> {
  try {
    return await readFile(fileIn(directory), "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new Error(`the TLS endpoints kept in ${directory} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

async function write(directory: string, text: string): Promise<void> {
  const file = fileIn(directory);
  const draft = `${file}.${randomUUID()}`;
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await writeFile(draft, text, { mode: 0o600, flag: "wx", flush: true });
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw new Error(`the TLS endpoints cannot be kept in ${directory}: ${messageOf(error)}`, { cause: error });
  }
}

const digestOf = (kept: unknown) => createHash("sha256").update(JSON.stringify(kept)).digest("hex");

function serialise(host: string, { ports, certificates }: Kept): string {
  const kept = {
    host,
    ports: Object.fromEntries(ports),
    certificates: Object.fromEntries(
      [...certificates].map(([name, { recipe, issued }]) => [
        name,
        { recipe, certificate: issued.pem, key: issued.keyPem },
      ]),
    ),
  };
  return `${JSON.stringify({ format, sha256: digestOf(kept), kept }, null, 2)}\n`;
}

/** Throws what is wrong with a kept file, as the end of a sentence that begins with its name. */
async function parse(text: string, host: string): Promise<Kept> {
  const file = record(json(text));
  if (file.format !== format) throw new Error(`is not of the format ${format}`);
  // The digest finds what no certificate shows: two entries exchanged, a port that was altered.
  if (digestOf(file.kept) !== file.sha256) throw new Error("is damaged (its digest is another)");
  const kept = record(file.kept);
  if (kept.host !== host) throw new Error(`is for the host ${String(kept.host)}, not ${host}`);
  const ports = Object.entries(record(kept.ports)).map(([kind, port]) => [kind, portNumber(port)] as const);
  const certificates = Object.entries(record(kept.certificates)).map(async ([name, value]) => {
    const { recipe, certificate, key } = record(value);
    const issued = await restoreCertificate({ pem: string(certificate), keyPem: string(key) });
    return [name, { recipe: string(recipe), issued }] as const;
  });
  return { ports: new Map(ports), certificates: new Map(await Promise.all(certificates)) };
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message would quote the text, which may hold keys.
    throw new Error("is not JSON");
  }
}

function record(value: unknown): Record<string, unknown> {
  if (typeof value !== "object" || value === null) throw new Error("has no object where one is needed");
  return { ...value };
}

function string(value: unknown): string {
  if (typeof value !== "string") throw new Error("has no text where one is needed");
  return value;
}

function portNumber(value: unknown): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 1 || value > 65_535)
    throw new Error("has a port that is none");
  return value;
}

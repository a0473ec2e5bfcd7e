import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type TLSSocket } from "node:tls";
import { BasicOCSPResponse, Certificate, OCSPResponse } from "pkijs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { startTlsEndpoints, type TlsEndpoint, type TlsEndpoints } from "./endpoints.ts";
import type { TlsKind } from "./kinds.ts";
import { lastingPorts, listen } from "./listen.ts";

type Options = Partial<Parameters<typeof startTlsEndpoints>[0]>;

const dayMs = 86_400_000;
let directory: string;
let file: string;
const running: { stop(): Promise<void> }[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "cadastre-tls-"));
  file = join(directory, "tls-endpoints.json");
});

afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(running.splice(0).map((each) => each.stop()));
  await rm(directory, { recursive: true, force: true });
});

async function start(options: Options = {}): Promise<TlsEndpoints> {
  const served = await startTlsEndpoints({ now: () => new Date(), directory, ...options });
  running.push(served);
  return served;
}

/** One start, what was served, and all servers gone again. */
async function startAndStop(options: Options = {}): Promise<TlsEndpoints & { readonly seen: readonly unknown[] }> {
  const served = await start(options);
  const seen = await Promise.all(served.endpoints.map(lookAt));
  await served.stop();
  return { ...served, seen };
}

/** The fingerprints of the chain that a client sees, or its error. */
function chainAt({ host, port, sni }: TlsEndpoint): Promise<readonly string[] | string> {
  return new Promise((resolve) => {
    const insecure = { rejectUnauthorized: false, ciphers: "DEFAULT@SECLEVEL=0" } as const;
    const socket: TLSSocket = connect({ host, port, ...insecure, ...(sni ? { servername: sni } : {}) }, () => {
      const prints = new Set<string>();
      let next = socket.getPeerCertificate(true);
      for (; next && !prints.has(next.fingerprint256); next = next.issuerCertificate) prints.add(next.fingerprint256);
      resolve([...prints]);
      socket.destroy();
    });
    socket.once("error", (error) => resolve("code" in error ? String(error.code) : error.message));
  });
}

async function lookAt(endpoint: TlsEndpoint): Promise<unknown> {
  const chain = endpoint.expect.outcome === "silent" ? "not asked" : await chainAt(endpoint);
  return { name: endpoint.name, host: endpoint.host, port: endpoint.port, chain };
}

async function stapleAt({ host, port, sni = "" }: TlsEndpoint): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, servername: sni, requestOCSP: true, rejectUnauthorized: false });
    socket.once("OCSPResponse", (response: Buffer) => resolve(response) ?? socket.destroy());
    socket.once("error", reject);
  });
}

const endpointOf = ({ endpoints }: TlsEndpoints, name: string): TlsEndpoint => {
  const found = endpoints.find((each) => each.name === name);
  if (!found) throw new Error(`no endpoint ${name}`);
  return found;
};

describe("TLS endpoints with a directory", () => {
  it("are the same at the next start: every chain, port, root and client certificate", async () => {
    const first = await startAndStop();
    const written = await stat(file);
    const second = await startAndStop({ now: () => new Date(Date.now() + 3 * dayMs) });
    expect(second.seen).toEqual(first.seen);
    expect(second.endpoints).toEqual(first.endpoints);
    expect([second.roots, second.client]).toEqual([first.roots, first.client]);
    expect([first.moved, first.renewed, second.moved, second.renewed]).toEqual([[], [], [], []]);
    // Nothing changed, so nothing was written.
    expect((await stat(file)).ino).toBe(written.ino);
  });

  it("make no key at the next start", async () => {
    await startAndStop();
    const made = vi.spyOn(crypto.subtle, "generateKey");
    await startAndStop();
    expect(made).not.toHaveBeenCalled();
  });

  it("have a new staple at every start, which is good for the kept certificate", async () => {
    const kinds: readonly TlsKind[] = ["ocsp-good"];
    await startAndStop({ kinds });
    const later = new Date(Date.now() + 10 * dayMs);
    const served = await start({ kinds, now: () => later });
    const { responseBytes } = OCSPResponse.fromBER(new Uint8Array(await stapleAt(endpointOf(served, "ocsp-good"))));
    const basic = BasicOCSPResponse.fromBER(responseBytes?.response.valueBlock.valueHexView ?? new Uint8Array());
    const kept = JSON.parse(await readFile(file, "utf8")).kept.certificates;
    const [leaf, issuer] = ["ocsp-good.cadastre.test", "Cadastre Simulator Issuing CA 1"].map((name) => {
      const pem: string = kept[`${name} (P-256)`].certificate;
      return Certificate.fromBER(Buffer.from(pem.replaceAll(/-----[^-]+-----/g, ""), "base64"));
    });
    if (!leaf || !issuer) throw new Error("no certificate was kept");
    expect(await basic.getCertificateStatus(leaf, issuer)).toEqual({ isForCertificate: true, status: 0 });
    const age = later.getTime() - (basic.tbsResponseData.responses[0]?.thisUpdate.getTime() ?? 0);
    expect(age - dayMs).toBeLessThan(1000);
  });

  it("are kept in one file that only its owner can read, with no draft beside it", async () => {
    const made = join(directory, "made", "for", "it");
    await startAndStop({ kinds: ["fine"], directory: made });
    expect(await readdir(made)).toEqual(["tls-endpoints.json"]);
    expect((await stat(join(made, "tls-endpoints.json"))).mode & 0o777).toBe(0o600);
    expect((await stat(made)).mode & 0o777).toBe(0o700);
  });

  it("keep what they have when new kinds come and old ones are not asked for", async () => {
    const one = await startAndStop({ kinds: ["fine", "sni"] });
    const other = await startAndStop({ kinds: ["dual"] });
    const all = await startAndStop();
    expect(all.seen).toEqual(expect.arrayContaining([...one.seen, ...other.seen]));
    expect([all.moved, all.renewed]).toEqual([[], []]);
  });

  it("have ports outside of those that systems give to whoever names none", async () => {
    const { endpoints } = await startAndStop();
    for (const { port } of endpoints) {
      expect(port).toBeGreaterThanOrEqual(20_000);
      expect(port).toBeLessThan(32_768);
    }
  });

  it("move to a new port, kept from then on, where theirs is taken", async () => {
    const kinds: readonly TlsKind[] = ["fine", "expired", "silent"];
    const first = await startAndStop({ kinds });
    const from = endpointOf(first, "expired").port;
    const intruder = await listen(createServer(), "127.0.0.1", [from]);
    const second = await startAndStop({ kinds }).finally(() => intruder.stop());
    const to = endpointOf(second, "expired").port;
    expect(to).not.toBe(from);
    expect(second.moved).toEqual([{ kind: "expired", from, to }]);
    expect(second.endpoints).toEqual(
      first.endpoints.map((each) => (each.name === "expired" ? { ...each, port: to } : each)),
    );
    const third = await startAndStop({ kinds });
    expect([third.seen, third.moved]).toEqual([second.seen, []]);
  });

  it.each([
    ["cut off", (text: string) => text.slice(0, text.length / 2), "is not JSON"],
    ["empty", () => "", "is not JSON"],
    ["another program's", () => '{"name":"package"}', "is not of the format cadastre.simulator.tls/v1"],
    ["JSON without members", () => "null", "has no object where one is needed"],
    ["altered in one digit", (text: string) => text.replace(/"fine": \d/, '"fine": 1'), "is damaged"],
    ["of an older format", (text: string) => text.replace("tls/v1", "tls/v0"), "is not of the format"],
    ["without a digest", (text: string) => text.replace(/"sha256": "[^"]+",/, ""), "is damaged"],
  ])("replace a file that is %s wholly, and say so", async (_name, damage, reason) => {
    const kinds: readonly TlsKind[] = ["fine", "weak-key"];
    const first = await startAndStop({ kinds });
    await writeFile(file, damage(await readFile(file, "utf8")));
    const second = await startAndStop({ kinds });
    expect(second.renewed).toEqual([expect.stringContaining(`${file} ${reason}`)]);
    expect(second.renewed.join()).not.toContain("PRIVATE KEY");
    expect(second.roots).not.toBe(first.roots);
    const third = await startAndStop({ kinds });
    expect([third.seen, third.renewed]).toEqual([second.seen, []]);
  });

  it("use nothing that was made for another host", async () => {
    const kinds: readonly TlsKind[] = ["fine"];
    const first = await startAndStop({ kinds });
    const second = await startAndStop({ kinds, host: "127.0.0.2" });
    expect(second.renewed).toEqual([expect.stringContaining("is for the host 127.0.0.1, not 127.0.0.2")]);
    expect(second.roots).not.toBe(first.roots);
  });

  it.each([
    ["cannot be written", async () => (process.getuid?.() === 0 ? "/proc" : readOnly()), "cannot be kept in"],
    ["lies below a file", async () => join(await aFile(), "below"), "cannot be read"],
    ["has a directory in the file's place", async () => (await mkdir(file)) ?? directory, "cannot be read"],
  ])("do not start, and name the directory, when it %s", async (_name, prepare, reason) => {
    const prepared = await prepare();
    const before = serversOpen();
    const failed = await start({ kinds: ["fine"], directory: prepared }).catch((error: unknown) => error);
    // The system closes a handle a turn after its server says so.
    await vi.waitFor(() => expect(serversOpen()).toBe(before));
    expect(failed).toBeInstanceOf(Error);
    expect(String(failed)).toContain(reason);
    expect(String(failed)).toContain(prepared);
  });
});

const serversOpen = () => process.getActiveResourcesInfo().filter((each) => each === "TCPServerWrap").length;

async function readOnly(): Promise<string> {
  await chmod(directory, 0o500);
  return directory;
}

async function aFile(): Promise<string> {
  const path = join(directory, "file");
  await writeFile(path, "");
  return path;
}

it("a port that is kept for another kind is not asked for, and the system chooses where no other is left", () => {
  const all = Array.from({ length: 65_536 }, (_each, port) => port);
  expect([...lastingPorts(new Set(all))]).toEqual([0]);
});

it("an address that cannot be had fails the start, with no server left behind and nothing kept", async () => {
  const before = serversOpen();
  await expect(start({ host: "192.0.2.1", kinds: ["ipv6", "fine"] })).rejects.toMatchObject({ code: "EADDRNOTAVAIL" });
  // The system closes a handle a turn after its server says so.
  await vi.waitFor(() => expect(serversOpen()).toBe(before));
  expect(await readdir(directory)).toEqual([]);
});

it("without a directory endpoints are new at every start", async () => {
  const options = { now: () => new Date(), kinds: ["fine"] } as const;
  const [first, second] = await Promise.all([startTlsEndpoints(options), startTlsEndpoints(options)]);
  await Promise.all([first.stop(), second.stop()]);
  expect(second.roots).not.toBe(first.roots);
});

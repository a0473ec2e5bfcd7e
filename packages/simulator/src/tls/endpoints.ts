import { createAuthority } from "./authority.ts";
import {
  everyKind,
  type TlsBuild,
  type TlsEndpointPlan,
  type TlsExpectation,
  type TlsKind,
  tlsKinds,
} from "./kinds.ts";
import { isTaken, type Listening, lastingPorts, listen } from "./listen.ts";
import { type Material, openMaterial } from "./material.ts";

export interface TlsEndpoint {
  /** The kind; `sni` makes sni-none, sni-first and sni-second, all on one port. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** The server name to ask for; without it none is to be sent. */
  readonly sni?: string;
  readonly expect: TlsExpectation;
}

export interface TlsEndpoints {
  readonly endpoints: readonly TlsEndpoint[];
  /** Kinds that this machine cannot serve, with the system's reason: `ipv6` where there is no ::1. */
  readonly left: readonly { readonly kind: TlsKind; readonly reason: string }[];
  /** Kinds whose kept port is somebody else's now; `to` is kept from now on. */
  readonly moved: readonly { readonly kind: TlsKind; readonly from: number; readonly to: number }[];
  /** What was kept and could not be used again, with the reason, in sentences. */
  readonly renewed: readonly string[];
  /** The trusted root, PEM. */
  readonly roots: string;
  /** What `client-certificate` lets in, PEM. */
  readonly client: { readonly cert: string; readonly key: string };
  stop(): Promise<void>;
}

/**
 * Real TLS servers on loopback, one for each kind, whose certificates are made now and are valid relative to `now`. A client that
 * judges validity by the system's clock needs `now` to be that clock. With `directory` the next start over it serves the same
 * certificates, valid relative to the start that made them, on the same ports; OCSP staples are always made now. Rejects, with nothing
 * left running, when an address cannot be had or the directory cannot be read or written.
 */
export async function startTlsEndpoints(options: {
  readonly now: () => Date;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default every kind. */
  readonly kinds?: readonly TlsKind[];
  /** Where certificates, keys and ports are kept (made if it is not there); without it nothing is written. */
  readonly directory?: string;
}): Promise<TlsEndpoints> {
  const { now, host = "127.0.0.1", directory } = options;
  const material = await openMaterial({ host, ...(directory === undefined ? {} : { directory }) });
  const authority = await createAuthority({ now, host, material });
  const client = await authority.issue({
    commonName: "client.cadastre.test",
    purpose: "client",
    notBefore: authority.day(-30),
    notAfter: authority.day(60),
    issuer: authority.root,
  });
  const planned = await Promise.all(
    [...new Set(options.kinds ?? everyKind)].map(async (kind) => {
      const build: TlsBuild = tlsKinds[kind];
      const plan = await build(authority, kind);
      return { kind, plan, host: plan.host ?? host };
    }),
  );
  const serving = await serve(planned, material);
  try {
    await material.save();
  } catch (error) {
    await serving.stop();
    throw error;
  }
  return {
    ...serving,
    renewed: material.renewed,
    roots: authority.root.pem,
    client: { cert: client.pem, key: client.keyPem },
  };
}

interface Planned {
  readonly kind: TlsKind;
  readonly plan: TlsEndpointPlan;
  readonly host: string;
}

type Serving = Pick<TlsEndpoints, "endpoints" | "left" | "moved" | "stop">;

async function serve(planned: readonly Planned[], material: Material): Promise<Serving> {
  const kept = new Map(material.ports);
  const started = new Map<TlsKind, Listening>();
  const left: { kind: TlsKind; reason: string }[] = [];
  const moved: { kind: TlsKind; from: number; to: number }[] = [];
  const stop = async () => {
    await Promise.all([...started.values()].map((server) => server.stop()));
  };
  async function listenAt({ kind, plan, host }: Planned, ports: Iterable<number>): Promise<void> {
    try {
      const server = await listen(plan.server, host, ports);
      started.set(kind, server);
      material.usePort(kind, server.port);
    } catch (error) {
      if (kind !== "ipv6" || isTaken(error)) throw error;
      left.push({ kind, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  async function listenWhereKept(each: Planned): Promise<readonly Planned[]> {
    const port = kept.get(each.kind);
    if (port === undefined) return [each];
    try {
      await listenAt(each, [port]);
      return [];
    } catch (error) {
      if (!isTaken(error)) throw error;
      return [each];
    }
  }
  async function listenAnywhere(each: Planned): Promise<void> {
    await listenAt(each, material.lasting ? lastingPorts(new Set(kept.values())) : [0]);
    const [from, to] = [kept.get(each.kind), started.get(each.kind)?.port];
    if (from !== undefined && to !== undefined) moved.push({ kind: each.kind, from, to });
  }
  try {
    // First those that have a port, lest another is put on it.
    const homeless = await everyOne(planned.map(listenWhereKept));
    await everyOne(homeless.flat().map(listenAnywhere));
  } catch (error) {
    await stop();
    throw error;
  }
  const endpoints = planned.flatMap(({ kind, plan, host }) => {
    const server = started.get(kind);
    return server ? plan.asked.map((asked) => ({ ...asked, host, port: server.port })) : [];
  });
  return { endpoints, left, moved, stop };
}

/** All results, or the first failure once nothing is under way any more: what listens late would never be stopped. */
async function everyOne<Result>(promises: readonly Promise<Result>[]): Promise<Result[]> {
  const settled = await Promise.allSettled(promises);
  const failed = settled.find((each) => each.status === "rejected");
  if (failed) throw failed.reason;
  return settled.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
}

import { createAuthority } from "./authority.ts";
import { issueCertificate } from "./certificates.ts";
import { type TlsBuild, type TlsExpectation, type TlsKind, tlsKinds } from "./kinds.ts";
import { type Listening, listen } from "./listen.ts";

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
  /** The trusted root, PEM. */
  readonly roots: string;
  /** What `client-certificate` lets in, PEM. */
  readonly client: { readonly cert: string; readonly key: string };
  stop(): Promise<void>;
}

/**
 * Real TLS servers on loopback, one for each kind, whose certificates are made now and are valid relative to `now`. A client that
 * judges validity by the system's clock needs `now` to be that clock.
 */
export async function startTlsEndpoints(options: {
  readonly now: () => Date;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default every kind. */
  readonly kinds?: readonly TlsKind[];
}): Promise<TlsEndpoints> {
  const host = options.host ?? "127.0.0.1";
  const authority = await createAuthority({ now: options.now, host });
  const client = await issueCertificate({
    commonName: "client.cadastre.test",
    purpose: "client",
    notBefore: authority.day(-30),
    notAfter: authority.day(60),
    issuer: authority.root,
  });
  const kinds = options.kinds ?? (Object.keys(tlsKinds) as TlsKind[]);
  const started: Listening[] = [];
  const left: { kind: TlsKind; reason: string }[] = [];
  const stop = async () => {
    await Promise.all(started.map((server) => server.stop()));
  };
  async function start(kind: TlsKind): Promise<readonly TlsEndpoint[]> {
    const build: TlsBuild = tlsKinds[kind];
    const plan = await build(authority, kind);
    const at = plan.host ?? host;
    try {
      const server = await listen(plan.server, at);
      started.push(server);
      return plan.asked.map((asked) => ({ ...asked, host: at, port: server.port }));
    } catch (error) {
      if (kind !== "ipv6") throw error;
      left.push({ kind, reason: error instanceof Error ? error.message : String(error) });
      return [];
    }
  }
  const results = await Promise.allSettled(kinds.map(start));
  const failed = results.find((result) => result.status === "rejected");
  if (failed) {
    await stop();
    throw failed.reason;
  }
  return {
    endpoints: results.flatMap((result) => (result.status === "fulfilled" ? result.value : [])),
    left,
    roots: authority.root.pem,
    client: { cert: client.pem, key: client.keyPem },
    stop,
  };
}

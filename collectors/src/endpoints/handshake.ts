import type { X509Certificate } from "node:crypto";
import type { ConnectionOptions, SecureContext, TLSSocket } from "node:tls";
import { type HandshakeOutcome, outcomeOf } from "./failure.ts";
import { afterPatiently, type Clock } from "./patience.ts";

export interface HandshakeLimits {
  readonly connectTimeoutMilliseconds: number;
  /** From the first packet to the end of the handshake. Only time counts in which this process was awake. */
  readonly totalTimeoutMilliseconds: number;
  /** Certificates in a chain, the server's own among them. */
  readonly chainLengthLimit: number;
  readonly chainBytesLimit: number;
  /** How many times the timeouts are waited for. */
  readonly patience: number;
}

/** Opens a connection to the address that it is told, by TLS: `connect` of node:tls, unless the network is somebody else's. */
export type Connect = (options: ConnectionOptions & { readonly host: string; readonly port: number }) => TLSSocket;

interface HandshakeOptions extends HandshakeLimits {
  /** In text form. Nothing is looked up: this address was checked, so this address is connected to. */
  readonly address: string;
  readonly port: number;
  readonly servername: string | undefined;
  readonly context: SecureContext;
  readonly connect: Connect;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** What one handshake gave. The chain is what the server sent, in its order; nothing of it has been verified. */
export interface Handshake {
  readonly outcome: HandshakeOutcome;
  readonly detail?: string;
  /** Whether the other side took the connection, whatever became of it. */
  readonly connected: boolean;
  readonly protocol?: string;
  readonly cipher?: string;
  readonly chain: readonly X509Certificate[];
  /** DER of the stapled OCSP response. */
  readonly staple?: Buffer;
  /** OpenSSL's own verdict on the chain, a code such as `CERT_HAS_EXPIRED`; undefined when it has nothing against it. */
  readonly verdict?: string;
}

/** How long a TLS 1.3 server may take to refuse a client without a certificate, which it does after the client is done. */
const SETTLE_MILLISECONDS = 1000;

/**
 * Makes one handshake and closes. Never rejects for what the server did, that is the outcome; rejects with the signal's reason
 * when it is aborted.
 */
export function shakeHands(options: HandshakeOptions): Promise<Handshake> {
  const { promise, resolve, reject } = Promise.withResolvers<Handshake>();
  if (options.signal.aborted) return Promise.reject(options.signal.reason);
  const { connectTimeoutMilliseconds, totalTimeoutMilliseconds } = options;
  const socket = open(options);
  const timers: (() => void)[] = [];
  let seen: Omit<Handshake, "outcome" | "connected"> = { chain: [] };
  let connected = false;
  let established = false;

  function close() {
    for (const callOff of timers) callOff();
    options.signal.removeEventListener("abort", interrupt);
    socket.destroy();
  }
  function finish(outcome: HandshakeOutcome, detail?: string) {
    close();
    resolve({ ...limited(options, { ...seen, connected, outcome, ...(detail === undefined ? {} : { detail }) }) });
  }
  function interrupt() {
    close();
    reject(options.signal.reason);
  }
  function after(milliseconds: number, run: () => void): () => void {
    const callOff = afterPatiently(milliseconds * options.patience, run, options.clock);
    timers.push(callOff);
    return callOff;
  }

  // The texts have the plain timeouts, so that a second look, which waits longer, finds no change.
  const callOffConnecting = after(connectTimeoutMilliseconds, () =>
    finish("timeout", `no connection within ${connectTimeoutMilliseconds} ms`),
  );
  after(totalTimeoutMilliseconds, () => {
    if (established) finish("ok");
    else finish("timeout", `no handshake within ${totalTimeoutMilliseconds} ms`);
  });
  options.signal.addEventListener("abort", interrupt, { once: true });
  socket.once("connect", () => {
    connected = true;
    callOffConnecting();
  });
  // Comes while the server's first flight is read, with or without a staple, so before a TLS 1.2 server can refuse us.
  socket.on("OCSPResponse", (staple: Buffer | null) => {
    const protocol = socket.getProtocol();
    seen = { chain: sentChain(socket), ...(protocol ? { protocol } : {}), ...(staple?.length ? { staple } : {}) };
  });
  socket.once("secureConnect", () => {
    established = true;
    seen = { ...seen, ...negotiated(socket), chain: seen.chain.length > 0 ? seen.chain : sentChain(socket) };
    if (seen.protocol !== "TLSv1.3") {
      finish("ok");
      return;
    }
    // A session ticket, data or an orderly end say that the server is content.
    socket.once("session", () => finish("ok"));
    socket.once("data", () => finish("ok"));
    after(SETTLE_MILLISECONDS, () => finish("ok"));
    socket.end();
  });
  socket.on("error", (error: NodeJS.ErrnoException) => {
    const code = error.code ?? "UNKNOWN";
    const outcome = outcomeOf(code, seen.chain.length > 0);
    // The connection is closed by both sides at once after a handshake; that is no failure.
    if (established && outcome !== "client_certificate_required") finish("ok");
    else finish(outcome, code);
  });
  socket.once("close", () => (established ? finish("ok") : finish("reset", "closed before the handshake was done")));
  return promise;
}

function open(options: HandshakeOptions): TLSSocket {
  return options.connect({
    host: options.address,
    port: options.port,
    ...(options.servername === undefined ? {} : { servername: options.servername }),
    secureContext: options.context,
    // What is wrong with a certificate is a finding, several at once; Node would stop at the first.
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
    requestOCSP: true,
    lookup: (host, _options, done) => done(new Error(`${host} must not be looked up again`), []),
  });
}

/**
 * The chain as the server sent it. `getPeerCertificate(true)` sorts it, drops what does not fit and appends a trusted root;
 * `getPeerX509Certificate` gives the list as it came, linked by `issuerCertificate`. It empties the list: call it once.
 */
function sentChain(socket: TLSSocket): X509Certificate[] {
  const chain: X509Certificate[] = [];
  let next = socket.getPeerX509Certificate();
  while (next) {
    chain.push(next);
    next = next.issuerCertificate;
  }
  return chain;
}

function negotiated(socket: TLSSocket): Pick<Handshake, "protocol" | "cipher" | "verdict"> {
  const protocol = socket.getProtocol();
  // Declared as an Error, but a code when certificates are not rejected.
  const verdict = socket.authorizationError as unknown as string | null;
  return {
    ...(protocol ? { protocol } : {}),
    cipher: socket.getCipher().standardName,
    ...(verdict ? { verdict: String(verdict) } : {}),
  };
}

function limited(limits: HandshakeLimits, handshake: Handshake): Handshake {
  const { chain, ...rest } = handshake;
  const bytes = chain.reduce((sum, certificate) => sum + certificate.raw.length, 0);
  const { chainLengthLimit, chainBytesLimit } = limits;
  if (chain.length <= chainLengthLimit && bytes <= chainBytesLimit) return handshake;
  const detail = `${chain.length} certificates of ${bytes} bytes; at most ${chainLengthLimit} and ${chainBytesLimit} are taken`;
  return { ...rest, chain: [], outcome: "chain_too_large", detail };
}

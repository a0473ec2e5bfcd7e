import { isIP, type LookupFunction } from "node:net";
import { connect } from "node:tls";
import { type Delivery, DeliveryError } from "@cadastre/core/forwarding/ports";
import { toSyslogFrame, toTestFrame } from "@cadastre/core/forwarding/syslog-message";

const SHORTEST_PAUSE_MILLISECONDS = 20;
const LONGEST_PAUSE_MILLISECONDS = 1000;

/**
 * Sends the records over a TLS connection of their own (RFC 5425). Syslog has no word for having taken something: they count as taken when the
 * receiver has closed its side after ours was closed, and not before, and neither side broke off. Between the last record and the close is a
 * pause of twice the handshake, so that a receiver which goes as soon as somebody comes is seen to. Throws DeliveryError, and what `signal` aborts with.
 */
export async function sendSyslog(
  { forwarder, records, at }: Delivery,
  { lookup, signal }: { readonly lookup: LookupFunction; readonly signal: AbortSignal },
): Promise<void> {
  const { host = "", port = 6514, ca } = forwarder;
  const frames = records.length === 0 ? [toTestFrame(at)] : records.map(toSyslogFrame);
  await new Promise<void>((resolve, reject) => {
    const name = isIP(host) === 0 ? { servername: host } : {};
    const socket = connect({ host, port, lookup, ...name, ...(ca === undefined ? {} : { ca }) });
    const fail = (error: unknown) => {
      socket.destroy();
      reject(error as Error);
    };
    const abort = () => fail(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    const started = performance.now();
    let pause: NodeJS.Timeout | undefined;
    let isSent = false;
    let isRead = false;
    socket.on("secureConnect", () => {
      socket.write(Buffer.concat(frames));
      const twice = 2 * (performance.now() - started);
      pause = setTimeout(
        () => {
          isSent = true;
          socket.end();
        },
        Math.min(LONGEST_PAUSE_MILLISECONDS, Math.max(SHORTEST_PAUSE_MILLISECONDS, twice)),
      );
    });
    socket.on("end", () => {
      isRead = isSent;
      if (!isRead) socket.destroy();
    });
    socket.on("error", fail);
    socket.on("close", () => {
      clearTimeout(pause);
      signal.removeEventListener("abort", abort);
      if (isRead) resolve();
      else reject(new DeliveryError("broken_off"));
    });
    // What it says is passed over.
    socket.resume();
  });
}

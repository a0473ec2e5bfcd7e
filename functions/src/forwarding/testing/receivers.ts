import { createServer as createHttps } from "node:https";
import type { AddressInfo, Server, Socket } from "node:net";
import { createServer as createTls } from "node:tls";
import { chainPem, issueCertificate } from "@cadastre/simulator/tls/certificates";

/** The name that receivers have a certificate for; a test's resolver leads it to loopback. */
export const RECEIVER = "siem.test";

/** What a receiver does with what it is sent. `picky` refuses what has the word "poison". */
export type Mood = "takes" | "hangs" | "cuts" | "breaks" | "redirects" | "picky";

/** A message as it arrived: its text, and of a webhook its headers. */
export interface Arrived {
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Receiver {
  readonly ca: string;
  readonly port: number;
  mood: Mood;
  /** What it took, in the order in which it came. */
  readonly taken: Arrived[];
  /** Also what it did not take. */
  readonly attempts: () => number;
  readonly stop: () => Promise<void>;
}

async function aMaterial() {
  const validity = { notBefore: new Date(Date.now() - 86_400_000), notAfter: new Date(Date.now() + 86_400_000) };
  const root = await issueCertificate({ ...validity, commonName: "Receivers", purpose: "authority" });
  const leaf = await issueCertificate({
    ...validity,
    commonName: RECEIVER,
    purpose: "server",
    issuer: root,
    dnsNames: [RECEIVER],
  });
  return { ca: root.pem, key: leaf.keyPem, cert: chainPem([leaf]) };
}

async function serve(server: Server, receiver: Omit<Receiver, "port" | "stop">, port: number): Promise<Receiver> {
  const open = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    socket.on("error", () => socket.destroy());
  });
  await new Promise<void>((done) => server.listen(port, "127.0.0.1", done));
  return Object.assign(receiver, {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise<void>((done) => {
        server.close(() => done());
        for (const socket of open) socket.destroy();
      }),
  });
}

/** For tests: a receiver of webhooks on loopback, over TLS. */
export async function aWebhookReceiver(port = 0, known?: Awaited<ReturnType<typeof aMaterial>>): Promise<Receiver> {
  const { ca, ...material } = known ?? (await aMaterial());
  const taken: Arrived[] = [];
  let attempts = 0;
  const receiver = { ca, mood: "takes" as Mood, taken, attempts: () => attempts };
  const server = createHttps(material, async (request, response) => {
    attempts += 1;
    const { mood } = receiver;
    if (mood === "hangs") return;
    if (mood === "cuts") return void request.socket.destroy();
    let text = "";
    for await (const piece of request.setEncoding("utf8")) text += piece;
    if (mood === "breaks") return void response.writeHead(500).end("broken");
    if (mood === "redirects") return void response.writeHead(307, { location: "https://127.0.0.1:1/" }).end();
    if (mood === "picky" && text.includes("poison")) return void response.writeHead(400).end();
    taken.push({ text, headers: request.headers as Record<string, string> });
    response.writeHead(204).end();
  });
  return serve(server as unknown as Server, receiver, port);
}

/** The messages of frames with counted octets (RFC 5425 §4.3). Throws for what is none. */
function unframe(bytes: Buffer): string[] {
  const messages: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const blank = bytes.indexOf(" ", at);
    const length = bytes.subarray(at, blank).toString();
    if (!/^[1-9]\d*$/.test(length)) throw new Error(`no length: ${length}`);
    const end = blank + 1 + Number(length);
    if (end > bytes.length) throw new Error("cut off");
    messages.push(bytes.subarray(blank + 1, end).toString());
    at = end;
  }
  return messages;
}

/** For tests: a receiver of syslog on loopback, over TLS. */
export async function aSyslogReceiver(port = 0, known?: Awaited<ReturnType<typeof aMaterial>>): Promise<Receiver> {
  const { ca, ...material } = known ?? (await aMaterial());
  const taken: Arrived[] = [];
  let attempts = 0;
  const receiver = { ca, mood: "takes" as Mood, taken, attempts: () => attempts };
  const server = createTls({ ...material, allowHalfOpen: true }, (socket) => {
    attempts += 1;
    const pieces: Buffer[] = [];
    socket.on("error", () => socket.destroy());
    if (receiver.mood === "hangs") return;
    if (receiver.mood === "cuts") return void socket.destroy();
    socket.on("data", (piece) => pieces.push(piece));
    socket.on("end", () => {
      for (const text of unframe(Buffer.concat(pieces))) taken.push({ text, headers: {} });
      socket.end();
    });
  });
  return serve(server, receiver, port);
}

import { once } from "node:events";
import { connect, createServer as createTcpServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import { Worker } from "node:worker_threads";
import { type Listening, listen } from "@cadastre/simulator/tls/listen";

export interface Served extends Listening {
  /** Connections accepted so far. */
  readonly connections: number;
  /** Server names asked for, `false` where there was none. */
  readonly asked: readonly (string | false)[];
}

async function serve(server: Server, host: string, asked: (string | false)[] = []): Promise<Served> {
  let connections = 0;
  server.on("connection", () => {
    connections += 1;
  });
  const listening = await listen(server, host);
  return {
    ...listening,
    asked,
    get connections() {
      return connections;
    },
  };
}

/** A TLS server that stays open until the client goes. `staple` is what it answers to a request for OCSP. */
export async function aTlsServer(options: TlsOptions & { readonly staple?: Buffer }, host = "127.0.0.1") {
  const asked: (string | false)[] = [];
  const server = createTlsServer({ ...options, ciphers: "DEFAULT:@SECLEVEL=0" }, (socket) => {
    asked.push(socket.servername ?? false);
    socket.on("error", () => socket.destroy());
    socket.resume();
  });
  if (options.staple) {
    server.on("OCSPRequest", (_certificate, _issuer, answer) => answer(null, options.staple ?? null));
  }
  return serve(server, host, asked);
}

/** A server that does something else with each connection. */
export function aTcpServer(onConnection: (socket: Socket) => void, host = "127.0.0.1"): Promise<Served> {
  const server = createTcpServer((socket) => {
    socket.on("error", () => socket.destroy());
    onConnection(socket);
  });
  return serve(server, host);
}

const DEAF = `
const { parentPort, workerData } = require("node:worker_threads");
const server = require("node:net").createServer();
server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
  parentPort.postMessage(server.address().port);
  // Whoever has its event loop blocked accepts nothing, so the queue of the listening socket stays full.
  setImmediate(() => Atomics.wait(new Int32Array(workerData), 0, 0));
});
`;

/** A port where connections are neither accepted nor refused, as behind a firewall that drops packets. */
export async function aDeafPort(): Promise<Listening> {
  const gate = new SharedArrayBuffer(4);
  const worker = new Worker(DEAF, { eval: true, workerData: gate });
  const [port] = (await once(worker, "message")) as [number];
  const fillers = Array.from({ length: 4 }, () => connect(port, "127.0.0.1").on("error", () => undefined));
  await once(fillers[0] as Socket, "connect");
  return {
    port,
    stop: async () => {
      for (const filler of fillers) filler.destroy();
      Atomics.store(new Int32Array(gate), 0, 1);
      Atomics.notify(new Int32Array(gate), 0);
      await worker.terminate();
    },
  };
}

import { randomInt } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo, Server, Socket } from "node:net";

export interface Listening {
  readonly port: number;
  /** Closes the server and every connection. */
  stop(): Promise<void>;
}

/** Whether a port could not be had because it is somebody else's (or, on Windows, set aside). */
export function isTaken(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "EADDRINUSE" || error.code === "EACCES");
}

const attempts = 50;

/**
 * Ports to ask for that will likely be free next time: below those that Linux (from 32768), macOS and Windows (from 49152) give to
 * connections and servers that name none. The system chooses where all of them are taken.
 */
export function* lastingPorts(except: ReadonlySet<number>): Generator<number> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const port = randomInt(20_000, 32_768);
    if (!except.has(port)) yield port;
  }
  yield 0;
}

/**
 * Puts a server on the first port of `host` that is free (0, the default, lets the system choose), ready when this resolves; rejects
 * when none can be had.
 */
export async function listen(server: Server, host: string, ports: Iterable<number> = [0]): Promise<Listening> {
  await listenOnFirst(server, host, ports);
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
  });
  return {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

async function listenOnFirst(server: Server, host: string, ports: Iterable<number>): Promise<void> {
  let taken: unknown = new Error("there is no port to listen on");
  for (const port of ports) {
    try {
      const listening = once(server, "listening");
      server.listen(port, host);
      await listening;
      return;
    } catch (error) {
      if (!isTaken(error)) throw error;
      taken = error;
    }
  }
  throw taken;
}

import { isIP, Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { parseAddress } from "@cadastre/net/address";
import { isLoopback } from "@cadastre/net/special";
import { vi } from "vitest";
import type { Connect } from "../handshake.ts";
import type { Resolve } from "../resolve.ts";

/** Where a call of `Socket.connect` leads; undefined for what is no address, such as a path or a name. */
function hostOf(args: readonly unknown[]): unknown {
  const [first, second] = Array.isArray(args[0]) ? (args[0] as unknown[]) : args;
  return typeof first === "object" && first !== null ? (first as { host?: unknown }).host : second;
}

function isOnLoopback(host: unknown): boolean {
  return typeof host === "string" && isIP(host) !== 0 && isLoopback(parseAddress(host));
}

/**
 * Runs work that may open connections to loopback alone, whatever it is led to by mistake: every other connection is refused
 * before a packet leaves, every name that `resolve` is asked for too, and the work then fails with what it tried.
 */
export async function onLoopback<T>(work: (resolve: Resolve) => Promise<T>): Promise<T> {
  const strays: string[] = [];
  const connect = Reflect.get(Socket.prototype, "connect") as (this: Socket, ...args: unknown[]) => Socket;
  const spy = vi.spyOn(Socket.prototype, "connect").mockImplementation(function (this: Socket, ...args: unknown[]) {
    if (isOnLoopback(hostOf(args))) return connect.apply(this, args);
    strays.push(`connected to ${String(hostOf(args))}`);
    throw new Error("only loopback is connected to");
  } as typeof Socket.prototype.connect);
  try {
    const result = await work(async (host) => {
      strays.push(`looked up ${host}`);
      throw new Error("no name is looked up");
    });
    if (strays.length > 0) throw new Error(strays.join(", "));
    return result;
  } finally {
    spy.mockRestore();
  }
}

/** A network in which nobody answers, and which notes who was to be connected to. */
export function aSilentNetwork() {
  const connected: string[] = [];
  const connect: Connect = ({ host }) => {
    connected.push(host);
    const socket = new TLSSocket(new Socket());
    process.nextTick(() => socket.destroy(Object.assign(new Error("refused"), { code: "ECONNREFUSED" })));
    return socket;
  };
  return { connected, connect };
}

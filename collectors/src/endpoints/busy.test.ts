import type { Socket } from "node:net";
import { createServer, type Server } from "node:tls";
import { type Authority, aLeaf, anAuthority } from "@cadastre/x509/testing/pki";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { aManualClock, type ManualClock } from "./testing/clock.ts";
import { look } from "./testing/recording.ts";
import { aTcpServer, type Served } from "./testing/servers.ts";

let authority: Authority;
let tls: Server;
let server: Served | undefined;
let clock: ManualClock;
beforeAll(async () => {
  authority = await anAuthority();
  const leaf = await aLeaf(authority.intermediate);
  tls = createServer({ key: leaf.keyPem, cert: [leaf, authority.intermediate].map((one) => one.pem).join("\n") });
  tls.on("secureConnection", (socket) => socket.on("error", () => socket.destroy()).resume());
});
beforeEach(() => {
  clock = aManualClock();
});
afterEach(() => server?.stop());

/** A machine that lets some connections lie, and with them so much time passes that they are given up. */
async function aBusyMachine(isTooBusy: (open: number, connection: number) => boolean) {
  let open = 0;
  let connections = 0;
  server = await aTcpServer((socket: Socket) => {
    open += 1;
    connections += 1;
    socket.once("close", () => {
      open -= 1;
    });
    if (!isTooBusy(open, connections)) tls.emit("connection", socket);
    else socket.once("data", () => clock.advance(600_000));
  });
  return server.port;
}

const trusted = () => ({ extraRoots: [authority.root.pem], clock });

test("a handshake that took too long is made again in the same run, which then is complete", async () => {
  const port = await aBusyMachine((_open, connection) => connection === 1);
  const recorded = await look(
    [`127.0.0.1:${port}?sni=leaf.example`, `127.0.0.1:${port}?sni=a.leaf.example`],
    trusted(),
  );
  expect(recorded.endpoint.resources.map((one) => one.attributes.outcome)).toEqual(["ok", "ok"]);
  expect(recorded.certificate).toMatchObject({ status: "complete", errors: [] });
});

test("a machine that bears four handshakes at a time is seen whole in one run that may make twenty", async () => {
  const port = await aBusyMachine((open) => open > 4);
  const targets = Array.from({ length: 60 }, (_, n) => `127.0.0.1:${port}?sni=host-${n}.leaf.example`);
  const recorded = await look(targets, trusted());
  const outcomes = recorded.endpoint.resources.map((one) => one.attributes.outcome);
  expect(outcomes).toEqual(targets.map(() => "ok"));
  expect(recorded.certificate.status).toBe("complete");
});

test("a server that never answers is given up after the second look, when that has helped nobody", async () => {
  const port = await aBusyMachine(() => true);
  const recorded = await look([`127.0.0.1:${port}`], trusted());
  expect(recorded.endpoint.resources[0]?.attributes).toMatchObject({
    outcome: "failed",
    handshakes: [{ outcome: "timeout", detail: "no handshake within 15000 ms" }],
  });
  expect(server?.connections).toBe(2);
});

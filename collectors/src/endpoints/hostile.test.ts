import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { createServer } from "node:tls";
import { listen } from "@cadastre/simulator/tls/listen";
import { type Authority, aLeaf, anAuthority, issue } from "@cadastre/x509/testing/pki";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { look, onlyHandshake } from "./testing/recording.ts";
import { aDeafPort, aTcpServer, aTlsServer, type Served } from "./testing/servers.ts";

let authority: Authority;
let server: Served | undefined;
beforeAll(async () => {
  authority = await anAuthority();
});
afterEach(() => server?.stop());

const QUICK = { connectTimeoutMilliseconds: 500, totalTimeoutMilliseconds: 500 };

async function outcomeOf(onConnection: (socket: Socket) => void) {
  server = await aTcpServer(onConnection);
  const recorded = await look([`127.0.0.1:${server.port}`], QUICK);
  expect(recorded.endpoint).toMatchObject({ status: "complete", errors: [] });
  expect(recorded.certificate).toMatchObject({ status: "partial", errors: [{ code: "endpoints_unreachable" }] });
  return onlyHandshake(recorded);
}

function flood(socket: Socket, chunk: () => Buffer) {
  const push = () => {
    while (!socket.destroyed && socket.write(chunk()));
  };
  socket.on("drain", push);
  push();
}

/** A TLS record of this content type that holds these bytes. */
function tlsRecord(type: number, content: Buffer): Buffer {
  const header = Buffer.from([type, 3, 3, content.length >> 8, content.length & 255]);
  return Buffer.concat([header, content]);
}

describe("a server that", () => {
  test("floods noise is not TLS", async () => {
    expect((await outcomeOf((socket) => flood(socket, () => randomBytes(65_536)))).outcome).toMatch(
      /^(not_tls|handshake_failed)$/,
    );
  });

  test("floods warnings is given up", async () => {
    const warning = tlsRecord(21, Buffer.from([1, 90]));
    const handshake = await outcomeOf((socket) => flood(socket, () => Buffer.concat(Array(500).fill(warning))));
    expect(handshake.outcome).toBe("handshake_failed");
  });

  test("announces a handshake message of 16 MB and sends it is given up", async () => {
    const start = tlsRecord(22, Buffer.from([2, 255, 255, 255, ...Array(200).fill(3)]));
    const handshake = await outcomeOf((socket) => flood(socket, () => start));
    expect(["handshake_failed", "chain_too_large"]).toContain(handshake.outcome);
  });

  test("drips one byte now and then runs into the total timeout", async () => {
    const hello = tlsRecord(22, Buffer.alloc(16_000, 2));
    const handshake = await outcomeOf((socket) => {
      let sent = 0;
      const timer = setInterval(() => socket.write(hello.subarray(sent, ++sent)), 20);
      socket.on("close", () => clearInterval(timer));
      socket.resume();
    });
    expect(handshake).toMatchObject({ outcome: "timeout", detail: "no handshake within 500 ms" });
  });

  test("accepts and says nothing runs into the total timeout", async () => {
    expect((await outcomeOf((socket) => socket.resume())).outcome).toBe("timeout");
  });

  test.each([
    ["ends", (socket: Socket) => socket.end()],
    ["resets", (socket: Socket) => socket.resetAndDestroy()],
  ])("%s the connection at once is recorded as that", async (_name, close) => {
    expect((await outcomeOf(close)).outcome).toBe("reset");
  });

  test.each([
    ["HTTP", "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"],
    ["SSH", "SSH-2.0-OpenSSH_9.9\r\n"],
    ["SMTP", "220 mail.example ESMTP\r\n"],
    ["zeros", "\0".repeat(100)],
  ])("speaks %s is not TLS", async (_name, greeting) => {
    expect((await outcomeOf((socket) => socket.resume().write(greeting))).outcome).toBe("not_tls");
  });

  test("sends more certificates than are taken shows none", async () => {
    const leaf = await aLeaf(authority.intermediate);
    const cert = [leaf, authority.intermediate, authority.root].map((one) => one.pem).join("\n");
    server = await aTlsServer({ key: leaf.keyPem, cert });
    const target = `127.0.0.1:${server.port}?sni=leaf.example`;
    const byNumber = onlyHandshake(await look([target], { chainLengthLimit: 2 }));
    expect(byNumber.outcome).toBe("chain_too_large");
    expect(byNumber.detail).toMatch(/^3 certificates of \d+ bytes; at most 2 /);
    expect(onlyHandshake(await look([target], { chainBytesLimit: 800 })).outcome).toBe("chain_too_large");
    expect(onlyHandshake(await look([target], { chainLengthLimit: 3 })).outcome).toBe("ok");
  });

  test("floods data after the handshake is cut off and counted as fine", async () => {
    const leaf = await aLeaf(authority.intermediate);
    const flooding = createServer({ key: leaf.keyPem, cert: leaf.pem }, (socket) => {
      socket.on("error", () => socket.destroy());
      const push = () => {
        while (!socket.destroyed && socket.write(Buffer.alloc(65_536)));
      };
      socket.on("drain", push);
      push();
    });
    const listening = await listen(flooding, "127.0.0.1");
    const recorded = await look([`127.0.0.1:${listening.port}`], QUICK);
    await listening.stop();
    expect(onlyHandshake(recorded).outcome).toBe("ok");
  });

  test("sends certificates that all signed one another is judged in no time", async () => {
    const keys = authority.root.keys;
    const ring = await Promise.all(Array.from({ length: 60 }, () => issue({ subject: "CN=Ring", ca: true, keys })));
    const [first] = ring;
    if (!first) throw new Error("no ring");
    const leaf = await aLeaf(first);
    server = await aTlsServer({ key: leaf.keyPem, cert: [leaf, ...ring].map((one) => one.pem).join("\n") });
    const startedAt = performance.now();
    const handshake = onlyHandshake(await look([`127.0.0.1:${server.port}?sni=leaf.example`]));
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    expect(handshake.findings?.map((finding) => finding.code)).toContain("untrusted_root");
  });
});

test("a port that nobody listens on is refused, and the endpoint is recorded", async () => {
  const gone = await aTcpServer((socket) => socket.end());
  await gone.stop();
  const recorded = await look([`127.0.0.1:${gone.port}`]);
  expect(onlyHandshake(recorded).outcome).toBe("refused");
  expect(recorded.endpoint.resources[0]?.attributes.outcome).toBe("failed");
});

test("a port whose packets are dropped runs into the connect timeout, before the total one", async () => {
  const deaf = await aDeafPort();
  const limits = { connectTimeoutMilliseconds: 200, totalTimeoutMilliseconds: 20_000 };
  const handshake = onlyHandshake(await look([`127.0.0.1:${deaf.port}`], limits));
  await deaf.stop();
  expect(handshake).toMatchObject({ outcome: "timeout", detail: "no connection within 200 ms" });
});

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { OutsideError } from "@cadastre/core/limits/outside";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createOutside } from "./outside.ts";

const INIT = { method: "GET", headers: {}, body: undefined, redirect: "manual" } as const;

let server: Server;
let asked: string[] = [];
let port: number;
let connections = 0;
beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers["accept-encoding"]}`);
    if (request.url === "/elsewhere") response.writeHead(302, { location: "http://169.254.169.254/" }).end();
    else if (request.url === "/large") for (let n = 0; n < 20; n++) response.write("x".repeat(64 * 1024));
    else if (request.url === "/silent") response.writeHead(200).write("{");
    else if (request.url === "/nothing") response.writeHead(204).end();
    else request.pipe(response.writeHead(200, { "content-type": "application/json" }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.on("connection", () => connections++);
  port = (server.address() as AddressInfo).port;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** Names as a hostile zone has them. */
const NAMES: Record<string, string[]> = {
  "own.example.org": ["127.0.0.1"],
  "mapped.example.org": ["::ffff:127.0.0.1"],
  "both.example.org": ["127.0.0.1", "203.0.113.7"],
  "second.example.org": ["203.0.113.7", "10.0.0.1"],
  "metadata.example.org": ["169.254.169.254"],
  "nothing.example.org": [],
};
const hostile = createOutside(
  { loopback: false },
  {
    resolve: (name, _, callback) =>
      callback(
        null,
        (NAMES[name] ?? []).map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
      ),
  },
);
const strict = createOutside({ loopback: false });
const loose = createOutside({ loopback: true });

describe("who asks outside", () => {
  test.each([
    "https://127.0.0.1:PORT/",
    "http://127.0.0.1:PORT/",
    "https://localhost:PORT/",
    "https://localhost.:PORT/",
    "https://[::1]:PORT/",
    "https://[::ffff:7f00:1]:PORT/",
    "https://0.0.0.0:PORT/",
    "https://2130706433:PORT/",
    "https://10.0.0.1/",
    "https://192.168.1.1/",
    "https://100.64.0.1/",
    "https://169.254.169.254/latest/meta-data",
    "https://[fd00:ec2::254]/",
    "https://[fe80::1]/",
    "https://user:secret@login.example.org/",
    "http://login.example.org/",
  ])("reaches nothing inside: %s", async (url) => {
    asked = [];
    await expect(strict.fetch(url.replace("PORT", String(port)), INIT)).rejects.toThrow(OutsideError);
    expect(asked).toEqual([]);
  });

  test.each(Object.keys(NAMES))("connects to no address inside that %s leads to", async (name) => {
    connections = 0;
    await expect(hostile.fetch(`https://${name}:${port}/`, INIT)).rejects.toThrow(/: it (is|has) (an?|no) address/);
    expect(connections).toBe(0);
  });

  test("reaches this machine where it is told to, and nothing else inside, also by a name", async () => {
    const answer = await loose.fetch(`http://127.0.0.1:${port}/`, {
      ...INIT,
      method: "POST",
      body: new URLSearchParams({ a: "b c" }),
    });
    expect([answer.status, answer.headers.get("content-type"), await answer.text()]).toEqual([
      200,
      "application/json",
      "a=b+c",
    ]);
    expect((await loose.fetch(`http://localhost:${port}/nothing`, INIT)).status).toBe(204);
    for (const url of ["https://10.0.0.1/", "https://169.254.169.254/", "http://10.0.0.1/"])
      await expect(loose.fetch(url, INIT)).rejects.toThrow(OutsideError);
  });

  test("follows no redirect, keeps nothing large, and is not kept waiting", async () => {
    expect((await loose.fetch(`http://127.0.0.1:${port}/elsewhere`, INIT)).status).toBe(302);
    await expect(loose.fetch(`http://127.0.0.1:${port}/large`, INIT)).rejects.toThrow("more than 524288 bytes");
    const signal = AbortSignal.timeout(50);
    await expect(loose.fetch(`http://127.0.0.1:${port}/silent`, { ...INIT, signal })).rejects.toThrow(OutsideError);
  });
});

import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createHttpServer } from "./http-server.ts";

const asked: string[] = [];
const server = createHttpServer(
  (request) => {
    asked.push(new URL(request.url).pathname);
    if (request.url.endsWith("/broken")) throw new Error("canary");
    return new Response("fine");
  },
  () => new Date("2026-11-30T12:00:00Z"),
);
beforeAll(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
afterAll(() => server.close());

/** All that the server sends in answer to these bytes, until it closes the connection. */
function send(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1", () => socket.write(bytes));
    let text = "";
    socket.on("data", (part) => {
      text += part.toString();
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(text));
  });
}

describe("what no endpoint could be found for", () => {
  it.each([
    ["without a Host header", "GET /a HTTP/1.1\r\n\r\n", 400, "it has no Host header"],
    ["with two Host headers", "GET /a HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n", 400, "it has 2 Host headers"],
    ["with a Host that is none", "GET /a HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "This is not a request of HTTP/1.1"],
    ["to all of the server", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 400, "its target is not a path"],
    ["as to a proxy", "GET http://other.test/a HTTP/1.1\r\nHost: a\r\n\r\n", 400, "its target is not a path"],
    ["as to a tunnel", "CONNECT other.test:443 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "this is no proxy"],
    [
      "that expects what is not known",
      "POST /a HTTP/1.1\r\nHost: a\r\nExpect: tea\r\nContent-Length: 0\r\n\r\n",
      400,
      'it expects "tea", which is not known',
    ],
    ["in no HTTP", "hello\r\n\r\n", 400, "This is not a request of HTTP/1.1"],
    [
      "with too large headers",
      `GET /a HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(20_000)}\r\n\r\n`,
      431,
      "The address and the headers are too large",
    ],
  ])("is answered by a problem document, and the connection closed: %s", async (_, bytes, status, detail) => {
    const [head = "", body = ""] = (await send(bytes)).split("\r\n\r\n");
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(head).toMatch(/^content-type: application\/problem\+json$/im);
    expect(head).toMatch(/^connection: close$/im);
    expect(JSON.parse(body)).toMatchObject({ status, detail, requestId: expect.stringMatching(/^req_/) });
    expect(asked).toEqual([]);
  });

  it("is not what goes wrong in the app itself: that is a fault of ours, of which nothing is told", async () => {
    const answer = await send("GET /broken HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(answer).toMatch(/^HTTP\/1.1 500 /);
    expect(answer).not.toContain("canary");
    expect(asked.splice(0)).toEqual(["/broken"]);
  });

  it("leaves plain requests to the app", async () => {
    expect(await send("GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")).toMatch(/^HTTP\/1.1 200 OK.*fine$/s);
  });
});

describe("what is on its way at once", () => {
  let answerHeld: (() => void) | undefined;
  const bounded = createHttpServer(
    (request) =>
      request.url.endsWith("/held")
        ? new Promise((resolve) => {
            answerHeld = () => resolve(new Response("fine"));
          })
        : new Response("fine"),
    () => new Date(0),
    { mostConnections: 3, mostBytes: 1000 },
  );
  beforeAll(() => new Promise<void>((resolve) => bounded.listen(0, "127.0.0.1", resolve)));
  afterAll(async () => {
    bounded.closeAllConnections();
    await new Promise((resolve) => bounded.close(resolve));
  });

  const open = () => connect((bounded.address() as AddressInfo).port, "127.0.0.1");
  const statusOf = async (path: string, announced: string) => {
    const socket = open();
    socket.write(`POST ${path} HTTP/1.1\r\nHost: a\r\n${announced}\r\nConnection: close\r\n\r\n`);
    const [data] = (await once(socket, "data")) as [Buffer];
    socket.destroy();
    return data.toString().split(" ")[1];
  };

  it("is no more than the bytes of bodies that fit, the rest is told to come later; an answer makes room", async () => {
    const first = statusOf("/held", "Content-Length: 600");
    await vi.waitFor(() => expect(answerHeld).toBeDefined());
    for (const announced of ["Content-Length: 600", "Transfer-Encoding: chunked", "Content-Length: 99999999999"])
      expect(await statusOf("/a", announced), announced).toBe("503");
    expect(await statusOf("/a", "Content-Length: 300")).toBe("200");
    answerHeld?.();
    expect(await first).toBe("200");
    await vi.waitFor(async () => expect(await statusOf("/a", "Content-Length: 600")).toBe("200"));
  });

  it("is no more than so many connections: a further one is closed as it comes", async () => {
    const count = () => new Promise<number>((resolve) => bounded.getConnections((_, n) => resolve(n)));
    await vi.waitFor(async () => expect(await count()).toBe(0));
    const sockets = [open(), open(), open()];
    await vi.waitFor(async () => expect(await count()).toBe(3));
    const further = open();
    await once(further, "close");
    for (const socket of sockets) {
      expect(socket.destroyed).toBe(false);
      socket.destroy();
    }
  });
});

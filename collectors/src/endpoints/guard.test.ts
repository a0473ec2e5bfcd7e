import { parseAddress } from "@cadastre/net/address";
import { describe, expect, test } from "vitest";
import { blockedReason } from "./guard.ts";
import { look, onlyHandshake } from "./testing/recording.ts";
import { aTcpServer } from "./testing/servers.ts";

describe("an address", () => {
  test.each([
    ["127.0.0.1", "loopback"],
    ["127.8.9.10", "loopback"],
    ["::1", "loopback"],
    ["::ffff:7f00:1", "loopback"],
    ["64:ff9b::7f00:1", "loopback"],
    ["169.254.1.2", "link-local"],
    ["fe80::1", "link-local"],
    ["169.254.169.254", "metadata"],
    ["::ffff:a9fe:a9fe", "metadata"],
    ["fd00:ec2::254", "metadata"],
    ["0.0.0.0", "unspecified"],
    ["::", "unspecified"],
    ["224.0.0.1", "multicast"],
    ["ff02::1", "multicast"],
  ])("%s is blocked as %s", (address, reason) => {
    expect(blockedReason(parseAddress(address), {})).toContain(reason);
  });

  test.each(["10.0.0.1", "192.0.2.1", "fd00::1", "2001:db8::1"])("%s is allowed", (address) => {
    expect(blockedReason(parseAddress(address), {})).toBeUndefined();
  });

  test("of loopback or link-local is allowed by configuration, of a metadata service never", () => {
    const allow = { loopback: true, linkLocal: true };
    expect(blockedReason(parseAddress("127.0.0.1"), allow)).toBeUndefined();
    expect(blockedReason(parseAddress("169.254.1.2"), allow)).toBeUndefined();
    expect(blockedReason(parseAddress("169.254.169.254"), allow)).toContain("metadata");
    expect(blockedReason(parseAddress("fd00:ec2::254"), allow)).toContain("metadata");
    expect(blockedReason(parseAddress("0.0.0.0"), allow)).toContain("unspecified");
  });
});

describe("a blocked target", () => {
  test.each(["127.0.0.1", "localhost.example"])("%s is recorded and never connected to", async (host) => {
    const server = await aTcpServer((socket) => socket.end());
    const resolve = async () => ["127.0.0.1", "::ffff:127.0.0.1"];
    const recorded = await look([`${host}:${server.port}`], { allow: {}, resolve });
    await server.stop();
    expect(server.connections).toBe(0);
    expect(recorded.endpoint.status).toBe("complete");
    expect(recorded.endpoint.resources[0]?.attributes.outcome).toBe("blocked");
    expect(recorded.certificate.status).toBe("partial");
  });

  test("does not keep the name's other addresses from being examined", async () => {
    const server = await aTcpServer((socket) => socket.end("220 mail.example\r\n"));
    const resolve = async () => ["127.0.0.1", "169.254.169.254"];
    const recorded = await look([`mail.example:${server.port}`], { resolve });
    await server.stop();
    const handshakes = recorded.endpoint.resources[0]?.attributes.handshakes ?? [];
    expect(handshakes.map(({ address, outcome }) => [address, outcome])).toEqual([
      ["127.0.0.1", "not_tls"],
      ["169.254.169.254", "blocked"],
    ]);
  });
});

test("a name is looked up once: what it answers later is never connected to", async () => {
  const inside = await aTcpServer((socket) => socket.end(), "127.0.0.1");
  const outside = await aTcpServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"), "127.0.0.2");
  const answers = [["127.0.0.2"], ["127.0.0.1"]];
  let lookups = 0;
  const resolve = async () => {
    lookups += 1;
    return answers.shift() ?? ["127.0.0.1"];
  };
  // The same port on both addresses, so that only the address decides where the connection ends.
  const recorded = await look([`rebinding.example:${outside.port}`], { resolve });
  await Promise.all([inside.stop(), outside.stop()]);
  expect(lookups).toBe(1);
  expect(onlyHandshake(recorded)).toMatchObject({ address: "127.0.0.2", outcome: "not_tls" });
  expect([inside.connections, outside.connections]).toEqual([0, 1]);
});

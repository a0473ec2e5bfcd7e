import { parseAddress } from "@cadastre/net/address";
import { describe, expect, test } from "vitest";
import { type Allow, blockedReason } from "./guard.ts";
import { aSilentNetwork } from "./testing/loopback.ts";
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
    ["168.63.129.16", "metadata"],
    ["::ffff:a83f:8110", "metadata"],
    ["100.100.100.200", "metadata"],
    ["64:ff9b::6464:64c8", "metadata"],
    ["fd00:c1::a9fe:a9fe", "metadata"],
    ["192.0.0.192", "metadata"],
    ["fe80::a9fe:a9fe", "metadata"],
    ["169.254.0.23", "metadata"],
    ["169.254.42.42", "metadata"],
    ["fd00:42::42", "metadata"],
    ["169.254.0.2", "link-local"],
    ["100.64.0.1", "carrier-grade NAT"],
    ["100.127.255.254", "carrier-grade NAT"],
    ["::ffff:6440:1", "carrier-grade NAT"],
    ["0.0.0.0", "unspecified"],
    ["::", "unspecified"],
    ["224.0.0.1", "multicast"],
    ["ff02::1", "multicast"],
  ])("%s is blocked as %s", (address, reason) => {
    expect(blockedReason(parseAddress(address), {})).toContain(reason);
  });

  test.each(["10.0.0.1", "192.0.2.1", "168.63.129.17", "100.63.255.255", "100.128.0.0", "fd00::1", "2001:db8::1"])(
    "%s is allowed",
    (address) => {
      expect(blockedReason(parseAddress(address), {})).toBeUndefined();
    },
  );

  test("of loopback, the link or a carrier is allowed by configuration, of a metadata service never", () => {
    const allow = { loopback: true, linkLocal: true, carrierNat: true };
    expect(blockedReason(parseAddress("100.64.0.1"), allow)).toBeUndefined();
    for (const address of ["168.63.129.16", "100.100.100.200", "fd00:c1::a9fe:a9fe"])
      expect(blockedReason(parseAddress(address), allow)).toContain("metadata");
    expect(blockedReason(parseAddress("127.0.0.1"), allow)).toBeUndefined();
    expect(blockedReason(parseAddress("169.254.1.2"), allow)).toBeUndefined();
    expect(blockedReason(parseAddress("169.254.169.254"), allow)).toContain("metadata");
    expect(blockedReason(parseAddress("fd00:ec2::254"), allow)).toContain("metadata");
    expect(blockedReason(parseAddress("0.0.0.0"), allow)).toContain("unspecified");
  });
});

/** Looks at a name with these addresses in a network where nobody answers; says who was connected to, and what came of it. */
async function lookAt(addresses: readonly string[], allow: Allow = {}) {
  const { connect, connected } = aSilentNetwork();
  const recorded = await look(["some.example:8443"], { allow, connect, resolve: async () => addresses });
  const handshakes = recorded.endpoint.resources[0]?.attributes.handshakes ?? [];
  return { recorded, connected, outcomes: handshakes.map(({ address, outcome }) => [address, outcome]) };
}

describe("a target whose addresses are blocked", () => {
  test.each([
    ["of this machine", ["127.0.0.1", "::1", "::ffff:127.0.0.1"]],
    ["of a metadata service", ["169.254.169.254", "fd00:ec2::254", "::ffff:169.254.169.254"]],
    ["of other clouds' metadata services", ["168.63.129.16", "100.100.100.200", "fd00:c1::a9fe:a9fe"]],
    ["of the link", ["169.254.7.7", "fe80::7"]],
    ["behind a carrier", ["100.64.7.7"]],
    ["that are nobody's", ["0.0.0.0", "::", "224.0.0.1", "ff02::1"]],
  ])("is recorded and never connected to: %s", async (_whose, addresses) => {
    const { recorded, connected, outcomes } = await lookAt(addresses);
    expect(connected).toEqual([]);
    expect(new Set(outcomes.map(([, outcome]) => outcome))).toEqual(new Set(["blocked"]));
    expect(outcomes).toHaveLength(addresses.length);
    expect(recorded.endpoint.status).toBe("complete");
    expect(recorded.endpoint.resources[0]?.attributes.outcome).toBe("blocked");
    expect(recorded.certificate.status).toBe("partial");
  });

  test("is not connected to by its address either, though somebody listens there", async () => {
    const server = await aTcpServer((socket) => socket.end());
    const recorded = await look([`127.0.0.1:${server.port}`], { allow: {} });
    await server.stop();
    expect(server.connections).toBe(0);
    expect(recorded.endpoint.resources[0]?.attributes.outcome).toBe("blocked");
  });

  test("keeps its metadata service out of reach also where loopback and the link are allowed", async () => {
    const allow = { loopback: true, linkLocal: true };
    const { connected } = await lookAt(["127.0.0.1", "169.254.1.2", "169.254.169.254", "fd00:ec2::254"], allow);
    expect(connected).toEqual(["127.0.0.1", "169.254.1.2"]);
  });

  test("is examined at its other addresses, each as it was resolved", async () => {
    const { connected, outcomes } = await lookAt(["10.0.0.7", "169.254.169.254", "2001:db8::7"]);
    expect(connected).toEqual(["10.0.0.7", "2001:db8::7"]);
    expect(outcomes).toEqual([
      ["10.0.0.7", "refused"],
      ["169.254.169.254", "blocked"],
      ["2001:db8::7", "refused"],
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

test("these tests reach nothing but loopback: what they would connect to or look up beside it fails them", async () => {
  const resolve = async () => ["192.0.2.1"];
  await expect(look(["some.example"], { resolve })).rejects.toThrow("connected to 192.0.2.1");
  await expect(look(["some.example"])).rejects.toThrow("looked up some.example");
});

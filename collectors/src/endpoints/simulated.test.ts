import { startTlsEndpoints, type TlsEndpoint, type TlsEndpoints } from "@cadastre/simulator/tls/endpoints";
import { tlsKinds } from "@cadastre/simulator/tls/kinds";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findingCodes, look, onlyHandshake, type Recorded } from "./testing/recording.ts";

/** The simulator's words for what is wrong, and ours; a certificate that ends soon is judged elsewhere. */
const CODES: Readonly<Record<string, string | undefined>> = {
  expiring: undefined,
  "incomplete-chain": "missing_intermediate",
  "misordered-chain": "chain_order",
};
const OUTCOMES = {
  handshake: "ok",
  "client-certificate-required": "client_certificate_required",
  silent: "timeout",
  closed: "reset",
  "not-tls": "not_tls",
  "chain-too-large": "chain_too_large",
} as const;

let simulated: TlsEndpoints;
beforeAll(async () => {
  simulated = await startTlsEndpoints({ now: () => new Date() });
}, 60_000);
afterAll(() => simulated.stop());

function targetOf(endpoint: TlsEndpoint): string {
  const host = endpoint.host.includes(":") ? `[${endpoint.host}]` : endpoint.host;
  return `${host}:${endpoint.port}${endpoint.sni ? `?sni=${endpoint.sni}` : ""}`;
}

function lookAt(endpoint: TlsEndpoint): Promise<Recorded> {
  return look([targetOf(endpoint)], { extraRoots: [simulated.roots], totalTimeoutMilliseconds: 1_000 });
}

const NAMES = Object.keys(tlsKinds).flatMap((kind) =>
  kind === "sni" ? ["sni-none", "sni-first", "sni-second"] : kind,
);

describe("an endpoint of every kind", () => {
  test.each(NAMES)("%s is seen as it is", async (name) => {
    const endpoint = simulated.endpoints.find((one) => one.name === name);
    if (!endpoint) {
      expect(simulated.left.map((left) => left.kind)).toContain(name);
      return;
    }
    const recorded = await lookAt(endpoint);
    const handshake = onlyHandshake(recorded);
    const expected = endpoint.expect;
    const codes = expected.findings.flatMap((one) => (one in CODES ? (CODES[one] ?? []) : one.replaceAll("-", "_")));
    const presented = handshake.presented ?? [];
    expect(handshake.outcome).toBe(OUTCOMES[expected.outcome]);
    expect([...new Set(findingCodes(recorded))]).toEqual([...codes].sort());
    if (expected.outcome === "chain-too-large") return;
    expect(presented.map((one) => one.certificate).sort()).toEqual(
      expected.leaves.map((one) => `sha256:${one}`).sort(),
    );
    expect(presented.map((one) => (one.chain ?? []).length + 1)).toEqual(expected.leaves.map(() => expected.sent));
    if (expected.protocol) expect(handshake.protocol).toBe(expected.protocol);
    if (expected.leaves.length > 0) expect(handshake.ocspStaple).toBe(expected.staple ?? "none");
  });
});

test("two runs over unchanged servers record the same content", async () => {
  const targets = simulated.endpoints.filter((one) => one.expect.outcome !== "silent").map(targetOf);
  const options = { extraRoots: [simulated.roots] };
  const content = (recorded: Recorded) =>
    [...recorded.endpoint.resources, ...recorded.certificate.resources]
      .map(({ id, name, attributes }) => ({ id, name, attributes }))
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  const first = content(await look(targets, options));
  const second = content(await look(targets.toReversed(), { ...options, concurrency: 3 }));
  expect(first.length).toBeGreaterThan(30);
  expect(second).toEqual(first);
});

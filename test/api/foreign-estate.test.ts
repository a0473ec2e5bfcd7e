import { idHash } from "@cadastre/contract/digest";
import { ENDPOINTS } from "@cadastre/contract/endpoints/all";
import type { Endpoint } from "@cadastre/contract/endpoints/endpoint";
import { newId } from "@cadastre/contract/ids";
import { KIND_NAMES } from "@cadastre/contract/kinds/names";
import { SORT_FIELDS } from "@cadastre/contract/subject";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { anInstance, aRun, type Raw, type SeenScope } from "../support/estate.ts";
import { ACCOUNT, anApi, jsonOf, outcomeOf, type TestApi } from "./an-api.ts";
import { pathOf } from "./example-requests.ts";

/** What belongs to the other account has this in its name, or this for its number or the beginning of its addresses. */
const FOREIGN = "foreign";
const OTHER = "999988887777";
const OTHER_TLS = "foreign-tls";
const ADDRESSES = "10.77.";

const arnOf = (account: string, type: string, id: string) => `arn:aws:ec2:us-east-1:${account}:${type}/${id}`;
const fingerprint = (digit: string) => digit.repeat(64);

function aSubnet(account: string, id: string, prefix: string): Raw {
  const attributes = {
    subnetId: id,
    network: arnOf(account, "vpc", `vpc-${id}`),
    ownerAccount: account,
    cloudReservedCount: 5,
    blocks: [{ prefix, role: "primary" }],
  };
  return { id: arnOf(account, "subnet", id), name: id, tags: {}, attributes };
}

function aCertificate(digit: string, name: string): Raw {
  const attributes = {
    fingerprint: fingerprint(digit),
    serialNumber: "01",
    subject: `CN=${name}`,
    issuer: "CN=Example CA",
    notBefore: "2026-01-01T00:00:00Z",
    notAfter: "2027-01-01T00:00:00Z",
    keyAlgorithm: "rsa",
    signatureAlgorithm: "sha256WithRSAEncryption",
  };
  return { id: `sha256:${fingerprint(digit)}`, name, tags: {}, attributes };
}

function anEndpoint(host: string, address: string, digit: string): Raw {
  const presented = [{ keyAlgorithm: "rsa", certificate: `sha256:${fingerprint(digit)}` }];
  const handshakes = [{ address, outcome: "ok", presented }];
  return {
    id: `tls://${host}:443`,
    name: host,
    tags: {},
    attributes: { host, port: 443, protocol: "tls", outcome: "ok", handshakes },
  };
}

const scopeOf = (
  provider: "aws" | "tls",
  account: string,
  kind: SeenScope["key"]["kind"],
  resources: Raw[],
  more: Partial<SeenScope> = {},
): SeenScope => ({
  key: { provider, account, region: provider === "tls" ? "global" : "us-east-1", kind },
  resources,
  ...more,
});

let api: TestApi;
let token: string;
/** Ids that were made for the other account. */
const ids: Record<"credential" | "hold" | "token" | "collector", string> = {
  credential: "",
  hold: "",
  token: "",
  collector: "",
};

async function made(path: string, body: object): Promise<Record<string, string>> {
  const response = await api.send({ method: "POST", path, body });
  expect(response.status, await response.clone().text()).toBe(201);
  return (await jsonOf(response)) as Record<string, string>;
}

async function say(id: string, owner: string): Promise<void> {
  const path = `/api/v1/resources/${encodeURIComponent(id)}`;
  const body = { owner, notes: `${owner}-notes` };
  const response = await api.send({ method: "PATCH", path, body, headers: { "if-match": "*" } });
  expect(response.status).toBe(200);
}

const SHARED_SUBNET = aSubnet(ACCOUNT, "subnet-shared", "10.1.0.0/16");
/** The other's own, which the caller's account is shown. What it is called is told; nothing else of the other account is. */
const SHOWN = aSubnet(OTHER, "subnet-shown", "10.2.0.0/16");
const SHARED_CERTIFICATE = aCertificate("a", "shared.example");
const SHARED_ENDPOINT = anEndpoint("shared.example", "10.1.0.9", "a");
const OWN = anInstance(1, { name: "own-web", address: "10.1.0.1" });
const THEIRS = anInstance(7, {
  account: OTHER,
  name: "foreign-web",
  address: `${ADDRESSES}0.7`,
  tags: { foreign: "yes" },
});

/** What a collector of its own delivers; answers its id. */
async function deliver(name: string, accounts: string[], runs: SeenScope[][]): Promise<string> {
  const { collector } = await api.aReporter({ name, accounts, providers: ["aws", "tls"] });
  for (const scopes of runs)
    await aRun(scopes, { reporter: collector, run: newId("run", api.now()) }).deliver(api.context);
  return collector.id;
}

/** What both have, and much of the other account's own; the other one speaks first. */
beforeAll(async () => {
  api = await anApi({ onFile: true });
  const refused: Partial<SeenScope> = { status: "partial", errors: [{ code: "denied", message: "foreign-message" }] };
  const losses = [1, 2, 3, 4].map((n) =>
    anInstance(n + 20, { account: OTHER, name: `foreign-${n}`, region: "us-east-1" }),
  );
  ids.collector = await deliver(
    "foreign-collector",
    [OTHER, OTHER_TLS],
    [
      [
        scopeOf("aws", OTHER, "instance", [THEIRS, ...losses]),
        scopeOf(
          "aws",
          OTHER,
          "subnet",
          [aSubnet(OTHER, "foreign-subnet", `${ADDRESSES}0.0/16`), SHARED_SUBNET],
          refused,
        ),
        scopeOf("tls", OTHER_TLS, "certificate", [SHARED_CERTIFICATE, aCertificate("f", "foreign.example")]),
        scopeOf("tls", OTHER_TLS, "endpoint", [SHARED_ENDPOINT, anEndpoint("foreign.example", `${ADDRESSES}1.1`, "a")]),
      ],
      [scopeOf("aws", OTHER, "instance", [])],
    ],
  );
  await deliver(
    "own-collector",
    [ACCOUNT, "own-tls"],
    [
      [
        scopeOf("aws", ACCOUNT, "instance", [OWN]),
        scopeOf("aws", ACCOUNT, "subnet", [SHARED_SUBNET]),
        scopeOf("tls", "own-tls", "certificate", [SHARED_CERTIFICATE]),
        scopeOf("tls", "own-tls", "endpoint", [SHARED_ENDPOINT]),
      ],
    ],
  );
  const account = { name: "foreign-account", owner: "foreign-owner", notes: "foreign-notes", tier: "foreign-tier" };
  for (const at of [
    { provider: "aws", account: OTHER },
    { provider: "tls", account: OTHER_TLS },
  ]) {
    const path = `/api/v1/accounts/${at.provider}/${at.account}`;
    const said = await api.send({ method: "PATCH", path, body: account, headers: { "if-match": "*" } });
    expect(said.status, await said.clone().text()).toBe(200);
  }
  await say(THEIRS.id, "foreign-owner");
  const secret = { type: "generic", secret: "s" };
  const credential = { name: "foreign-credential", provider: "aws", account: OTHER, secret };
  ids.credential = (await made("/api/v1/credentials", credential)).id ?? "";
  const limited = (name: string, ...accounts: string[]) =>
    made("/api/v1/tokens", { name, scopes: ["admin"], accounts });
  ids.token = (await limited("foreign-token", `aws/${OTHER}`)).id ?? "";
  token = (await limited("own", `aws/${ACCOUNT}`, "tls/own-tls")).secret ?? "";
  const holds = await jsonOf(await api.send({ method: "GET", path: "/api/v1/discovery/holds" }));
  ids.hold = (holds.items as { id: string }[])[0]?.id ?? "";
  expect(Object.values(ids)).not.toContain("");
});
afterAll(() => api.close());

/** A value of the other account, and one of the same form that nobody has. */
type Pair = readonly [theirs: string, nobodys: string];

const resourcePairs: readonly Pair[] = [
  [THEIRS.id, anInstance(999, { account: "999988880000" }).id],
  [`res_${idHash("instance", THEIRS.id)}`, `res_${"0".repeat(32)}`],
  ["tls://foreign.example:443", "tls://nobodys.example:443"],
  [`sha256:${fingerprint("f")}`, `sha256:${fingerprint("e")}`],
];

/** Of each parameter: what of it is the caller's own, and what the other account's. A parameter that is missing here fails the test. */
const QUERY: Readonly<Record<string, { readonly own?: readonly string[]; readonly theirs?: readonly Pair[] }>> = {
  limit: { own: ["1", "2", "200"] },
  cursor: {},
  cidr_contains: { own: ["10.2.0.5"] },
  cidr_within: { own: ["10.0.0.0/8"] },
  time: {},
  nameContains: {},
  createdBefore: {},
  createdAfter: {},
  prefix: {},
  parentId: {},
  contains: {},
  family: {},
  expand: {},
  prefixLength: {},
  subtree: {},
  dryRun: {},
  tags: {},
  cells: {},
  rule: {},
  days: {},
  from: {},
  to: {},
  within: {},
  source: { own: ["own-collector"], theirs: [["foreign-collector", "nobodys-collector"]] },
  provider: { own: ["aws", "gcp", "tls"] },
  account: {
    own: [ACCOUNT, "own-tls"],
    theirs: [
      [OTHER, "999988880000"],
      [OTHER_TLS, "nobodys-tls"],
    ],
  },
  region: { own: ["us-east-1", "global"] },
  kind: { own: KIND_NAMES },
  status: { own: ["active", "retired", "any", "complete", "partial", "failed"] },
  stale: { own: ["true", "false"] },
  problems: { own: ["true", "false"] },
  state: { own: ["pending", "approved"] },
  platform: { theirs: [["foreign", "nobodys"]] },
  tier: { theirs: [["foreign-tier", "nobodys-tier"]] },
  environment: { theirs: [["foreign", "nobodys"]] },
  owner: { theirs: [["foreign-owner", "nobodys-owner"]] },
  network: {
    own: [arnOf(ACCOUNT, "vpc", "vpc-1")],
    theirs: [
      [arnOf(OTHER, "vpc", "vpc-1"), arnOf("999988880000", "vpc", "vpc-1")],
      ["vpc-foreign-subnet", "vpc-nobodys-subnet"],
    ],
  },
  organization: { own: ["all"] },
  entity_type: { own: ["account", "token"] },
  entity_id: { theirs: [["foreign", "nobodys"]] },
  flag: { own: ["sox"] },
  outcome: { own: ["done", "denied"] },
  format: { own: ["jsonl", "csv", "cef"] },
  after: { own: ["0"] },
  principal: { theirs: [["user/usr_01JD0000000000000000000001", "user/usr_01JD0000000000000000000002"]] },
  role: { own: ["viewer"] },
  resource: { theirs: [[`account/aws/${OTHER}`, "account/aws/999988880000"]] },
  userName: { theirs: [["foreign", "nobodys"]] },
  name: {
    own: ["own-web", "*"],
    theirs: [
      ["foreign-web", "nobodys-web"],
      ["foreign*", "nobodys*"],
    ],
  },
  tag: {
    own: ["env"],
    theirs: [
      ["foreign", "nobodys"],
      ["foreign=yes", "nobodys=yes"],
    ],
  },
  ip: { own: ["10.1.0.1", "10.1.0.9"], theirs: [[`${ADDRESSES}0.7`, "10.78.0.7"]] },
  cidr: { own: ["10.0.0.0/8"], theirs: [[`${ADDRESSES}0.0/16`, "10.78.0.0/16"]] },
  address: {
    own: ["10.1.0.1", "10.1.0.9:443"],
    theirs: [
      [`${ADDRESSES}0.7`, "10.78.0.7"],
      [`${ADDRESSES}1.1`, "10.78.1.1"],
    ],
  },
  confirmed: { own: ["true", "false"] },
  expiresBefore: { own: ["2028-01-01"] },
  q: {
    own: [
      "web",
      "kind:subnet",
      "type:account",
      "10.0.0.0/8",
      "shared",
      "status:any",
      "confirmed:false",
      "has:owner",
      OWN.id,
    ],
    theirs: [
      ...resourcePairs,
      ["foreign", "nobodys"],
      [`account:${OTHER}`, "account:999988880000"],
      [`account:${OTHER_TLS}`, "account:nobodys-tls"],
      ["account:9999*", "account:8888*"],
      [`kind:subnet account:${OTHER}`, "kind:subnet account:999988880000"],
      ["owner:foreign-owner", "owner:nobodys-owner"],
      ["type:account foreign", "type:account nobodys"],
      ["tag:foreign", "tag:nobodys"],
      ["Name:Foreign", "Name:Nobodys"],
      [`"Foreign-Web"`, `"Nobodys-Web"`],
      [`${ADDRESSES}0.7`, "10.78.0.7"],
      [`ip:${ADDRESSES}0.7`, "ip:10.78.0.7"],
      [ADDRESSES, "10.78."],
      ["network:vpc-foreign-subnet", "network:vpc-nobodys-subnet"],
    ],
  },
  sort: { own: SORT_FIELDS },
  by: { own: ["kind", "account", "region", "owner", "provider", "status"] },
  type: { own: ["created", "retired", "opened", "partial", "annotated"] },
  subject: { own: [OWN.id, SHARED_SUBNET.id, SHARED_ENDPOINT.id], theirs: resourcePairs },
  since: { own: ["2026-01-01"] },
  until: { own: ["2027-01-01"] },
  order: { own: ["newest", "oldest"] },
  // What a token limited to accounts has no endpoint of.
  actor: {},
  action: {},
  target: {},
  descendants: {},
  group: {},
};

interface Asked {
  readonly path: string;
  /** The same of what nobody has: the answer must be the same. */
  readonly nobodys?: string;
  readonly value?: string;
  readonly nobodysValue?: string;
}

function withQuery(path: string, name: string, value: string): string {
  const url = new URL(path, "https://x");
  url.searchParams.set(name, value);
  return url.pathname + url.search;
}

/** Paths of what the caller has, and of what the other account has. */
function pathsOf(endpoint: Endpoint): Asked[] {
  const base = endpoint.path;
  const at = (value: string) => encodeURIComponent(value);
  const pair = (theirs: string, nobodys: string, to: (value: string) => string): Asked => ({
    path: to(theirs),
    nobodys: to(nobodys),
    value: theirs,
    nobodysValue: nobodys,
  });
  if (base.includes("{id+}")) {
    const of = (id: string) => base.replace("{id+}", at(id));
    const own = [OWN, SHARED_SUBNET, SHARED_CERTIFICATE, SHARED_ENDPOINT].map(({ id }): Asked => ({ path: of(id) }));
    return [...own, ...resourcePairs.map(([theirs, nobodys]) => pair(theirs, nobodys, of))];
  }
  if (base.includes("{provider}/{account}")) {
    const of = (name: string) => base.replace("{provider}/{account}", name);
    const own = [`aws/${ACCOUNT}`, "tls/own-tls"].map((name): Asked => ({ path: of(name) }));
    return [...own, pair(`aws/${OTHER}`, "aws/999988880000", of), pair(`tls/${OTHER_TLS}`, "tls/nobodys-tls", of)];
  }
  const area = endpoint.area.replace(/s$/, "");
  if (base.includes("{id}") && area in ids) {
    const theirs = ids[area as keyof typeof ids];
    return [pair(theirs, `${theirs.slice(0, 4)}01JD0000000000000000000000`, (id) => base.replace("{id}", at(id)))];
  }
  return [{ path: pathOf(endpoint) }];
}

function requestsOf(endpoint: Endpoint): Asked[] {
  const paths = pathsOf(endpoint);
  const queries = Object.keys(endpoint.query?.shape ?? {}).flatMap((name): Asked[] => {
    const known = QUERY[name];
    if (known === undefined) throw new Error(`say in QUERY what of ${name} is whose`);
    const own = (known.own ?? []).map((value): Asked => ({ path: withQuery(pathOf(endpoint), name, value) }));
    const theirs = (known.theirs ?? []).map(
      ([value, nobodysValue]): Asked => ({
        path: withQuery(pathOf(endpoint), name, value),
        nobodys: withQuery(pathOf(endpoint), name, nobodysValue),
        value,
        nobodysValue,
      }),
    );
    return [...own, ...theirs];
  });
  return [...paths, ...queries];
}

interface Answer {
  readonly status: number;
  /** Without what the caller said itself. */
  readonly text: string;
  readonly cursor?: string;
}

/** What an answer says, headers included, also in its cursor and other texts that can be read when they are decoded. */
async function answered(path: string, said = ""): Promise<Answer> {
  const response = await api.send({ method: "GET", path, token });
  expect(response.headers.get("server-timing")).not.toContain("reads");
  const body = await response.text();
  const { cursor, requestId = "" } = JSON.parse(body) as { cursor?: string; requestId?: string };
  const own = [requestId, said, said.slice(said.lastIndexOf(":") + 1), said.replace(/=.*/, "")].filter(
    (text) => text !== "",
  );
  const rest = own.reduce((text, one) => text.replaceAll(one, "…"), body);
  const decoded = (rest.match(/[\w-]{24,}/g) ?? []).map((text) => Buffer.from(text, "base64url").toString("latin1"));
  const ofWork = ["server-timing", "x-request-id", "content-length"];
  const headers = [...response.headers].filter(([name]) => !ofWork.includes(name));
  const text = [rest, ...decoded, JSON.stringify(headers)].join("\n");
  return { status: response.status, text, ...(cursor === undefined ? {} : { cursor }) };
}

const SIGNS = () => [FOREIGN, OTHER, ADDRESSES, fingerprint("f"), idHash("instance", THEIRS.id), ...Object.values(ids)];

const READING = ENDPOINTS.filter(
  ({ access, method, stream }) => access.kind === "operator" && method === "GET" && stream === undefined,
);

describe("of another account a token that is limited to its own", () => {
  it.each(READING.map((endpoint) => [endpoint.name, endpoint] as const))(
    "is told nothing by %s, whatever it asks",
    async (_, endpoint) => {
      for (const { path, value } of requestsOf(endpoint)) {
        let cursor: string | undefined;
        for (let pages = 0; pages < 20; pages++) {
          const answer = await answered(cursor === undefined ? path : withQuery(path, "cursor", cursor), value);
          expect(answer.status, path).toBeLessThan(500);
          for (const sign of SIGNS()) expect(answer.text, `${path} tells of ${sign}`).not.toContain(sign);
          cursor = answer.cursor;
          if (cursor === undefined) break;
        }
      }
    },
  );

  it.each(READING.map((endpoint) => [endpoint.name, endpoint] as const))(
    "is answered by %s as of what nobody has",
    async (_, endpoint) => {
      for (const { path, nobodys, value, nobodysValue } of requestsOf(endpoint)) {
        if (nobodys === undefined) continue;
        expect(await answered(path, value), path).toEqual(await answered(nobodys, nobodysValue));
      }
    },
  );

  it.each([
    "/api/v1/search?limit=1&q=10.0.0.0/8",
    "/api/v1/resources?limit=1",
    "/api/v1/changes?limit=1",
    "/api/v1/accounts?limit=1",
  ])(
    "is told nothing by where a page of %s ends: its cursors are for itself alone, and cannot be made up",
    async (path) => {
      const cursorOf = async (by: string) =>
        String((await jsonOf(await api.send({ method: "GET", path, token: by }))).cursor);
      const outcome = async (cursor: string, by: string) =>
        outcomeOf(await api.send({ method: "GET", path: withQuery(path, "cursor", cursor), token: by }));
      const [own, open] = [await cursorOf(token), await cursorOf(api.admin)];
      expect(Buffer.from(open, "base64url").toString()).toMatch(/^\[.*\]$/);
      expect(Buffer.from(own, "base64url").toString("latin1")).not.toMatch(/^\[|rank|aws|2026/);
      expect(await cursorOf(token)).not.toBe(own);
      expect(await outcome(own, token)).toBe("200 undefined");
      expect(await outcome(open, token)).toBe("422 cursor.invalid");
      expect(await outcome(own, api.admin)).toBe("422 cursor.invalid");
      const body = { name: "another", scopes: ["admin"], accounts: [`aws/${ACCOUNT}`, "tls/own-tls"] };
      const another = (await made("/api/v1/tokens", body)).secret ?? "";
      expect(await outcome(own, another)).toBe("422 cursor.invalid");
      expect(await outcome(await cursorOf(another), another)).toBe("200 undefined");
    },
  );

  it.each([
    ["whose?address=10.77.0.7", "has 10.77.0.7, nor a prefix around it"],
    ["whose?address=10.200.0.1", "has 10.200.0.1, nor a prefix around it"],
    [`search?q=${encodeURIComponent(THEIRS.id)}`, "has this id and is so, and nothing names it"],
    [`search?q=res_${"0".repeat(32)}`, "has this id and is so, and nothing names it"],
  ])("is not denied where nothing is found: %s says where was looked", async (path, end) => {
    const hintFor = async (by: string) =>
      (await jsonOf(await api.send({ method: "GET", path: `/api/v1/${path}`, token: by }))).hint;
    expect(await hintFor(token)).toBe(`nothing in the accounts that this token may read ${end}`);
    const whole = await hintFor(api.admin);
    if (whole !== undefined) expect(whole).toBe(`nothing in the register ${end}`);
  });

  it("says that only its own was searched, when a search finds nothing else", async () => {
    const found = await jsonOf(await api.send({ method: "GET", path: "/api/v1/search?q=10.77.0.7", token }));
    expect(found).toMatchObject({ items: [], hint: "only the accounts that this token may read were searched" });
  });

  it("is told nothing by the stream of changes: who did stands there without a name", async () => {
    const response = await api.send({
      method: "GET",
      path: `/api/v1/changes/stream?subject=${encodeURIComponent(SHARED_SUBNET.id)}`,
      token,
      headers: { "last-event-id": Buffer.from("2026-11-20T12:00:00.000Z#o000000000#resource#0").toString("base64url") },
    });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const text = new TextDecoder().decode((await reader.read()).value);
    await reader.cancel();
    expect(text).toContain('"actor":"collector"');
    for (const sign of SIGNS()) expect(text).not.toContain(sign);
  });

  it("shows those who may see all what this is about", async () => {
    const everything = await Promise.all(
      [
        "/api/v1/resources?status=any&limit=200",
        "/api/v1/accounts",
        "/api/v1/discovery/holds",
        "/api/v1/credentials",
      ].map(async (path) => (await api.send({ method: "GET", path })).text()),
    );
    for (const sign of [FOREIGN, OTHER, ADDRESSES, ids.hold, ids.credential]) expect(everything.join()).toContain(sign);
  });

  it("is shown what it is shared, and can say nothing of it", async () => {
    await deliver("foreign-shares", [OTHER], [[scopeOf("aws", OTHER, "subnet", [SHOWN])]]);
    await deliver("own-guest", [ACCOUNT], [[scopeOf("aws", ACCOUNT, "subnet", [SHOWN])]]);
    const path = `/api/v1/resources/${encodeURIComponent(SHOWN.id)}`;
    const shown = await jsonOf(await api.send({ method: "GET", path, token }));
    expect(shown).toMatchObject({ account: OTHER, confirmed: true, observedBy: [{ source: "own-guest" }] });
    const whose = await jsonOf(await api.send({ method: "GET", path: "/api/v1/whose?address=10.2.0.5", token }));
    expect(whose.items).toEqual([{ network: expect.any(String), chain: [expect.objectContaining({ id: SHOWN.id })] }]);
    const headers = { "if-match": "*" };
    const said = await api.send({ method: "PATCH", path, token, headers, body: { owner: "me" } });
    expect(await outcomeOf(said)).toBe("403 auth.forbidden");
    expect(await jsonOf(await api.send({ method: "GET", path, token }))).toEqual(shown);
  });
});

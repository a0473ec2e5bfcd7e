import { ROUTES } from "@cadastre/api/routes/table";
import { OPERATOR_ACTIONS } from "@cadastre/contract/actions";
import { ENDPOINTS } from "@cadastre/contract/endpoints/all";
import type { Access, Endpoint } from "@cadastre/contract/endpoints/endpoint";
import { ROLES, type Role } from "@cadastre/contract/principal";
import { ROLE_ACTIONS } from "@cadastre/contract/role";
import { revokeCollector } from "@cadastre/core/access/decide-collector";
import { registerCollector } from "@cadastre/core/access/register-collector";
import { aCollector, aKey, type TestKey } from "@cadastre/core/access/testing";
import { listAudit } from "@cadastre/core/audit/list";
import { codeAt, PASSWORD } from "@cadastre/core/login/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { aSource } from "../scim/a-source.ts";
import { aBrowser, type Browser, type BrowserRequest } from "./a-browser.ts";
import { anApi, jsonOf, ORIGIN, outcomeOf, SYSTEM, type TestApi, type Visitor } from "./an-api.ts";
import { pathOf } from "./example-requests.ts";

/*
 * What every endpoint owes to whoever has no right to it, from one table over all definitions: one that is added is tested by being
 * there, and one of another kind fails until the table has that kind. None of the refused requests may change anything. All of them go to
 * one app, since a new one for each would take most of the time.
 */

let api: TestApi;
let collector: TestKey;
let pendingCollector: TestKey;
let revokedCollector: TestKey;
/** Tokens of robots with one role each in the whole organisation. */
const byRole: Partial<Record<Role, string>> = {};
/** Tokens that have every scope but one, by that one; and that one alone. */
const allBut: Record<string, string> = {};
const alone: Record<string, string> = {};
let expired: string;
let revoked: string;
let disabled: string;
/** The head of one token with the secret of another. */
let mixed: string;
/** Of the admin of another organisation, which is not there for this one, nor this one for it. */
let neighbour: string;
let neighbourSource: string;
/** Sessions that are of no use, each for another reason. */
const uselessSessions: Record<string, Browser> = {};
/** Somebody whose second factor is due. */
let pending: Browser;
let other: Visitor;
let source: string;
let allButSecrets: string;

async function made(path: string, body: object, token = api.admin, headers = {}): Promise<Record<string, string>> {
  const response = await api.send({ method: "POST", path, body, token, headers });
  expect(response.status, path).toBe(201);
  return (await jsonOf(response)) as Record<string, string>;
}

const EVERYTHING = ["admin", "credentials:reveal", "scim:provision"];

interface Robot {
  readonly id: string;
  readonly token: string;
  readonly tokenId: string;
}

async function aRobot(
  name: string,
  role: Role,
  { organization = api.context.organization, seconds = 86_400 } = {},
): Promise<Robot> {
  const headers = { "cadastre-organization": organization };
  const { id = "" } = await made("/api/v1/service-accounts", { name }, api.admin, headers);
  const principal = { type: "service-account", id };
  const isEverywhere = role === "SystemAdmin";
  const resource = isEverywhere ? { type: "system", id: "system" } : { type: "organization", id: organization };
  await made("/api/v1/role-bindings", { principal, role, resource }, api.admin, headers);
  const body = { name, scopes: EVERYTHING, principal, expiresInSeconds: seconds };
  const token = await made("/api/v1/tokens", body, api.admin, headers);
  return { id, token: token.secret ?? "", tokenId: token.id ?? "" };
}

async function manyTokens(): Promise<void> {
  for (const role of ROLES.filter((one) => one !== "SystemAdmin")) byRole[role] = (await aRobot(role, role)).token;
  for (const action of OPERATOR_ACTIONS) {
    allBut[action] = (
      await api.aToken(
        OPERATOR_ACTIONS.filter((one) => one !== action),
        86_400,
      )
    ).secret;
    alone[action] = (await api.aToken([action], 86_400)).secret;
  }
  for (const actions of ENDPOINTS.map(actionsOf).filter(({ length }) => length > 1)) {
    const others = OPERATOR_ACTIONS.filter((one) => !actions.includes(one));
    allBut[actions.join(" ")] ??= (await api.aToken(others, 86_400)).secret;
  }
  expired = (await aRobot("expired", "SystemAdmin", { seconds: 60 })).token;
  const gone = await aRobot("revoked", "SystemAdmin");
  expect((await api.send({ method: "DELETE", path: `/api/v1/tokens/${gone.tokenId}` })).status).toBe(200);
  revoked = gone.token;
  const off = await aRobot("disabled", "SystemAdmin");
  const headers = { "if-match": "*" };
  const path = `/api/v1/service-accounts/${off.id}`;
  expect((await api.send({ method: "PATCH", path, body: { disabled: true }, headers })).status).toBe(200);
  disabled = off.token;
  const [one, two] = [await api.aToken(["admin"]), await api.aToken(["admin"])];
  mixed = one.secret.slice(0, 31) + two.secret.slice(31);
  const { id: organization = "" } = await made("/api/v1/organizations", { name: "Next door", slug: "next-door" });
  neighbour = (await aRobot("neighbour", "admin", { organization })).token;
  const theirs = await made("/api/v1/scim-sources", { name: "s" }, neighbour);
  neighbourSource = theirs.token ?? "";
  source = (await aSource(api)).token;
  allButSecrets = (await api.aToken(["admin"], 86_400)).secret;
}

async function manyCollectors(): Promise<void> {
  collector = (await api.aReporter()).key;
  const gone = await api.aReporter({ name: "gone" });
  await revokeCollector(api.context, SYSTEM, gone.collector.id);
  revokedCollector = gone.key;
  pendingCollector = aKey();
  await registerCollector(api.context, SYSTEM, aCollector(pendingCollector, { name: "pending" }));
}

let addresses = 0;
/** Of one address only so many log in. */
const nextAddress = () => {
  addresses += 1;
  return { remoteAddress: `198.51.${addresses >> 8}.${addresses & 255}` };
};

const login = (userName: string): BrowserRequest => ({
  method: "POST",
  path: "/api/v1/auth/login",
  body: { userName, password: PASSWORD },
});

/** Enrols an app and answers its secret. */
async function enrolApp(visitor: Visitor): Promise<void> {
  const app = await jsonOf(
    await visitor.send({ method: "POST", path: "/api/v1/factors/totp", body: { name: "phone" } }),
  );
  const path = `/api/v1/factors/totp/${String(app.id)}/confirm`;
  const done = await visitor.send({ method: "POST", path, body: { code: codeAt(String(app.secret), api.now()) } });
  expect(done.status).toBe(200);
}

async function manySessions(): Promise<void> {
  const idle = await api.aVisitor({ userName: "idle" });
  api.pass(3601);
  const ended = await api.aVisitor({ userName: "ended" });
  const cookie = ended.cookie;
  await ended.send({ method: "POST", path: "/api/v1/auth/logout", body: {} });
  ended.cookie = cookie;
  const off = await api.aVisitor({ userName: "off" });
  await api.send({
    method: "PATCH",
    path: `/api/v1/users/${off.id}`,
    body: { disabled: true },
    headers: { "if-match": "*" },
  });
  const malformed = aBrowser(api.app, ORIGIN);
  malformed.cookie = "ses_01JD0000000000000000000000.x";
  const stranger = aBrowser(api.app, ORIGIN);
  stranger.cookie = `ses_01JD0000000000000000000000.${"A".repeat(43)}`;
  Object.assign(uselessSessions, { idle, ended, off, malformed, stranger });
  await enrolApp(await api.aVisitor({ userName: "second" }));
  pending = aBrowser(api.app, ORIGIN);
  await pending.send(login("second"));
  other = await api.aVisitor({ userName: "other" });
}

beforeAll(async () => {
  api = await anApi({ onFile: true });
  await manyTokens();
  await manyCollectors();
  await manySessions();
});
afterAll(() => api.close());

function sentTo(endpoint: Endpoint) {
  const { method, body, example } = endpoint;
  return { method, path: pathOf(endpoint), ...(body === undefined ? {} : { body: example?.body ?? {} }) };
}

function ask(endpoint: Endpoint, token: string, headers: Record<string, string> = {}): Promise<Response> {
  const { ifMatch } = endpoint;
  return api.send({ ...sentTo(endpoint), token, headers: { ...(ifMatch ? { "if-match": "*" } : {}), ...headers } });
}

/** What lets one call an endpoint: one action, or either of two where it answers with things of two kinds. */
function actionsOf({ access }: Endpoint): string[] {
  if (access.kind === "public") return [];
  return [access.action, ...(access.kind === "operator" && access.also ? [access.also.action] : [])];
}

/** What an answer says: of SCIM, which has no codes of ours, the status alone. */
async function said(response: Response): Promise<string> {
  const isScim = response.headers.get("content-type")?.startsWith("application/scim+json") ?? false;
  return isScim ? String(response.status) : outcomeOf(response);
}

/** One request that is refused, and how. */
type Refusal = readonly [what: string, send: () => Promise<Response>, outcome: string];

const shaped = (endpoint: Endpoint, outcome: string): string =>
  endpoint.access.kind === "provisioning" ? outcome.slice(0, 3) : outcome;

/** By a token that proves nothing, or by none. */
function unproved(endpoint: Endpoint): Refusal[] {
  const by =
    (token: string, headers = {}) =>
    () =>
      ask(endpoint, token, headers);
  const bearer = (text: string) => () => ask(endpoint, "", { authorization: `Bearer ${text}` });
  return [
    ["no token", by(""), "401 auth.missing"],
    ["another scheme", by("", { authorization: `Basic ${btoa(`admin:${api.admin}`)}` }), "401 auth.invalid"],
    ["an empty token", bearer(""), "401 auth.invalid"],
    ["a token of another form", by("cad_nothing"), "401 auth.invalid"],
    ["a wrong checksum", by(`cad_01JD0000000000000000000000_${"A".repeat(49)}`), "401 auth.invalid"],
    ["a token that is cut", by(api.admin.slice(0, -1)), "401 auth.invalid"],
    ["a token and more", by(`${api.admin}x`), "401 auth.invalid"],
    ["a very long token", by("x".repeat(100_000)), "401 auth.invalid"],
    ["another token's secret", by(mixed), "401 auth.invalid"],
    ["an expired token", by(expired), "401 auth.expired"],
    ["a revoked token", by(revoked), "401 auth.revoked"],
    ["a token of who is disabled", by(disabled), "401 auth.revoked"],
    ["a collector's signature", () => api.sign(collector, sentTo(endpoint)), "401 auth.missing"],
  ];
}

/** By a session that is of no use, or one that some other page uses. */
function bySession(endpoint: Endpoint, visitor: Visitor): Refusal[] {
  const sent: BrowserRequest = sentTo(endpoint);
  const useless = Object.entries(uselessSessions).map(([name, browser]): Refusal => {
    const outcome = name === "malformed" || name === "stranger" ? "401 auth.invalid" : "401";
    return [`a session: ${name}`, () => browser.send(sent), outcome];
  });
  const isPendingAllowed = endpoint.access.kind === "self" && endpoint.access.pending === true;
  const due: Refusal[] = isPendingAllowed ? [] : [["a factor is due", () => pending.send(sent), "401 auth.step_up"]];
  if (endpoint.method === "GET") return [...useless, ...due];
  const wrong: Record<string, Partial<BrowserRequest>> = {
    "no token of our page": { withoutCsrf: true },
    "another session's token": { headers: { "x-csrf-token": other.csrf ?? "" } },
    "an empty token of a page": { headers: { "x-csrf-token": "" } },
    "another site's page": { headers: { origin: "https://evil.example" } },
    "a page of no origin": { headers: { origin: "null" } },
    "another site": { headers: { "sec-fetch-site": "cross-site" } },
  };
  const foreign = Object.entries(wrong).map(
    ([what, more]): Refusal => [what, () => visitor.send({ ...sent, ...more }), "403 auth.csrf"],
  );
  return [...useless, ...due, ...foreign];
}

/** By who may not do this. */
function unauthorized(endpoint: Endpoint): Refusal[] {
  const roles = ROLES.filter(
    (role) =>
      byRole[role] !== undefined &&
      !(ROLE_ACTIONS[role] as readonly string[]).some((action) => actionsOf(endpoint).includes(action)),
  );
  expect(roles.length).toBeGreaterThan(0);
  const there = { "cadastre-organization": api.context.organization };
  return [
    ["every scope but its own", () => ask(endpoint, allBut[actionsOf(endpoint).join(" ")] ?? ""), "403 auth.forbidden"],
    ...roles.map((role): Refusal => [role, () => ask(endpoint, byRole[role] ?? ""), "403 auth.forbidden"]),
    ["a neighbour", () => ask(endpoint, neighbour, there), "404 organization.not_found"],
    [
      "a neighbour of nobody",
      () => ask(endpoint, neighbour, { "cadastre-organization": "nobody" }),
      "404 organization.not_found",
    ],
  ];
}

/** A token where a signature is due, and signatures that say nothing. */
function unsigned(endpoint: Endpoint): Refusal[] {
  const sent = sentTo(endpoint);
  const tampered = async () => {
    const late = new Date(api.now().getTime() - 3_600_000);
    return api.sign(collector, { ...sent, at: late });
  };
  return [
    ...["", api.admin, "x"].map(
      (token): Refusal => ["no signature", () => ask(endpoint, token), "401 signature.missing"],
    ),
    ["a session", () => other.send(sent), "401 signature.missing"],
    [
      "no signature at all",
      () => ask(endpoint, "", { signature: "x", "signature-input": "y" }),
      "401 signature.invalid",
    ],
    ["a stale signature", tampered, "401 signature.stale"],
    ["nobody's key", () => api.sign(aKey(), sent), "401 signature.unknown_key"],
    ["a collector that waits", () => api.sign(pendingCollector, sent), "403 collector.pending"],
    ["a collector that was revoked", () => api.sign(revokedCollector, sent), "403 collector.revoked"],
  ];
}

/** What each kind of access refuses: an endpoint of another kind is not served before it is here. */
const REFUSED: Readonly<Record<Access["kind"], (endpoint: Endpoint, visitor: Visitor) => Refusal[]>> = {
  public: (endpoint) =>
    endpoint.body === undefined
      ? []
      : [
          { origin: "https://evil.example" },
          { "sec-fetch-site": "cross-site" },
          { "sec-fetch-site": "same-site" },
          { origin: "null" },
        ].map((headers) => [JSON.stringify(headers), () => ask(endpoint, "", headers), "403 auth.csrf"]),
  operator: (endpoint, visitor) => [...unproved(endpoint), ...unauthorized(endpoint), ...bySession(endpoint, visitor)],
  self: (endpoint, visitor) => {
    const isOfSessions = endpoint.access.kind === "self" && endpoint.access.by === "session";
    const tokens: Refusal[] = isOfSessions ? [["a token", () => ask(endpoint, api.admin), "403 auth.session"]] : [];
    return [...unproved(endpoint), ...tokens, ...bySession(endpoint, visitor)];
  },
  signed: unsigned,
  provisioning: (endpoint, visitor) => [
    ...unproved(endpoint),
    ...unauthorized(endpoint),
    ["an admin's token, who is no source", () => ask(endpoint, api.admin), "403"],
    ["every scope, of who is no source", () => ask(endpoint, byRole.admin ?? ""), "403"],
    ["a session, of who is no source", () => visitor.send(sentTo(endpoint)), "403"],
    [
      "another organization's source",
      () => ask(endpoint, neighbourSource, { "cadastre-organization": api.context.organization }),
      "404",
    ],
    ...bySession(endpoint, visitor),
  ],
};

describe.each(ENDPOINTS.map((one) => [one.name, one] as const))("%s", (name, endpoint) => {
  it("is nothing for whoever has no right to it", async () => {
    const visitor = await api.aVisitor({ userName: `visitor of ${name}`, from: nextAddress() });
    const before = api.fingerprint();
    for (const [what, send, outcome] of REFUSED[endpoint.access.kind](endpoint, visitor)) {
      const response = await send();
      if (outcome.length === 3) expect(String(response.status), what).toBe(outcome);
      else expect(await said(response), what).toBe(shaped(endpoint, outcome));
    }
    expect(api.fingerprint(), "something was written").toBe(before);
    // Of a page of ours that is none it is known whose session it has: that is recorded.
    const { items } = await listAudit(api.context, { actor: visitor.id, outcome: "denied", limit: 50 });
    const isRecorded =
      ["operator", "self", "provisioning"].includes(endpoint.access.kind) && endpoint.mutates !== undefined;
    const recorded = items.filter(({ detail }) => detail?.code === "auth.csrf");
    expect(recorded).toHaveLength(isRecorded && endpoint.method !== "GET" ? 6 : 0);
    for (const record of recorded)
      expect(record).toMatchObject({ action: endpoint.mutates, actor: { id: visitor.id } });
  });
});

const PROVING = [
  "auth.logout",
  "oidc.logout",
  "auth.stepUp",
  "auth.passkeyChallenge",
  "factors.confirmTotp",
  "factors.createPasskey",
];

/** What lets one in. They come last, since they may change what they are about. */
describe.each(
  ENDPOINTS.filter(({ access: { kind } }) => kind === "operator" || kind === "self" || kind === "provisioning").map(
    (one) => [one.name, one] as const,
  ),
)("%s", (name, endpoint) => {
  const isOpen = ({ status }: Response) => expect([401, 403, 405, 500]).not.toContain(status);

  it("lets in who has the right to it", async () => {
    if (endpoint.access.kind === "provisioning") return isOpen(await ask(endpoint, source));
    if (endpoint.access.kind === "operator") {
      // What is wrong with it is told only to who may do it.
      const { ifMatch: _, ...unconditional } = endpoint;
      const empty: Endpoint = { ...unconditional, example: { ...endpoint.example, body: {} } };
      for (const action of actionsOf(endpoint)) isOpen(await ask(empty, alone[action] ?? ""));
      const { status } = await ask(empty, allButSecrets);
      expect(status === 403, "admin is all but revealing").toBe(endpoint.access.action === "credentials:reveal");
    }
    const visitor = await api.aVisitor({ userName: `again ${name}`, from: nextAddress() });
    const { status } = await visitor.send(sentTo(endpoint));
    expect([400, 405, 500]).not.toContain(status);
    if (endpoint.access.kind === "operator" && name !== "credentials.reveal") expect([401, 403]).not.toContain(status);
  });

  it("while a second factor is due is for what proves it, and for looking", async () => {
    if (endpoint.access.kind !== "self" || endpoint.access.pending !== true) return;
    const next = aBrowser(api.app, ORIGIN, nextAddress());
    await next.send(login("second"));
    const response = await next.send(sentTo(endpoint));
    if (endpoint.method === "GET") expect(response.status).toBe(200);
    else if (PROVING.includes(name)) expect(response.status).not.toBe(500);
    else expect(await outcomeOf(response)).toBe("401 auth.step_up");
  });
});

describe("what anybody may ask", () => {
  it("is of the service, and how to prove who one is", () => {
    const open = ENDPOINTS.filter(({ access }) => access.kind === "public");
    expect(new Set(open.map(({ area }) => area))).toEqual(new Set(["service", "auth", "oidc", "oauth"]));
    for (const { mutates, method } of open.filter(({ area }) => area === "service"))
      expect([mutates, method]).toEqual([undefined, "GET"]);
  });

  it("is nothing else: each other route says what it does, and to what", () => {
    expect(ROUTES.map(({ endpoint }) => endpoint.name).toSorted()).toEqual(
      ENDPOINTS.map(({ name }) => name).toSorted(),
    );
    for (const { endpoint } of ROUTES.filter((route) => route.endpoint.access.kind !== "public"))
      expect(endpoint.access).toMatchObject({
        action: expect.stringMatching(/^[a-z-]+:[a-z-]+$/),
        resource: expect.any(String),
      });
  });
});

import { ROUTES } from "@cadastre/api/routes/table";
import { OPERATOR_ACTIONS } from "@cadastre/contract/actions";
import { ENDPOINTS } from "@cadastre/contract/endpoints/all";
import type { Endpoint } from "@cadastre/contract/endpoints/endpoint";
import { ROLES, type Role } from "@cadastre/contract/principal";
import { ROLE_ACTIONS } from "@cadastre/contract/role";
import type { TestKey } from "@cadastre/core/access/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { anApi, jsonOf, outcomeOf, type TestApi } from "./an-api.ts";
import { pathOf } from "./example-requests.ts";

/*
 * What every endpoint owes to whoever has no right to it, from one table over all definitions: one that is added is tested by being
 * there. None of these requests may change anything.
 */

let api: TestApi;
let reporter: TestKey;
/** Tokens of robots with one role each in the whole organisation. */
const byRole: Partial<Record<Role, string>> = {};
let expired: string;
let revoked: string;
let disabled: string;
/** Of the admin of another organisation, which is not there for this one, nor this one for it. */
let neighbour: string;

async function made(path: string, body: object, token = api.admin, headers = {}): Promise<Record<string, string>> {
  const response = await api.send({ method: "POST", path, body, token, headers });
  expect(response.status, path).toBe(201);
  return (await jsonOf(response)) as Record<string, string>;
}

const EVERYTHING = ["admin", "credentials:reveal"];

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

beforeAll(async () => {
  api = await anApi({ onFile: true });
  for (const role of ROLES.filter((one) => one !== "SystemAdmin")) byRole[role] = (await aRobot(role, role)).token;
  expired = (await aRobot("expired", "SystemAdmin", { seconds: 60 })).token;
  const gone = await aRobot("revoked", "SystemAdmin");
  expect((await api.send({ method: "DELETE", path: `/api/v1/tokens/${gone.tokenId}` })).status).toBe(200);
  revoked = gone.token;
  const off = await aRobot("disabled", "SystemAdmin");
  const headers = { "if-match": "*" };
  const path = `/api/v1/service-accounts/${off.id}`;
  expect((await api.send({ method: "PATCH", path, body: { disabled: true }, headers })).status).toBe(200);
  disabled = off.token;
  const { id: organization = "" } = await made("/api/v1/organizations", { name: "Next door", slug: "next-door" });
  neighbour = (await aRobot("neighbour", "admin", { organization })).token;
  reporter = (await api.aReporter()).key;
  api.pass(61);
});
afterAll(() => api.close());

const byToken = ENDPOINTS.filter(({ access }) => access.kind === "operator");
const bySignature = ENDPOINTS.filter(({ access }) => access.kind === "signed");
const named = (endpoints: readonly Endpoint[]) => endpoints.map((one) => [one.name, one] as const);

function ask(endpoint: Endpoint, token: string, headers: Record<string, string> = {}): Promise<Response> {
  const { method, body, example, ifMatch } = endpoint;
  return api.send({
    method,
    path: pathOf(endpoint),
    token,
    headers: { ...(ifMatch ? { "if-match": "*" } : {}), ...headers },
    ...(body === undefined ? {} : { body: example?.body ?? {} }),
  });
}

const actionOf = ({ access }: Endpoint) => (access.kind === "public" ? "" : access.action);

/** Roles that do not give what an endpoint is for. */
const rolesWithout = (endpoint: Endpoint) =>
  ROLES.filter(
    (role) => byRole[role] !== undefined && !(ROLE_ACTIONS[role] as readonly string[]).includes(actionOf(endpoint)),
  );

async function changesNothing(asked: () => Promise<void>): Promise<void> {
  const before = api.dump();
  await asked();
  expect(api.dump() === before, "something was written").toBe(true);
}

describe.each(named(byToken))("%s", (_, endpoint) => {
  it("is nothing for who does not prove who it is", () =>
    changesNothing(async () => {
      expect(await outcomeOf(await ask(endpoint, ""))).toBe("401 auth.missing");
      expect(await outcomeOf(await ask(endpoint, "", { authorization: "Basic eDp5" }))).toBe("401 auth.invalid");
      for (const token of ["x", "cad_x", `${api.admin}x`, api.admin.slice(0, -1)])
        expect(await outcomeOf(await ask(endpoint, token))).toBe("401 auth.invalid");
      expect(await outcomeOf(await ask(endpoint, expired))).toBe("401 auth.expired");
      expect(await outcomeOf(await ask(endpoint, revoked))).toBe("401 auth.revoked");
      expect(await outcomeOf(await ask(endpoint, disabled))).toBe("401 auth.revoked");
    }));

  it("is nothing for a collector, whose signature says nothing here", async () => {
    const { method, body, example } = endpoint;
    const sent = { method, path: pathOf(endpoint), ...(body === undefined ? {} : { body: example?.body ?? {} }) };
    await changesNothing(async () => {
      expect(await outcomeOf(await api.sign(reporter, sent))).toBe("401 auth.missing");
    });
  });

  it("needs the scope, whatever the roles are", async () => {
    const scopes = OPERATOR_ACTIONS.filter((action) => action !== actionOf(endpoint));
    const { secret } = await api.aToken(scopes);
    await changesNothing(async () => {
      expect(await outcomeOf(await ask(endpoint, secret))).toBe("403 auth.forbidden");
    });
  });

  it("needs a role, whatever the scopes are", async () => {
    const roles = rolesWithout(endpoint);
    expect(roles.length).toBeGreaterThan(0);
    await changesNothing(async () => {
      for (const role of roles)
        expect(await outcomeOf(await ask(endpoint, byRole[role] ?? "")), role).toBe("403 auth.forbidden");
    });
  });

  it("is nothing of another organisation's", () =>
    changesNothing(async () => {
      const { organization } = api.context;
      const response = await ask(endpoint, neighbour, { "cadastre-organization": organization });
      const unknown = await ask(endpoint, neighbour, { "cadastre-organization": "nobody" });
      expect(await outcomeOf(response)).toBe("404 organization.not_found");
      expect(await outcomeOf(unknown)).toBe("404 organization.not_found");
    }));
});

describe.each(named(bySignature))("%s", (_, endpoint) => {
  it("is nothing for who does not sign, whatever its token", () =>
    changesNothing(async () => {
      for (const token of ["", api.admin, "x"])
        expect(await outcomeOf(await ask(endpoint, token))).toBe("401 signature.missing");
    }));
});

describe("what anybody may ask", () => {
  it("is of the service, and how to prove who one is", () => {
    const open = ENDPOINTS.filter(({ access }) => access.kind === "public");
    expect(new Set(open.map(({ area }) => area))).toEqual(new Set(["service", "auth", "oauth"]));
    for (const { mutates, method } of open.filter(({ area }) => area === "service"))
      expect([mutates, method]).toEqual([undefined, "GET"]);
  });

  it("is nothing else: each other route says what it does, and to what", () => {
    for (const { endpoint } of ROUTES.filter((route) => route.endpoint.access.kind !== "public"))
      expect(endpoint.access).toMatchObject({
        action: expect.stringMatching(/^[a-z-]+:[a-z-]+$/),
        resource: expect.any(String),
      });
  });
});

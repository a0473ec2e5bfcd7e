import { idHash } from "@cadastre/contract/digest";
import { newId } from "@cadastre/contract/ids";
import { CLI_CLIENT, TOKEN_EXCHANGE } from "@cadastre/contract/oauth";
import { revokeCollector } from "@cadastre/core/access/decide-collector";
import { registerCollector } from "@cadastre/core/access/register-collector";
import { aCollector, aKey } from "@cadastre/core/access/testing";
import { reconcileResource } from "@cadastre/core/addresses/discovered/reconcile";
import { AddressSpaceItem } from "@cadastre/core/addresses/spaces/items";
import { requireSpace } from "@cadastre/core/addresses/spaces/read";
import { FIRST_ORGANIZATION } from "@cadastre/core/context";
import { registerConsumers } from "@cadastre/core/feed/consumer-states";
import { handleChanges } from "@cadastre/core/feed/handle-changes";
import { FeedItem, feedPartition } from "@cadastre/core/feed/items";
import { NO_PATIENCE } from "@cadastre/core/feed/tell";
import { aBentProvider, type BentProvider } from "@cadastre/core/login/oidc/testing";
import { createSetupLink } from "@cadastre/core/login/setup-link";
import { anAuthenticator, codeAt, PASSWORD } from "@cadastre/core/login/testing";
import { resourceSubject } from "@cadastre/core/register/items";
import { replace } from "@cadastre/store/table";
import { aSource } from "../scim/a-source.ts";
import { anInstance, aRun, instanceScope } from "../support/estate.ts";
import { aVpc, networksSeen } from "../support/networks.ts";
import { aBrowser, type Browser, type BrowserRequest } from "./a-browser.ts";
import { ACCOUNT, ORIGIN, SYSTEM, type TestApi, type Visitor } from "./an-api.ts";
import { aSigningKey } from "./an-issuer.ts";

let provider: Promise<BentProvider> | undefined;
/** A provider that all scenarios ask: it goes with the process. */
const theProvider = (): Promise<BentProvider> => {
  provider ??= aBentProvider(() => new Date());
  return provider;
};

/** An identity provider of the organization, and the real one behind it. */
async function anIdentityProvider(api: TestApi) {
  const real = await theProvider();
  // It has the time of the app.
  real.bend({ now: api.now });
  const body = { name: "Example", issuer: real.issuer, clientId: "cadastre", clientSecret: "canary-3b19" };
  const path = await made(api, "identity-providers", body);
  const id = idIn(path);
  return { id, path, real, at: `/api/v1/auth/providers/${id}` };
}

/** A planned prefix of a new space. */
async function aPrefix(api: TestApi): Promise<string> {
  const space = await made(api, "addressspaces", { name: "production" });
  const answer = await api.send({ method: "POST", path: `${space}/ips`, body: { prefix: "10.0.0.0/8" } });
  return `${space}/ips/${((await answer.json()) as { id: string }).id}`;
}

const RANGE = { start: "10.0.0.50", end: "10.0.0.99", populated: true };

/** A range of a new space. */
async function aRange(api: TestApi): Promise<string> {
  const space = await made(api, "addressspaces", { name: "production" });
  const answer = await api.send({ method: "POST", path: `${space}/ranges`, body: RANGE });
  return `${space}/ranges/${((await answer.json()) as { id: string }).id}`;
}

/** Somebody who is known there. */
async function aKnown(api: TestApi) {
  const known = await anIdentityProvider(api);
  const user = await aUser(api);
  const linked = await api.send({
    method: "POST",
    path: `${user}/identities`,
    body: { provider: known.id, subject: "subject" },
  });
  const { id: identity } = (await linked.json()) as { id: string };
  return { ...known, user, identity };
}

/** The query that a browser comes back with, which has begun. */
async function anAnswer(browser: Browser, real: BentProvider, path: string): Promise<object> {
  const begun = await browser.send({ method: "POST", path, body: {} });
  const { url } = (await begun.json()) as { url: string };
  return { response: real.answer(url) };
}

/** A browser that has logged in by a provider. */
async function aReturned(api: TestApi) {
  const known = await aKnown(api);
  known.real.bend({ now: api.now, claims: { sid: "there" } });
  const browser = aBrowser(api.app, ORIGIN);
  const body = await anAnswer(browser, known.real, `${known.at}/begin`);
  await browser.send({ method: "POST", path: `${known.at}/finish`, body });
  return { ...known, browser };
}

/** The same of who is logged in and may add an identity. */
async function mayLink(visitor: Visitor): Promise<void> {
  const body = { password: PASSWORD, action: "identity:link", resource: `user/${visitor.id}` };
  await visitor.send({ method: "POST", path: "/api/v1/auth/step-up", body });
}

export const PAYLOAD = {
  contract: "cadastre.discovery/v1",
  scopes: [{ ...instanceScope(), status: "complete", resources: [anInstance(1)] }],
};

/** An import that waits for the second of its two parts. */
async function anUpload(api: TestApi) {
  const space = await made(api, "addressspaces", { name: "production" });
  const begun = await api.send({
    method: "POST",
    path: `${space}/imports?parts=2`,
    body: Buffer.from("prefix\n10.0.0.0/8\n"),
  });
  const { id } = (await begun.json()) as { id: string };
  return { path: `${space}/imports/${id}` };
}

/** Prepares what a request needs and answers the request, which then succeeds and does one thing. */
type Scenario = (api: TestApi) => Promise<() => Promise<Response>>;

async function pendingCollector(api: TestApi): Promise<string> {
  const { id } = await registerCollector(api.context, SYSTEM, aCollector(aKey()));
  return id;
}

const decide =
  (verb: "approve" | "reject" | "revoke"): Scenario =>
  async (api) => {
    const id = await pendingCollector(api);
    return () => api.send({ method: "POST", path: `/api/v1/collectors/${id}/${verb}`, body: {} });
  };

/** A scope that loses all it has: that waits for an operator. */
async function pendingHold(api: TestApi): Promise<string> {
  const { collector } = await api.aReporter();
  const run = (count: number) =>
    aRun([{ key: instanceScope(), resources: Array.from({ length: count }, (_, n) => anInstance(n)) }], {
      reporter: collector,
      run: newId("run", api.now()),
    }).deliver(api.context);
  await run(4);
  await run(0);
  const holds = await api.send({ method: "GET", path: "/api/v1/discovery/holds?state=pending" });
  const { items } = (await holds.json()) as { items: { id: string }[] };
  return items[0]?.id ?? "";
}

const decideHold =
  (verb: "approve" | "reject"): Scenario =>
  async (api) => {
    const id = await pendingHold(api);
    return () =>
      api.send({ method: "POST", path: `/api/v1/discovery/holds/${id}/${verb}`, body: { reason: "planned" } });
  };

export const ACCOUNT_BODY = { provider: "aws", account: "222233334444", name: "shop" };
export const CREDENTIAL_BODY = { name: "deploy", secret: { type: "generic", secret: "canary-7f3a91" } };

const SPACES = "/api/v1/addressspaces";
const SEEN_VPC = aVpc("vpc-1", ["10.0.0.0/16"]);

/** An address space in which a network is seen that nobody has planned. */
async function aSpaceThatSees(api: TestApi): Promise<string> {
  const path = await made(api, "addressspaces", { name: "production", rules: [{ provider: "aws" }] });
  await aRun(networksSeen([SEEN_VPC], [])).deliver(api.context);
  await reconcileResource(api.context, idHash("network", SEEN_VPC.id));
  return path;
}

const decideDrift =
  (verb: "acknowledge" | "ignore" | "resolve"): Scenario =>
  async (api) => {
    const path = `${await aSpaceThatSees(api)}/drift`;
    const { items } = (await (await api.send({ method: "GET", path })).json()) as { items: { id: string }[] };
    return () => api.send({ method: "POST", path: `${path}/${items[0]?.id}/${verb}`, body: { reason: "known" } });
  };

/** The path of an address space whose deletion nobody is at yet. */
async function aGoingSpace(api: TestApi): Promise<string> {
  const path = await made(api, "addressspaces", { name: "production" });
  const id = path.slice(path.lastIndexOf("/") + 1);
  const { version, ...item } = await requireSpace(api.context, id);
  const deletion = { job: newId("job", api.now()), since: api.now().toISOString() };
  await api.context.table.commit([replace(AddressSpaceItem, { ...item, deletion }, version)]);
  return path;
}

/** The path of something that was made in a new address space. */
async function madeInSpace(api: TestApi, part: string, body: object): Promise<string> {
  const path = `${await made(api, "addressspaces", { name: "production" })}/${part}`;
  const { id } = (await (await api.send({ method: "POST", path, body })).json()) as { id: string };
  return `${path}/${id}`;
}

const aVlanGroup = (api: TestApi): Promise<string> => madeInSpace(api, "vlan-groups", { name: "Frankfurt" });
const aVlan = (api: TestApi): Promise<string> => madeInSpace(api, "vlans", { vid: 100 });

/** The path of a tag of an address space. */
async function aSpaceTag(api: TestApi): Promise<string> {
  const path = await made(api, "addressspaces", { name: "production" });
  await api.send({ method: "POST", path: `${path}/tags`, body: { name: "env", type: "Inheritable" } });
  return `${path}/tags/env`;
}
const FORWARDERS = "/api/v1/audit/forwarders";
const WEBHOOK = { type: "webhook", name: "siem", url: "https://siem.example.com/in" };

async function aForwarder(api: TestApi): Promise<string> {
  const made = await api.send({ method: "POST", path: FORWARDERS, body: WEBHOOK });
  return `${FORWARDERS}/${((await made.json()) as { id: string }).id}`;
}

/** A change that a consumer did not take: where it can be replayed and dropped. */
async function aDeadLetter(api: TestApi): Promise<string> {
  const { key } = await api.aReporter();
  await api.sign(key, { method: "POST", path: "/api/v1/discovery", body: PAYLOAD });
  const { items } = await api.context.table.query(FeedItem, {
    partition: feedPartition(resourceSubject(idHash("instance", anInstance(1).id))),
  });
  const broken = { name: "broken", about: "", handle: () => Promise.reject(new Error("no")) };
  await registerConsumers(api.context, [broken]);
  await handleChanges(api.context, [broken], items, {
    patience: NO_PATIENCE,
    report: () => undefined,
  });
  const path = "/api/v1/consumers/broken/dead-letters";
  const listed = (await (await api.send({ method: "GET", path })).json()) as { items: { id: string }[] };
  return `${path}/${listed.items[0]?.id}`;
}

async function anAccount(api: TestApi): Promise<string> {
  await api.send({ method: "POST", path: "/api/v1/accounts", body: ACCOUNT_BODY });
  return `/api/v1/accounts/aws/${ACCOUNT_BODY.account}`;
}

export async function aStoredCredential(api: TestApi): Promise<string> {
  const made = await api.send({ method: "POST", path: "/api/v1/credentials", body: CREDENTIAL_BODY });
  return ((await made.json()) as { id: string }).id;
}

const ifMatch = { "if-match": "*" };

const POLICY_BODY = { name: "no projects", text: "forbid (principal, action, resource is Cadastre::Project);" };

async function aPolicy(api: TestApi): Promise<string> {
  const made = await api.send({ method: "POST", path: "/api/v1/policies", body: POLICY_BODY });
  return ((await made.json()) as { id: string }).id;
}

/** An account that is known: its first sight is a change of its own, with a record of its own. */
async function knownAccount(api: TestApi): Promise<void> {
  await api.send({ method: "POST", path: "/api/v1/accounts", body: { provider: "aws", account: ACCOUNT } });
}

async function made(api: TestApi, path: string, body: object): Promise<string> {
  const { id } = (await (await api.send({ method: "POST", path: `/api/v1/${path}`, body })).json()) as { id: string };
  return `/api/v1/${path}/${id}`;
}

const aUser = (api: TestApi) => made(api, "users", { userName: "ann" });
/** Somebody who can hold a role. */
async function aHolder(api: TestApi): Promise<{ type: string; id: string }> {
  const path = await aServiceAccount(api);
  return { type: "service-account", id: path.slice(path.lastIndexOf("/") + 1) };
}

const aServiceAccount = (api: TestApi) => made(api, "service-accounts", { name: "deploy" });
const aGroup = (api: TestApi) => made(api, "groups", { name: "engineers" });
const idIn = (path: string) => path.slice(path.lastIndexOf("/") + 1);

const ISSUER = "https://issuer.test";

/** A rule for the tokens of an issuer that is never asked where its keys are given. */
async function ruleBody(api: TestApi, keys?: readonly object[]): Promise<object> {
  const { id: serviceAccount } = await aHolder(api);
  const trusts = { type: "oidc", issuer: ISSUER, audience: ORIGIN, claims: { sub: "job" } };
  return {
    name: "ci",
    serviceAccount,
    scopes: ["accounts:read"],
    trusts: keys ? { ...trusts, keys: { keys } } : trusts,
  };
}

/** A group with a user in it. */
async function aMember(api: TestApi) {
  const group = await aGroup(api);
  const id = idIn(await aUser(api));
  const add = () => api.send({ method: "POST", path: `${group}/members`, body: { principal: { type: "user", id } } });
  return { group, id, add };
}

async function aJob(api: TestApi): Promise<string> {
  const started = await api.send({ method: "POST", path: "/api/v1/jobs/retention/run" });
  return ((await started.json()) as { id: string }).id;
}

/** Somebody who has logged in, with a request of its own. */
const byVisitor =
  (request: (visitor: Visitor, api: TestApi) => BrowserRequest | Promise<BrowserRequest>): Scenario =>
  async (api) => {
    const visitor = await api.aVisitor();
    const sent = await request(visitor, api);
    return () => visitor.send(sent);
  };

/** An app that is not confirmed yet: its id and secret. */
async function aNewApp(visitor: Visitor): Promise<{ id: string; secret: string }> {
  const made = await visitor.send({ method: "POST", path: "/api/v1/factors/totp", body: {} });
  return (await made.json()) as { id: string; secret: string };
}

/** The same, confirmed. */
async function anApp(visitor: Visitor, api: TestApi): Promise<string> {
  const { id, secret } = await aNewApp(visitor);
  const body = { code: codeAt(secret, api.now()) };
  await visitor.send({ method: "POST", path: `/api/v1/factors/totp/${id}/confirm`, body });
  api.pass(30);
  return secret;
}

/** A device whose login waits: its code, and the person's. */
async function aDevice(api: TestApi): Promise<{ device_code: string; user_code: string }> {
  const begun = await api.sendForm("/api/v1/auth/device", { client_id: CLI_CLIENT, client_name: "laptop" });
  return (await begun.json()) as { device_code: string; user_code: string };
}

const decideDevice = (verb: "approve" | "deny"): Scenario =>
  byVisitor(async (_, api) => {
    const { user_code: code } = await aDevice(api);
    return { method: "POST", path: `/api/v1/auth/device/${verb}`, body: { code } };
  });

/** What a command asks for, as its page sends it on. */
const AUTHORIZATION = {
  responseType: "code",
  clientId: CLI_CLIENT,
  redirectUri: "http://127.0.0.1:51004/callback",
  state: "af0ifjsldkjaf0ifjsldkj",
  codeChallenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
  codeChallengeMethod: "S256",
};

const LOGIN_BODY = { userName: "anna", password: PASSWORD };

function scimBody(type: "User" | "Group", name: string): object {
  return {
    schemas: [`urn:ietf:params:scim:schemas:core:2.0:${type}`],
    [type === "User" ? "userName" : "displayName"]: name,
  };
}

/** What a SCIM source does with a user or group, which it has made before unless it is to make one. */
const scim =
  (type: "User" | "Group", method: "POST" | "PUT" | "PATCH" | "DELETE"): Scenario =>
  async (api) => {
    const { token } = await aSource(api);
    const path = `/scim/v2/${type}s`;
    if (method === "POST") return () => api.send({ method, path, token, body: scimBody(type, "ann") });
    const made = await api.send({ method: "POST", path, token, body: scimBody(type, "ann") });
    const { id } = (await made.json()) as { id: string };
    const patch = {
      schemas: ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
      Operations: [{ op: "replace", path: "externalId", value: "1" }],
    };
    const bodies = { PUT: { body: scimBody(type, "bob") }, PATCH: { body: patch }, DELETE: {} };
    return () => api.send({ method, path: `${path}/${id}`, token, ...bodies[method] });
  };

/** For every endpoint that changes anything, by the name of the endpoint: a request that succeeds. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  "jobs.run": async (api) => () => api.send({ method: "POST", path: "/api/v1/jobs/retention/run" }),
  async "jobs.cancel"(api) {
    const id = await aJob(api);
    return () => api.send({ method: "POST", path: `/api/v1/jobs/${id}/cancel` });
  },
  async "discovery.deliver"(api) {
    await knownAccount(api);
    const { key } = await api.aReporter();
    return () => api.sign(key, { method: "POST", path: "/api/v1/discovery", body: PAYLOAD });
  },
  async "discovery.openRun"(api) {
    await knownAccount(api);
    const { key, collector } = await api.aReporter();
    const run = aRun([{ key: instanceScope(), resources: [anInstance(1)] }], { reporter: collector });
    return () => api.sign(key, { method: "POST", path: "/api/v1/discovery/runs", body: run.body() });
  },
  async "discovery.uploadShard"(api) {
    const { key, collector } = await api.aReporter();
    const run = aRun([{ key: instanceScope(), resources: [anInstance(1)] }], { reporter: collector });
    await run.open(api.context);
    const scope = encodeURIComponent(`aws/${ACCOUNT}/us-east-1/instance`);
    return () =>
      api.sign(key, {
        method: "PUT",
        path: `/api/v1/discovery/runs/${run.run}/scopes/${scope}/shards/0`,
        body: { contract: PAYLOAD.contract, resources: [anInstance(1)] },
        gzip: true,
      });
  },
  async "discovery.completeRun"(api) {
    const { key, collector } = await api.aReporter();
    const run = aRun([{ key: instanceScope(), resources: [anInstance(1)] }], { reporter: collector });
    await run.uploadAll(api.context, await run.open(api.context));
    return () => api.sign(key, { method: "POST", path: `/api/v1/discovery/runs/${run.run}/complete`, body: {} });
  },
  async "discovery.fetchCredential"(api) {
    const credential = await aStoredCredential(api);
    const { key } = await api.aReporter({ credential });
    return () => api.sign(key, { method: "POST", path: "/api/v1/discovery/credential", body: {} });
  },
  async "runs.trigger"(api) {
    const { collector } = await api.aReporter();
    const body = { collector: collector.name };
    return () => api.send({ method: "POST", path: "/api/v1/discovery/trigger", body });
  },
  async "scopes.forget"(api) {
    const { collector } = await api.aReporter();
    await aRun([{ key: instanceScope(), resources: [anInstance(1)] }], { reporter: collector }).deliver(api.context);
    await revokeCollector(api.context, SYSTEM, collector.id);
    const body = { source: collector.name, reason: "it is gone" };
    return () => api.send({ method: "POST", path: "/api/v1/discovery/scopes/forget", body });
  },
  "holds.approve": decideHold("approve"),
  "holds.reject": decideHold("reject"),
  "collectors.register": async (api) => () =>
    api.send({ method: "POST", path: "/api/v1/collectors", body: aCollector(aKey()) }),
  async "collectors.patch"(api) {
    const id = await pendingCollector(api);
    const body = { accounts: ["*"] };
    return () => api.send({ method: "PATCH", path: `/api/v1/collectors/${id}`, body, headers: ifMatch });
  },
  "collectors.approve": decide("approve"),
  "collectors.reject": decide("reject"),
  "collectors.revoke": decide("revoke"),
  "accounts.create": async (api) => () => api.send({ method: "POST", path: "/api/v1/accounts", body: ACCOUNT_BODY }),
  async "accounts.patch"(api) {
    const path = await anAccount(api);
    return () => api.send({ method: "PATCH", path, body: { tier: "gold" }, headers: ifMatch });
  },
  async "accounts.delete"(api) {
    const path = await anAccount(api);
    return () => api.send({ method: "DELETE", path });
  },
  async "resources.annotate"(api) {
    const { key } = await api.aReporter();
    await api.sign(key, { method: "POST", path: "/api/v1/discovery", body: PAYLOAD });
    const path = `/api/v1/resources/${encodeURIComponent(anInstance(1).id)}`;
    return () => api.send({ method: "PATCH", path, body: { notes: "keep" }, headers: ifMatch });
  },
  "credentials.create": async (api) => () =>
    api.send({ method: "POST", path: "/api/v1/credentials", body: CREDENTIAL_BODY }),
  async "credentials.reveal"(api) {
    const path = `/api/v1/credentials/${await aStoredCredential(api)}/reveal`;
    return () => api.send({ method: "POST", path, body: { reason: "outage" } });
  },
  async "consumers.replay"(api) {
    const path = await aDeadLetter(api);
    return () => api.send({ method: "POST", path: `${path}/replay` });
  },
  async "consumers.drop"(api) {
    const path = await aDeadLetter(api);
    return () => api.send({ method: "DELETE", path });
  },
  async "credentials.revoke"(api) {
    const path = `/api/v1/credentials/${await aStoredCredential(api)}`;
    return () => api.send({ method: "DELETE", path });
  },
  async "roleBindings.create"(api) {
    const principal = await aHolder(api);
    const body = { principal, role: "viewer", resource: { type: "organization", id: api.context.organization } };
    return () => api.send({ method: "POST", path: "/api/v1/role-bindings", body });
  },
  async "roleBindings.delete"(api) {
    const principal = await aHolder(api);
    const body = { principal, role: "viewer", resource: { type: "organization", id: api.context.organization } };
    const made = await api.send({ method: "POST", path: "/api/v1/role-bindings", body });
    const { id } = (await made.json()) as { id: string };
    return () => api.send({ method: "DELETE", path: `/api/v1/role-bindings/${id}` });
  },
  "policies.create": async (api) => () => api.send({ method: "POST", path: "/api/v1/policies", body: POLICY_BODY }),
  async "policies.replace"(api) {
    const path = `/api/v1/policies/${await aPolicy(api)}`;
    const body = { ...POLICY_BODY, name: "another" };
    return () => api.send({ method: "PUT", path, body, headers: ifMatch });
  },
  async "policies.delete"(api) {
    const path = `/api/v1/policies/${await aPolicy(api)}`;
    return () => api.send({ method: "DELETE", path });
  },
  "tokens.create": async (api) => () =>
    api.send({ method: "POST", path: "/api/v1/tokens", body: { name: "ci", scopes: ["resources:read"] } }),
  async "tokens.rotate"(api) {
    const { id } = await api.aToken(["resources:read"]);
    return () => api.send({ method: "POST", path: `/api/v1/tokens/${id}/rotate`, body: { overlapSeconds: 60 } });
  },
  async "trustRules.create"(api) {
    const body = await ruleBody(api);
    return () => api.send({ method: "POST", path: "/api/v1/trust-rules", body });
  },
  async "trustRules.replace"(api) {
    const body = await ruleBody(api);
    const path = await made(api, "trust-rules", body);
    return () => api.send({ method: "PUT", path, body: { ...body, disabled: true }, headers: ifMatch });
  },
  async "trustRules.delete"(api) {
    const path = await made(api, "trust-rules", await ruleBody(api));
    return () => api.send({ method: "DELETE", path });
  },
  async "oauth.token"(api) {
    const key = await aSigningKey();
    const audience = idIn(await made(api, "trust-rules", await ruleBody(api, [key.jwk])));
    const subject = await key.sign({ iss: ISSUER, aud: ORIGIN, sub: "job", exp: api.now().getTime() / 1000 + 60 });
    return () =>
      api.sendForm("/api/v1/auth/token", {
        grant_type: TOKEN_EXCHANGE,
        audience,
        subject_token: subject,
        subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
      });
  },
  "oauth.device": async (api) => () =>
    api.sendForm("/api/v1/auth/device", { client_id: CLI_CLIENT, client_name: "laptop" }),
  "clientLogins.authorize": byVisitor(() => ({ method: "POST", path: "/api/v1/auth/authorize", body: AUTHORIZATION })),
  "clientLogins.refuse": byVisitor(() => ({
    method: "POST",
    path: "/api/v1/auth/authorize/refuse",
    body: AUTHORIZATION,
  })),
  "clientLogins.approve": decideDevice("approve"),
  "clientLogins.deny": decideDevice("deny"),
  async "tokens.revoke"(api) {
    const { id } = await api.aToken(["resources:read"]);
    return () => api.send({ method: "DELETE", path: `/api/v1/tokens/${id}` });
  },
  async "auth.login"(api) {
    await api.aVisitor();
    const browser = aBrowser(api.app, ORIGIN);
    return () => browser.send({ method: "POST", path: "/api/v1/auth/login", body: LOGIN_BODY });
  },
  "auth.logout": byVisitor(() => ({ method: "POST", path: "/api/v1/auth/logout" })),
  async "auth.setup"(api) {
    const { secret = "" } = (await createSetupLink(api.context)) ?? {};
    const body = { secret, userName: "ann", password: PASSWORD };
    return () => aBrowser(api.app, ORIGIN).send({ method: "POST", path: "/api/v1/auth/setup", body });
  },
  "auth.stepUp": byVisitor(() => ({
    method: "POST",
    path: "/api/v1/auth/step-up",
    body: { password: PASSWORD, action: "credentials:reveal", resource: "credential/crd_01JD0000000000000000000000" },
  })),
  "auth.passkeyChallenge": byVisitor(async (visitor) => {
    const options = await visitor.send({ method: "POST", path: "/api/v1/factors/passkey-options" });
    const { challenge } = (await options.json()) as { challenge: string };
    const body = { name: "laptop", response: anAuthenticator().create({ challenge }) };
    await visitor.send({ method: "POST", path: "/api/v1/factors/passkeys", body });
    return { method: "POST", path: "/api/v1/auth/passkey-challenge" };
  }),
  "auth.changePassword": byVisitor(() => ({
    method: "POST",
    path: "/api/v1/auth/password",
    body: { current: PASSWORD, password: "another horse battery" },
  })),
  async "auth.unlock"(api) {
    const path = `${await aUser(api)}/unlock`;
    return () => api.send({ method: "POST", path });
  },
  async "auth.passwordLink"(api) {
    const path = `${await aUser(api)}/password-link`;
    return () => api.send({ method: "POST", path });
  },
  async "auth.resetFactors"(api) {
    const path = `${await aUser(api)}/factors`;
    return () => api.send({ method: "DELETE", path });
  },
  "sessions.end": byVisitor(async (visitor) => {
    const listed = await visitor.send({ method: "GET", path: "/api/v1/sessions" });
    const { items } = (await listed.json()) as { items: { id: string }[] };
    return { method: "DELETE", path: `/api/v1/sessions/${items[0]?.id}` };
  }),
  "factors.createTotp": byVisitor(() => ({ method: "POST", path: "/api/v1/factors/totp", body: { name: "phone" } })),
  "factors.confirmTotp": byVisitor(async (visitor, api) => {
    const { id, secret } = await aNewApp(visitor);
    const body = { code: codeAt(secret, api.now()) };
    return { method: "POST", path: `/api/v1/factors/totp/${id}/confirm`, body };
  }),
  "factors.passkeyOptions": byVisitor(() => ({ method: "POST", path: "/api/v1/factors/passkey-options" })),
  "factors.createPasskey": byVisitor(async (visitor) => {
    const options = await visitor.send({ method: "POST", path: "/api/v1/factors/passkey-options" });
    const { challenge } = (await options.json()) as { challenge: string };
    const body = { name: "laptop", response: anAuthenticator().create({ challenge }) };
    return { method: "POST", path: "/api/v1/factors/passkeys", body };
  }),
  "factors.createRecoveryCodes": byVisitor(async (visitor, api) => {
    await anApp(visitor, api);
    return { method: "POST", path: "/api/v1/factors/recovery-codes" };
  }),
  "factors.remove": byVisitor(async (visitor, api) => {
    const secret = await anApp(visitor, api);
    const listed = await visitor.send({ method: "GET", path: "/api/v1/factors" });
    const { items } = (await listed.json()) as { items: { id: string }[] };
    const resource = `factor/${items[0]?.id}`;
    const body = { code: codeAt(secret, api.now()), action: "factor:remove", resource };
    await visitor.send({ method: "POST", path: "/api/v1/auth/step-up", body });
    return { method: "DELETE", path: `/api/v1/factors/${items[0]?.id}` };
  }),
  "identityProviders.create": async (api) => {
    const { issuer } = await theProvider();
    const body = { name: "Example", issuer, clientId: "cadastre", clientSecret: "canary-3b19" };
    return () => api.send({ method: "POST", path: "/api/v1/identity-providers", body });
  },
  async "identityProviders.patch"(api) {
    const { path } = await anIdentityProvider(api);
    return () => api.send({ method: "PATCH", path, body: { createsUsers: true, clientSecret: "canary-9d20" } });
  },
  async "identityProviders.delete"(api) {
    const { path } = await anIdentityProvider(api);
    return () => api.send({ method: "DELETE", path });
  },
  async "identityProviders.linkIdentity"(api) {
    const { id } = await anIdentityProvider(api);
    const path = `${await aUser(api)}/identities`;
    return () => api.send({ method: "POST", path, body: { provider: id, subject: "subject" } });
  },
  async "identityProviders.unlinkIdentity"(api) {
    const { user, identity } = await aKnown(api);
    return () => api.send({ method: "DELETE", path: `${user}/identities/${identity}` });
  },
  async "oidc.begin"(api) {
    const { at } = await anIdentityProvider(api);
    return () => aBrowser(api.app, ORIGIN).send({ method: "POST", path: `${at}/begin`, body: {} });
  },
  async "oidc.finish"(api) {
    const { at, real } = await aKnown(api);
    const browser = aBrowser(api.app, ORIGIN);
    const body = await anAnswer(browser, real, `${at}/begin`);
    return () => browser.send({ method: "POST", path: `${at}/finish`, body });
  },
  "oidc.beginLink": byVisitor(async (visitor, api) => {
    const { at } = await anIdentityProvider(api);
    await mayLink(visitor);
    return { method: "POST", path: `${at}/begin-link`, body: {} };
  }),
  "oidc.finishLink": byVisitor(async (visitor, api) => {
    const { at, real } = await anIdentityProvider(api);
    await mayLink(visitor);
    return { method: "POST", path: `${at}/finish-link`, body: await anAnswer(visitor, real, `${at}/begin-link`) };
  }),
  async "oidc.logout"(api) {
    const { browser } = await aReturned(api);
    return () => browser.send({ method: "POST", path: "/api/v1/auth/provider-logout" });
  },
  async "oidc.backChannelLogout"(api) {
    const { at, real } = await aReturned(api);
    const body = new URLSearchParams({ logout_token: await real.logoutToken("cadastre") }).toString();
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    return async () => api.app.request(`${ORIGIN}${at}/back-channel-logout`, { method: "POST", headers, body });
  },
  async "oidc.frontChannelLogout"(api) {
    const { at, real } = await aReturned(api);
    const query = new URLSearchParams({ iss: real.issuer, sid: "there" });
    return () => api.send({ method: "GET", path: `${at}/front-channel-logout?${query.toString()}`, token: "" });
  },
  async "audit.erase"(api) {
    const id = idIn(await aUser(api));
    return () => api.send({ method: "DELETE", path: `/api/v1/audit/persons/${id}` });
  },
  "users.create": async (api) => () =>
    api.send({ method: "POST", path: "/api/v1/users", body: { userName: "ann", displayName: "Ann" } }),
  async "users.patch"(api) {
    const path = await aUser(api);
    return () => api.send({ method: "PATCH", path, body: { disabled: true } });
  },
  async "users.delete"(api) {
    const path = await aUser(api);
    return () => api.send({ method: "DELETE", path });
  },
  "serviceAccounts.create": async (api) => () =>
    api.send({ method: "POST", path: "/api/v1/service-accounts", body: { name: "deploy" } }),
  async "serviceAccounts.patch"(api) {
    const path = await aServiceAccount(api);
    return () => api.send({ method: "PATCH", path, body: { name: "release" } });
  },
  async "serviceAccounts.delete"(api) {
    const path = await aServiceAccount(api);
    return () => api.send({ method: "DELETE", path });
  },
  "groups.create": async (api) => () =>
    api.send({ method: "POST", path: "/api/v1/groups", body: { name: "engineers" } }),
  async "groups.patch"(api) {
    const path = await aGroup(api);
    return () => api.send({ method: "PATCH", path, body: { name: "operators" } });
  },
  async "groups.delete"(api) {
    const path = await aGroup(api);
    return () => api.send({ method: "DELETE", path });
  },
  async "groups.add"(api) {
    const { add } = await aMember(api);
    return add;
  },
  async "groups.remove"(api) {
    const { group, id, add } = await aMember(api);
    await add();
    return () => api.send({ method: "DELETE", path: `${group}/members/${id}` });
  },
  "organizations.create": async (api) => () =>
    api.send({ method: "POST", path: "/api/v1/organizations", body: { name: "Payments", slug: "payments" } }),
  async "organizations.patch"(api) {
    const path = `/api/v1/organizations/${FIRST_ORGANIZATION}`;
    return () => api.send({ method: "PATCH", path, body: { owner: "Ann" }, headers: ifMatch });
  },
  "addressSpaces.create": async (api) => () =>
    api.send({ method: "POST", path: SPACES, body: { name: "production", rules: [{ provider: "aws" }] } }),
  async "addressSpaces.replace"(api) {
    const path = await made(api, "addressspaces", { name: "production" });
    return () => api.send({ method: "PUT", path, body: { name: "staging" }, headers: ifMatch });
  },
  async "ranges.create"(api) {
    const space = await made(api, "addressspaces", { name: "production" });
    return () => api.send({ method: "POST", path: `${space}/ranges`, body: RANGE });
  },
  async "ranges.replace"(api) {
    const path = await aRange(api);
    return () => api.send({ method: "PUT", path, body: { ...RANGE, end: "10.0.0.120" }, headers: ifMatch });
  },
  async "ranges.delete"(api) {
    const path = await aRange(api);
    return () => api.send({ method: "DELETE", path, headers: ifMatch });
  },
  async "addressSpaces.delete"(api) {
    const path = await made(api, "addressspaces", { name: "production" });
    return () => api.send({ method: "DELETE", path });
  },
  async "addressSpaces.keep"(api) {
    const path = await aGoingSpace(api);
    return () => api.send({ method: "DELETE", path: `${path}/deletion` });
  },
  async "vlanGroups.create"(api) {
    const space = await made(api, "addressspaces", { name: "production" });
    return () => api.send({ method: "POST", path: `${space}/vlan-groups`, body: { name: "Frankfurt" } });
  },
  async "vlanGroups.replace"(api) {
    const path = await aVlanGroup(api);
    return () => api.send({ method: "PUT", path, body: { name: "Berlin" }, headers: ifMatch });
  },
  async "vlanGroups.delete"(api) {
    const path = await aVlanGroup(api);
    return () => api.send({ method: "DELETE", path });
  },
  async "vlanGroups.allocate"(api) {
    const path = await aVlanGroup(api);
    return () => api.send({ method: "POST", path: `${path}/available-vlans`, body: { count: 2 } });
  },
  async "vlans.create"(api) {
    const space = await made(api, "addressspaces", { name: "production" });
    return () => api.send({ method: "POST", path: `${space}/vlans`, body: { vid: 100 } });
  },
  async "vlans.replace"(api) {
    const path = await aVlan(api);
    return () => api.send({ method: "PUT", path, body: { vid: 101 }, headers: ifMatch });
  },
  async "vlans.delete"(api) {
    const path = await aVlan(api);
    return () => api.send({ method: "DELETE", path });
  },
  async "spaceTags.create"(api) {
    const path = await made(api, "addressspaces", { name: "production" });
    const body = { name: "env", type: "Inheritable" };
    return () => api.send({ method: "POST", path: `${path}/tags`, body });
  },
  async "spaceTags.replace"(api) {
    const path = await aSpaceTag(api);
    return () => api.send({ method: "PUT", path, body: { type: "NonInheritable" } });
  },
  async "spaceTags.delete"(api) {
    const path = await aSpaceTag(api);
    return () => api.send({ method: "DELETE", path });
  },
  async "ips.create"(api) {
    const space = await made(api, "addressspaces", { name: "production" });
    return () => api.send({ method: "POST", path: `${space}/ips`, body: { prefix: "10.0.0.0/8" } });
  },
  async "ips.replace"(api) {
    const path = await aPrefix(api);
    const body = { prefix: "10.0.0.0/9", name: "all" };
    return () => api.send({ method: "PUT", path, body, headers: ifMatch });
  },
  async "ips.delete"(api) {
    const path = await aPrefix(api);
    return () => api.send({ method: "DELETE", path, headers: ifMatch });
  },
  async "ips.allocatePrefixes"(api) {
    const path = await aPrefix(api);
    return () => api.send({ method: "POST", path: `${path}/available-prefixes`, body: { prefixLength: 24, count: 2 } });
  },
  async "ips.allocateAddresses"(api) {
    const path = await aPrefix(api);
    return () => api.send({ method: "POST", path: `${path}/available-addresses`, body: { count: 2 } });
  },
  async "addressImports.create"(api) {
    const space = await made(api, "addressspaces", { name: "production" });
    return () => api.send({ method: "POST", path: `${space}/imports`, body: Buffer.from("prefix\n10.0.0.0/8\n") });
  },
  async "addressImports.upload"(api) {
    const { path } = await anUpload(api);
    return () => api.send({ method: "PUT", path: `${path}/parts/2`, body: Buffer.from("10.1.0.0/16\n") });
  },
  async "addressImports.cancel"(api) {
    const { path } = await anUpload(api);
    await api.send({ method: "PUT", path: `${path}/parts/2`, body: Buffer.from("10.1.0.0/16\n") });
    return () => api.send({ method: "POST", path: `${path}/cancel` });
  },
  async "discovered.import"(api) {
    const space = await aSpaceThatSees(api);
    const body = { externalIds: [SEEN_VPC.id] };
    return () => api.send({ method: "POST", path: `${space}/discovered/import`, body });
  },
  "drift.acknowledge": decideDrift("acknowledge"),
  "drift.ignore": decideDrift("ignore"),
  "drift.resolve": decideDrift("resolve"),
  "forwarders.create": async (api) => () => api.send({ method: "POST", path: FORWARDERS, body: WEBHOOK }),
  async "forwarders.patch"(api) {
    const path = await aForwarder(api);
    const { version } = (await (await api.send({ method: "GET", path })).json()) as { version: number };
    return () => api.send({ method: "PATCH", path, body: { paused: true }, headers: { "if-match": `"${version}"` } });
  },
  async "forwarders.delete"(api) {
    const path = await aForwarder(api);
    return () => api.send({ method: "DELETE", path });
  },
  async "forwarders.test"(api) {
    const path = await aForwarder(api);
    return () => api.send({ method: "POST", path: `${path}/test` });
  },
  async "forwarders.rotate"(api) {
    const path = await aForwarder(api);
    return () => api.send({ method: "POST", path: `${path}/rotate`, body: {} });
  },
  async "forwarders.replay"(api) {
    const path = await aForwarder(api);
    return () => api.send({ method: "POST", path: `${path}/replay` });
  },
  "scimSources.create": async (api) => () =>
    api.send({ method: "POST", path: "/api/v1/scim-sources", body: { name: "entra" } }),
  async "scimSources.delete"(api) {
    const { id } = await aSource(api);
    return () => api.send({ method: "DELETE", path: `/api/v1/scim-sources/${id}` });
  },
  async "scimSources.link"(api) {
    const { id } = await aSource(api);
    const user = idIn(await aUser(api));
    return () => api.send({ method: "POST", path: `/api/v1/scim-sources/${id}/links`, body: { user } });
  },
  "scim.createUser": scim("User", "POST"),
  "scim.replaceUser": scim("User", "PUT"),
  "scim.patchUser": scim("User", "PATCH"),
  "scim.deleteUser": scim("User", "DELETE"),
  "scim.createGroup": scim("Group", "POST"),
  "scim.replaceGroup": scim("Group", "PUT"),
  "scim.patchGroup": scim("Group", "PATCH"),
  "scim.deleteGroup": scim("Group", "DELETE"),
  async "scim.bulk"(api) {
    const { token } = await aSource(api);
    const data = scimBody("User", "ann");
    const body = {
      schemas: ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
      Operations: [{ method: "POST", path: "/Users", bulkId: "1", data }],
    };
    return () => api.send({ method: "POST", path: "/scim/v2/Bulk", token, body });
  },
};

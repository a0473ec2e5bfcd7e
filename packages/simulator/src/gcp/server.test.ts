import { AddressesClient } from "@google-cloud/compute/build/src/v1/addresses_client.js";
import { GlobalAddressesClient } from "@google-cloud/compute/build/src/v1/global_addresses_client.js";
import { InstancesClient } from "@google-cloud/compute/build/src/v1/instances_client.js";
import { NetworksClient } from "@google-cloud/compute/build/src/v1/networks_client.js";
import { ProjectsClient } from "@google-cloud/compute/build/src/v1/projects_client.js";
import { SubnetworksClient } from "@google-cloud/compute/build/src/v1/subnetworks_client.js";
import { InstancesClient as BetaInstancesClient } from "@google-cloud/compute/build/src/v1beta/instances_client.js";
import { JWT } from "google-auth-library";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { createGcpEstate } from "../estate-gcp.ts";
import { createFaults } from "../faults.ts";
import { type GcpSimulator, startGcpSimulator } from "./server.ts";

interface RawPage {
  readonly items: Readonly<
    Record<string, { readonly warning?: { readonly code: string } | null } & Record<string, unknown>>
  >;
  readonly nextPageToken?: string;
  readonly unreachables: readonly string[];
}

const estate = createGcpEstate({ seed: "wire", projects: 6, instances: 1200 });
const faults = createFaults();
const host = estate.projects[0]?.projectId ?? "";
const service = estate.projects[1]?.projectId ?? "";
let simulator: GcpSimulator;
const open: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  simulator = await startGcpSimulator({ estate, faults, now: () => new Date() });
});

afterEach(() => faults.clear());

afterAll(async () => {
  for (const client of open) await client.close();
  await simulator.stop();
});

/** A service account that signs its own tokens; with `partial` it adds what the v1 client drops from its requests. */
function anAccount(options: { readonly partial?: boolean } = {}): JWT {
  const { client_email, private_key, private_key_id } = simulator.serviceAccountKey;
  const jwt = new JWT({ email: client_email, key: private_key, keyId: private_key_id });
  if (options.partial)
    jwt.transporter.interceptors.request.add({
      resolved: async (request) => {
        request.url.searchParams.set("returnPartialSuccess", "true");
        return request;
      },
    });
  return jwt;
}

type ClientOptions = NonNullable<ConstructorParameters<typeof InstancesClient>[0]>;

function connect<T extends { close(): Promise<void> }>(
  Client: new (options: ClientOptions) => T,
  authClient: JWT = anAccount({ partial: true }),
): T {
  const { hostname, port } = new URL(simulator.url);
  const options: ClientOptions = { authClient, apiEndpoint: hostname, port: Number(port), protocol: "http" };
  const client = new Client(options);
  open.push(client);
  return client;
}

/** One page of an aggregated list as the server sent it. */
async function rawPage(
  client: { initialize(): Promise<unknown>; readonly innerApiCalls: Readonly<Record<string, unknown>> },
  request: Readonly<Record<string, unknown>>,
): Promise<RawPage> {
  await client.initialize();
  const call = client.innerApiCalls.aggregatedList as (
    request: object,
    options: object,
  ) => Promise<[unknown, unknown, RawPage]>;
  const [, , page] = await call(request, { autoPaginate: false, retry: null });
  return page;
}

async function everyPage(
  client: Parameters<typeof rawPage>[0],
  request: Readonly<Record<string, unknown>>,
): Promise<RawPage[]> {
  const pages: RawPage[] = [];
  for (let pageToken: string | undefined; ; ) {
    const page = await rawPage(client, { ...request, ...(pageToken ? { pageToken } : {}) });
    pages.push(page);
    pageToken = page.nextPageToken;
    if (!pageToken) return pages;
  }
}

function resourcesOf(pages: readonly RawPage[], field: string): Record<string, unknown>[] {
  return pages.flatMap((page) =>
    Object.values(page.items).flatMap((scope) => scope[field] as Record<string, unknown>[]),
  );
}

const instancesOfHost = () =>
  estate.regions
    .flatMap(({ zones }) => zones)
    .reduce(
      (sum, zone) => sum + estate.instancePlaces(estate.projects[0] as (typeof estate.projects)[number], zone),
      0,
    );

describe("the simulated Compute Engine, asked by Google's own client", () => {
  it("answers every instance once over several pages, and names every scope on each", async () => {
    const pages = await everyPage(connect(InstancesClient), { project: host, maxResults: 30 });
    const names = resourcesOf(pages, "instances").map(({ name }) => name);
    expect(pages).toHaveLength(Math.ceil(instancesOfHost() / 30));
    expect(new Set(names).size).toBe(instancesOfHost());
    const zones = estate.regions.flatMap((region) => region.zones.map((zone) => `zones/${zone}`));
    for (const page of pages) expect(Object.keys(page.items).sort()).toEqual([...zones].sort());
    expect(pages[0]?.items[zones.at(-1) ?? ""]?.warning?.code).toBe("NO_RESULTS_ON_PAGE");
  });

  it("gives the client each resource exactly as the estate has it", async () => {
    const [page] = await everyPage(connect(InstancesClient), { project: service });
    const project = estate.project(service);
    const expected = project && estate.instanceAt(project, "us-central1-a", 3, "v1");
    const found = resourcesOf(page ? [page] : [], "instances").find(({ name }) => name === expected?.name);
    expect(found).toMatchObject({ ...expected, networkInterfaces: expected?.networkInterfaces ?? [] });
  });

  it("sends returnPartialSuccess with v1 only through the transport: the client itself drops it", async () => {
    const request = { project: host, returnPartialSuccess: true };
    await rawPage(connect(InstancesClient, anAccount()), request);
    expect(simulator.requests.at(-1)?.query).toEqual({});
    await rawPage(connect(InstancesClient), request);
    expect(simulator.requests.at(-1)?.query).toEqual({ returnPartialSuccess: "true" });
    await rawPage(connect(BetaInstancesClient, anAccount()), request);
    expect(simulator.requests.at(-1)).toMatchObject({
      path: `/compute/beta/projects/${host}/aggregated/instances`,
      query: { returnPartialSuccess: "true" },
    });
  });

  it("names an unreachable zone on the page that reaches it, with its warning and without its resources", async () => {
    const zone = estate.regions[1]?.zones[0] ?? "";
    faults.inject({ match: { scope: `zones/${zone}`, scopeProject: host }, fault: { kind: "warning" } });
    const pages = await everyPage(connect(InstancesClient), { project: host, maxResults: 30 });
    const touched = pages.filter(({ unreachables }) => unreachables.length > 0);
    expect(touched.map(({ unreachables }) => unreachables)).toEqual([[`zones/${zone}`]]);
    expect(pages.map((page) => page.items[`zones/${zone}`]?.warning?.code)).toContain("UNREACHABLE");
    expect(pages.map((page) => page.items[`zones/${zone}`]?.warning?.code)).toContain("NO_RESULTS_ON_PAGE");
    expect(resourcesOf(pages, "instances").some((instance) => String(instance.zone).endsWith(zone))).toBe(false);
  });

  it("fails the whole list for an unreachable zone when partial success was not asked for", async () => {
    faults.inject({ match: { scope: "zones/us-central1-a" }, fault: { kind: "warning" } });
    const failure = rawPage(connect(InstancesClient, anAccount()), { project: host });
    await expect(failure).rejects.toMatchObject({ httpStatusCode: 503, code: 14 });
  });

  it("keeps the resources of a scope whose warning is not that it is unreachable", async () => {
    faults.inject({ match: { scope: "zones/us-central1-a" }, fault: { kind: "warning", code: "PARTIAL_SUCCESS" } });
    const page = await rawPage(connect(InstancesClient), { project: host });
    expect(page.items["zones/us-central1-a"]).toMatchObject({ warning: { code: "PARTIAL_SUCCESS" } });
    expect(page.items["zones/us-central1-a"]?.instances).not.toEqual([]);
    expect(page.unreachables).toEqual([]);
  });

  it("adds utilisation to subnetworks only when that view is asked for", async () => {
    const client = connect(SubnetworksClient);
    const bare = resourcesOf([await rawPage(client, { project: host })], "subnetworks");
    expect(bare.every((subnetwork) => (subnetwork.utilizationDetails ?? null) === null)).toBe(true);
    const full = resourcesOf([await rawPage(client, { project: host, views: "WITH_UTILIZATION" })], "subnetworks");
    const main = full.find(({ name }) => name === "workload") as { utilizationDetails: { ipv4Utilizations: object[] } };
    expect(main.utilizationDetails.ipv4Utilizations).toHaveLength(3);
    await expect(rawPage(client, { project: host, views: "EVERYTHING" })).rejects.toMatchObject({ code: 3 });
  });

  it("lists networks, regional and global addresses, and pages them", async () => {
    const networks = connect(NetworksClient);
    const [first, next, raw] = await networks.list({ project: host, maxResults: 2 }, { autoPaginate: false });
    expect(first.map(({ name }) => name)).toEqual(["default", "mgmt"]);
    expect(next).toMatchObject({ pageToken: raw.nextPageToken });
    const [all] = await networks.list({ project: host, maxResults: 2 });
    expect(all.map(({ name }) => name)).toEqual(["default", "mgmt", "workload"]);
    const regional = resourcesOf([await rawPage(connect(AddressesClient), { project: host })], "addresses");
    const [global] = await connect(GlobalAddressesClient).list({ project: host });
    expect(regional.filter(({ region }) => !region).map(({ name }) => name)).toEqual(global.map(({ name }) => name));
    expect(regional.some(({ name }) => name === "web-static")).toBe(true);
  });

  it("tells which project hosts a shared VPC and which use it", async () => {
    const client = connect(ProjectsClient);
    const [project] = await client.get({ project: host });
    expect(project.xpnProjectStatus).toBe("HOST");
    const [itsHost] = await client.getXpnHost({ project: service });
    expect(itsHost.name).toBe(host);
    const [none] = await client.getXpnHost({ project: host });
    expect(none.name ?? "").toBe("");
    const [resources] = await client.getXpnResources({ project: host });
    expect(resources.map(({ id }) => id)).toEqual(estate.projects.slice(1, 3).map(({ projectId }) => projectId));
    const [hosts] = await client.listXpnHosts({
      project: host,
      projectsListXpnHostsRequestResource: { organization: estate.organization.replace("organizations/", "") },
    });
    expect(hosts.map(({ name }) => name)).toEqual([host]);
  });

  it.each([
    ["an API that is not enabled", { kind: "disabled" }, { httpStatusCode: 403, reason: "SERVICE_DISABLED" }],
    ["a missing permission", { kind: "deny" }, { httpStatusCode: 403, reason: "IAM_PERMISSION_DENIED" }],
    ["an organisation's policy", { kind: "deny-scp" }, { httpStatusCode: 403, reason: "SECURITY_POLICY_VIOLATED" }],
    ["a rate limit as 403", { kind: "throttle" }, { httpStatusCode: 403, reason: "RATE_LIMIT_EXCEEDED" }],
    ["a rate limit as 429", { kind: "throttle", code: "429" }, { httpStatusCode: 429, code: 8 }],
    ["an error of the server", { kind: "error-5xx" }, { httpStatusCode: 500, code: 13 }],
    ["an overloaded server", { kind: "unavailable" }, { httpStatusCode: 503, code: 14 }],
  ] as const)("lets the client tell %s from the others", async (_, fault, expected) => {
    faults.inject({ match: { operation: "instances.aggregatedList", project: host }, fault });
    await expect(rawPage(connect(InstancesClient), { project: host })).rejects.toMatchObject(expected);
    await expect(rawPage(connect(InstancesClient), { project: service })).resolves.toBeDefined();
  });

  it("keeps a hanging request open until the client gives up", async () => {
    faults.inject({ match: { project: host }, fault: { kind: "hang" } });
    const client = connect(NetworksClient);
    await expect(client.list({ project: host }, { timeout: 50, retry: null })).rejects.toMatchObject({ code: 4 });
  });

  it("stops while a request hangs", async () => {
    const hanging = createFaults();
    hanging.inject({ match: { service: "oauth2" }, fault: { kind: "hang" } });
    const other = await startGcpSimulator({ estate, faults: hanging, now: () => new Date() });
    const answer = fetch(`${other.url}/token`, { method: "POST" });
    const refused = expect(answer).rejects.toThrow("fetch failed");
    await vi.waitUntil(() => other.requests.length === 1);
    await other.stop();
    await refused;
  });

  it("cuts a body off, closes a connection, empties a list and repeats a page token when told to", async () => {
    const client = connect(InstancesClient);
    const inject = (kind: "malformed" | "reset" | "empty" | "repeat-token") =>
      faults.inject({ match: { operation: "instances.aggregatedList" }, fault: { kind } });
    for (const kind of ["malformed", "reset"] as const) {
      const remove = inject(kind);
      await expect(rawPage(client, { project: host })).rejects.toMatchObject({ code: 14 });
      remove();
    }
    const remove = inject("empty");
    expect(resourcesOf([await rawPage(client, { project: host })], "instances")).toEqual([]);
    remove();
    inject("repeat-token");
    const first = await rawPage(client, { project: host });
    const second = await rawPage(client, { project: host, pageToken: first.nextPageToken });
    expect(second.nextPageToken).toBe(first.nextPageToken);
  });

  it("refuses what it cannot serve instead of answering something else", async () => {
    const client = connect(InstancesClient);
    await expect(rawPage(client, { project: "nobody" })).rejects.toMatchObject({ httpStatusCode: 404 });
    await expect(rawPage(client, { project: host, filter: "status = RUNNING" })).rejects.toThrow("filter");
    await expect(rawPage(client, { project: host, maxResults: 501 })).rejects.toThrow("0 to 500");
    await expect(rawPage(client, { project: host, pageToken: "bm8" })).rejects.toThrow("pageToken");
    const other = await rawPage(client, { project: service, maxResults: 1 });
    await expect(rawPage(client, { project: host, pageToken: other.nextPageToken })).rejects.toThrow("pageToken");
  });
});

describe("the simulated token endpoint", () => {
  it("is where Google's library gets a token once its transport is told of the key's token_uri", async () => {
    const { client_email, private_key, token_uri } = simulator.serviceAccountKey;
    const scopes = ["https://www.googleapis.com/auth/cloud-platform"];
    const jwt = new JWT({ email: client_email, key: private_key, scopes });
    jwt.transporter.interceptors.request.add({
      resolved: async (request) => {
        if (request.url.href === "https://oauth2.googleapis.com/token") request.url = new URL(token_uri);
        return request;
      },
    });
    const { data } = await jwt.request<{ name: string }>({
      url: `${simulator.url}/compute/v1/projects/${host}`,
    });
    expect(data.name).toBe(host);
    expect(simulator.requests.at(-2)).toMatchObject({ method: "POST", path: "/token" });
  });

  it("is the only way in: a request without a token is refused", async () => {
    const answer = await fetch(`${simulator.url}/compute/v1/projects/${host}`);
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ error: { status: "UNAUTHENTICATED" } });
  });
});

describe("the simulated Cloud Resource Manager", () => {
  async function ask(path: string): Promise<Record<string, unknown>> {
    const jwt = anAccount();
    jwt.useJWTAccessWithScope = true;
    jwt.scopes = ["https://www.googleapis.com/auth/cloud-platform"];
    const { data } = await jwt.request<Record<string, unknown>>({ url: `${simulator.url}${path}` });
    return data;
  }

  it("leads from the organisation over its folders to every project", async () => {
    const found: unknown[] = [];
    const waiting = [estate.organization];
    for (let parent = waiting.pop(); parent; parent = waiting.pop()) {
      for (let token = ""; ; ) {
        const page = await ask(
          `/v3/projects?parent=${parent}&pageSize=1&pageToken=${token}`.replace(/&pageToken=$/, ""),
        );
        found.push(...((page.projects ?? []) as { projectId: string }[]).map(({ projectId }) => projectId));
        token = typeof page.nextPageToken === "string" ? page.nextPageToken : "";
        if (!token) break;
      }
      const { folders = [] } = (await ask(`/v3/folders?parent=${parent}`)) as { folders?: { name: string }[] };
      waiting.push(...folders.map(({ name }) => name));
    }
    expect(found).toHaveLength(estate.projects.length);
    expect(new Set(found)).toEqual(new Set(estate.projects.map(({ projectId }) => projectId)));
  });

  it("searches projects by state, parent and label, and refuses a query it does not understand", async () => {
    const parent = estate.projects[0]?.parent ?? "";
    const ids = async (query: string) => {
      const page = await ask(`/v3/projects:search?query=${encodeURIComponent(query)}`);
      return ((page.projects ?? []) as { projectId: string }[]).map(({ projectId }) => projectId);
    };
    expect(await ids("")).toHaveLength(6);
    expect(await ids(`state:ACTIVE AND parent:${parent}`)).toHaveLength(4);
    expect(await ids("labels.team:team-1")).toEqual([estate.projects[5]?.projectId]);
    await expect(ask("/v3/projects:search?query=name%3E3")).rejects.toMatchObject({ status: 400 });
    await expect(ask("/v3/projects?parent=planets/1")).rejects.toMatchObject({ status: 400 });
    await expect(ask("/v3/folders?parent=folders/1")).rejects.toMatchObject({ status: 403 });
  });
});

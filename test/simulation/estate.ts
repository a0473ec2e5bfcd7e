import type { SessionResult } from "@cadastre/collectors/session/session";
import type { Collector } from "@cadastre/contract/collector";
import type { Hold } from "@cadastre/contract/discovery";
import type { Job } from "@cadastre/contract/job";
import { type Cloud, createCloud } from "./cloud.ts";
import { createHosts, type Hosts } from "./hosts.ts";
import { createNetwork, type Instance, type Network } from "./network.ts";
import { createOperators, type Operators, registrationOf } from "./operators.ts";
import { isUnsaid } from "./oracles/register.ts";
import { type Reader, UnansweredError } from "./reader.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Lie, Story } from "./story.ts";

/** How often a collector runs at the end until what it has is delivered. */
const MOST_FINAL_RUNS = 5;

/** An organization, and where to ask what is in it. */
export interface Home {
  readonly organization: string;
  /** Goes before the names of its processes, keys and requests. */
  readonly realm: string;
  /** A token of who administers it. */
  readonly admin: string;
  readonly reader: Reader;
}

/** What one organization has: its clouds, the machines that look at them, its people, and its way to the API. */
export interface Estate extends Home {
  /** Its own part, as if there were no other. */
  readonly story: Story;
  readonly scheduler: Scheduler;
  readonly cloud: Cloud;
  readonly network: Network;
  readonly hosts: Hosts;
  readonly operators: Operators;
}

export function createEstate(options: {
  scheduler: Scheduler;
  instances: () => readonly Instance[];
  story: Story;
  home: Home;
}): Estate {
  const { scheduler, instances, story, home } = options;
  const { realm, admin } = home;
  const cloud = createCloud(story.scopes, story.shares);
  const network = createNetwork({ scheduler, instances, realm });
  const hosts = createHosts({ scheduler, network, cloud, story, realm });
  const operators = createOperators({ scheduler, network, hosts, story, admin, realm });
  return { ...home, story, scheduler, cloud, network, hosts, operators };
}

async function made(reader: Reader, path: string, body: object): Promise<{ id: string; secret: string }> {
  const answer = await reader.send("POST", `/api/v1/${path}`, body);
  if (answer.status === 201) return answer.body as { id: string; secret: string };
  throw new UnansweredError(`POST ${path} was answered ${answer.status} ${JSON.stringify(answer.body)}`);
}

/** Makes another organization beside the first, with a token that may do in it what the first admin may do in his. */
export async function foundNeighbour(open: (token: string, actIn?: string) => Reader, first: string): Promise<Home> {
  const { id: organization } = await made(open(first), "organizations", { name: "Neighbour", slug: "neighbour" });
  const acting = open(first, organization);
  const { id } = await made(acting, "service-accounts", { name: "admin" });
  const principal = { type: "service-account", id };
  for (const role of ["admin", "vault-user"]) {
    await made(acting, "role-bindings", { principal, role, resource: { type: "organization", id: organization } });
  }
  const scopes = ["admin", "credentials:reveal"];
  const { secret: admin } = await made(acting, "tokens", { name: "admin", scopes, principal });
  return { organization, realm: "neighbour-", admin, reader: open(admin) };
}

async function registerOne(reader: Reader, registration: object): Promise<void> {
  const { id } = await made(reader, "collectors", registration);
  await reader.send("POST", `/api/v1/collectors/${id}/approve`);
}

/** Registers and approves its collectors. */
export async function registerAll({ story, hosts, reader }: Estate): Promise<void> {
  for (const [collector, { name }] of story.collectors.entries()) {
    if (story.collectors.findIndex((other) => other.name === name) < collector) continue;
    await registerOne(reader, registrationOf(story, collector, hosts.keyOf(name).pem));
  }
}

/** A collector whose key was being replaced gets one that works. */
export async function registerAgain({ story, hosts, reader }: Estate): Promise<void> {
  for (const [collector, { name }] of story.collectors.entries()) {
    const all = await reader.list<Collector>("/api/v1/collectors");
    const own = all.filter((one) => one.name === name && (one.state === "pending" || one.state === "approved"));
    const { keyId } = hosts.keyOf(name).signer;
    if (own.some((one) => one.keyFingerprint === keyId && one.state === "approved")) continue;
    for (const { id } of own) await reader.send("POST", `/api/v1/collectors/${id}/revoke`);
    hosts.changeKey(name);
    await registerOne(reader, registrationOf(story, collector, hosts.keyOf(name).pem));
  }
}

/** Runs the collector until its spool is empty and the run itself is delivered; answers the last result. */
async function runToTheEnd({ scheduler, hosts, story }: Estate, collector: number): Promise<SessionResult | undefined> {
  const scopes = story.collectors[collector]?.scopes ?? [];
  const lies = scopes.map((place): Lie => (story.deniedAtEnd.includes(place) ? "denied" : "whole"));
  let last: SessionResult | undefined;
  for (let tries = 0; tries < MOST_FINAL_RUNS; tries++) {
    let isOver = false;
    hosts.start({ collector, scopes, lies }, (result) => {
      last = result;
      isOver = true;
    });
    await scheduler.run(() => isOver);
    if (last?.delivered === true) return last;
  }
  return last;
}

/** Every collector runs, one after the other. With `again` nothing has changed since it did: then nothing is to be sent. Answers what is wrong. */
export async function runAll(estate: Estate, again: boolean): Promise<string[]> {
  const problems: string[] = [];
  for (const [collector, { name }] of estate.story.collectors.entries()) {
    const result = await runToTheEnd(estate, collector);
    if (again && result?.state === "closed") problems.push(`${name} has to send what has not changed`);
    if (result?.delivered === true) continue;
    const why = result?.problem === undefined ? "" : `: ${result.problem.code} ${result.problem.message}`;
    problems.push(`${name} cannot deliver although nothing is in its way${why}`);
  }
  return problems;
}

/** The holds that an operator has to see to: those that wait, and those whose approval somebody cancelled before it was carried out. */
export async function openOf({ reader }: Estate, holds: readonly Hold[]): Promise<Hold[]> {
  const isOpen = holds.some(({ state }) => state === "approved");
  const jobs = isOpen ? await reader.list<Job>("/api/v1/jobs") : [];
  const stopped = new Set(jobs.filter(({ state }) => state === "cancelled").map(({ id }) => id));
  return holds.filter(({ state, job }) => {
    return state === "pending" || (state === "approved" && job !== undefined && stopped.has(job));
  });
}

/** Decides every hold that waits, as an operator who wants the register to be what the cloud is. */
export async function approveAll({ reader, story }: Estate, holds: readonly Hold[]): Promise<void> {
  for (const hold of holds) {
    const { id } = hold;
    const { status, body } = await reader.send("POST", `/api/v1/discovery/holds/${id}/approve`, {});
    // What was seen in part since is not what the hold is about: it waits for the next whole look. Approved, it may be about the past.
    if (status === 409 && (isUnsaid(story, hold) || hold.state === "approved")) continue;
    if (status !== 200) throw new UnansweredError(`approving ${id} was answered ${status} ${JSON.stringify(body)}`);
  }
}

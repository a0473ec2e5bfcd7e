import type { Asked, Ended } from "./facts.ts";
import type { Hosts } from "./hosts.ts";
import type { Network } from "./network.ts";
import { currentProcess, type Scheduler, startProcess } from "./scheduler.ts";
import type { Act, CollectorSpec, Story } from "./story.ts";

const API = "https://cadastre.test";
const PATIENCE_MILLISECONDS = 60_000;
const MOST_TRIES = 4;
const MOST_THOUGHT_MILLISECONDS = 60_000;
const LATER_MILLISECONDS = 7 * 60_000;

type Json = Record<string, unknown>;
interface Item extends Json {
  readonly id: string;
  readonly version: number;
}

export interface Answered {
  readonly status: number;
  readonly etag: string | null;
  readonly body: Json;
}

interface Sent {
  readonly token: string;
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly ifMatch?: string | undefined;
  readonly key?: string;
  readonly asked?: string;
}

export type Operators = ReturnType<typeof createOperators>;

/** People and their scripts: each act is a process of its own that asks the API for something. */
export function createOperators(options: {
  scheduler: Scheduler;
  network: Network;
  hosts: Hosts;
  story: Story;
  admin: string;
  /** Goes before the names of its processes. */
  realm: string;
}) {
  const { scheduler, network, hosts, story, admin, realm } = options;
  const asked: Asked[] = [];
  const ended: Ended[] = [];
  /** Tokens that somebody has, with what they may. */
  const tokens: { readonly id: string; readonly secret: string; readonly scopes: readonly string[] }[] = [];
  let acts = 0;

  async function send({ token, method, path, body, ifMatch, key, asked: name }: Sent): Promise<Answered> {
    const response = await network.fetch(`${API}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(ifMatch === undefined ? {} : { "if-match": ifMatch }),
        ...(key === undefined ? {} : { "idempotency-key": key }),
        ...(name === undefined ? {} : { "x-asked": name }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(PATIENCE_MILLISECONDS),
    });
    const text = await response.text();
    return {
      status: response.status,
      etag: response.headers.get("etag"),
      body: text === "" ? {} : (JSON.parse(text) as Json),
    };
  }

  const get = (path: string) => send({ token: admin, method: "GET", path });
  const itemsOf = ({ body }: Answered) => (body.items ?? []) as Item[];

  /** Asks for a change once, whatever becomes of it. */
  function ask(kind: string, sent: Omit<Sent, "token" | "asked"> & { token?: string }, about: Json): Promise<Answered> {
    const name = `ask-${asked.length}`;
    asked.push({ name, kind, token: sent.token ?? admin, about });
    return send({ token: admin, ...sent, asked: name });
  }

  /** Asks under an Idempotency-Key until there is an answer. */
  async function askUntilAnswered(kind: string, sent: { path: string; body: unknown }, about: Json): Promise<Answered> {
    const key = `key-${asked.length}`;
    for (let tries = 1; ; tries++) {
      try {
        const answer = await ask(kind, { method: "POST", ...sent, key }, { ...about, key });
        if (answer.status < 500 || tries === MOST_TRIES) return answer;
      } catch (error) {
        if (tries === MOST_TRIES) throw error;
      }
    }
  }

  /** Between reading and writing a person takes a while. */
  function think(): Promise<void> {
    const share = currentProcess()?.random.next() ?? 0;
    return scheduler.turn("thinks", { milliseconds: share * share * MOST_THOUGHT_MILLISECONDS, mayDie: "caller-kill" });
  }

  async function annotate({ nth, field }: Extract<Act, { act: "annotate" }>): Promise<void> {
    const items = itemsOf(await get("/api/v1/resources?status=any&limit=20"));
    const one = items[nth % items.length];
    if (one === undefined) return;
    const path = `/api/v1/resources/${encodeURIComponent(one.id)}`;
    const read = await get(path);
    if (read.status !== 200 || read.etag === null) return;
    await think();
    const mark = `|${asked.length}|`;
    const body = { [field]: `${String(read.body[field])}${mark}` };
    await ask("annotate", { method: "PATCH", path, body, ifMatch: read.etag }, { id: one.id, field, mark });
  }

  async function decide({ approve, ifMatch, hasty }: Extract<Act, { act: "decide" }>): Promise<void> {
    const [hold] = itemsOf(await get("/api/v1/discovery/holds?state=pending&limit=200"));
    if (hold === undefined) return;
    if (!hasty) await think();
    const verb = approve ? "approve" : "reject";
    const path = `/api/v1/discovery/holds/${hold.id}/${verb}`;
    const about = { hold: hold.id, sample: (hold.sample as { id: string }[]).map(({ id }) => id), ifMatch };
    await ask(verb, { method: "POST", path, body: {}, ifMatch: ifMatch ? `"${hold.version}"` : undefined }, about);
  }

  async function forget({ collector, isShown, stale }: Extract<Act, { act: "forget" }>): Promise<void> {
    const { name } = story.collectors[collector] as CollectorSpec;
    const path = "/api/v1/discovery/scopes/forget";
    const meant = { source: name, ...(stale ? { stale } : {}) };
    if (!isShown) {
      await ask("forget", { method: "POST", path, body: meant }, { source: name });
      return;
    }
    const shown = await get(`${path}?source=${name}${stale ? "&stale=true" : ""}`);
    if (shown.status !== 200) return;
    await think();
    await ask(
      "forget",
      { method: "POST", path, body: { ...meant, fingerprint: shown.body.fingerprint } },
      { source: name },
    );
  }

  async function account({ how, nth }: Extract<Act, { act: "account" }>): Promise<void> {
    const number = `${nth}`.padStart(12, "3");
    const path = `/api/v1/accounts/aws/${number}`;
    if (how === "create") {
      const body = { provider: "aws", account: number, name: "ours" };
      await askUntilAnswered("account-create", { path: "/api/v1/accounts", body }, { account: number });
      return;
    }
    const read = await get(path);
    if (read.status !== 200 || read.etag === null) return;
    if (how === "delete") {
      await ask("account-delete", { method: "DELETE", path, ifMatch: read.etag }, { account: number });
      return;
    }
    await think();
    const mark = `|${asked.length}|`;
    const body = { notes: `${String(read.body.notes)}${mark}` };
    await ask("account-patch", { method: "PATCH", path, body, ifMatch: read.etag }, { account: number, mark });
  }

  async function token({ how, nth }: Extract<Act, { act: "token" }>): Promise<void> {
    if (how === "create") {
      const name = `token-${asked.length}`;
      const scopes = [["resources:read"], ["accounts:read"], ["resources:read", "discovery:read"]][nth % 3] as string[];
      const made = await askUntilAnswered("token-create", { path: "/api/v1/tokens", body: { name, scopes } }, { name });
      if (made.status === 201) {
        tokens.push({ id: String(made.body.id), secret: String(made.body.secret), scopes });
      }
      return;
    }
    const one = tokens[nth % tokens.length];
    if (one === undefined) return;
    if (how === "revoke") {
      const done = await ask("token-revoke", { method: "DELETE", path: `/api/v1/tokens/${one.id}` }, { id: one.id });
      if (done.status === 200) ended.push({ what: "token", id: one.secret, atStep: scheduler.steps });
      return;
    }
    const about = { scopes: one.scopes, secret: one.secret };
    await ask("use-read", { token: one.secret, method: "GET", path: "/api/v1/resources?limit=2" }, about);
    const body = { provider: "aws", account: "444444444444", name: "not ours" };
    await ask("use-write", { token: one.secret, method: "POST", path: "/api/v1/accounts", body }, about);
  }

  async function credential({ how, nth }: Extract<Act, { act: "credential" }>): Promise<void> {
    if (how === "create") {
      const name = `credential-${asked.length}`;
      const body = { name, secret: { type: "generic", secret: `secret of ${name}` } };
      await askUntilAnswered("credential-create", { path: "/api/v1/credentials", body }, { name });
      return;
    }
    const items = itemsOf(await get("/api/v1/credentials?limit=50"));
    const one = items[nth % items.length];
    if (one === undefined) return;
    const path = `/api/v1/credentials/${one.id}`;
    if (how === "revoke") await ask("credential-revoke", { method: "DELETE", path }, { id: one.id });
    else {
      const about = { id: one.id, name: one.name };
      await ask("credential-reveal", { method: "POST", path: `${path}/reveal`, body: {} }, about);
    }
  }

  /** Somebody wants the first run that is under way to stop. */
  async function cancelJob(): Promise<void> {
    const [job] = itemsOf(await get("/api/v1/jobs?state=running"));
    if (job === undefined) return;
    await ask("job-cancel", { method: "POST", path: `/api/v1/jobs/${job.id}/cancel` }, { id: job.id });
  }

  /** Looks now and then whether something was set aside, and has one of that told again, or gives it up. */
  async function letter({ how, nth }: Extract<Act, { act: "letter" }>): Promise<void> {
    const letters = "/api/v1/consumers/picky/dead-letters";
    for (let tries = 1; ; tries++) {
      const items = itemsOf(await get(`${letters}?limit=50`));
      const one = items[nth % items.length];
      if (one !== undefined) {
        const about = { id: one.id, consumer: "picky" };
        const path = `${letters}/${one.id}`;
        if (how === "drop") await ask("letter-drop", { method: "DELETE", path }, about);
        else await ask("letter-replay", { method: "POST", path: `${path}/replay` }, about);
        return;
      }
      if (tries === MOST_TRIES) return;
      await scheduler.turn("comes back later", { milliseconds: LATER_MILLISECONDS, mayDie: "caller-kill" });
    }
  }

  /** A collector's key is revoked, and a new one registered under its name and approved. */
  async function replaceCollector(collector: number): Promise<void> {
    const { name } = story.collectors[collector] as CollectorSpec;
    const before = itemsOf(await get("/api/v1/collectors?limit=50")).filter(
      (one) => one.name === name && one.state === "approved",
    );
    for (const { id, keyFingerprint } of before) {
      const path = `/api/v1/collectors/${id}/revoke`;
      const done = await ask("collector-revoke", { method: "POST", path }, { id });
      if (done.status !== 200) return;
      ended.push({ what: "collector", id: String(keyFingerprint), atStep: scheduler.steps });
    }
    hosts.changeKey(name);
    await register(collector);
  }

  async function register(collector: number): Promise<void> {
    const { name } = story.collectors[collector] as CollectorSpec;
    const body = registrationOf(story, collector, hosts.keyOf(name).pem);
    const made = await askUntilAnswered("collector-register", { path: "/api/v1/collectors", body }, { name });
    if (made.status !== 201) return;
    const path = `/api/v1/collectors/${String(made.body.id)}/approve`;
    await ask("collector-approve", { method: "POST", path }, { id: made.body.id });
  }

  function work(act: Act): Promise<unknown> {
    switch (act.act) {
      case "annotate":
        return annotate(act);
      case "decide":
        return decide(act);
      case "forget":
        return forget(act);
      case "account":
        return account(act);
      case "token":
        return token(act);
      case "credential":
        return credential(act);
      case "trigger": {
        const { name } = story.collectors[act.collector] as CollectorSpec;
        const path = "/api/v1/discovery/trigger";
        return ask("trigger", { method: "POST", path, body: { collector: name } }, { name });
      }
      case "job":
        return cancelJob();
      case "letter":
        return letter(act);
      case "replace-collector":
        return replaceCollector(act.collector);
      default:
        throw new Error(`${act.act} is no act of operators`);
    }
  }

  return {
    start(act: Act, done: () => void): void {
      startProcess(scheduler, `${realm}operator-${acts++}`, act.act, () => work(act), done);
    },
    asked: asked as readonly Asked[],
    ended: ended as readonly Ended[],
  };
}

/** What a collector is registered with: the accounts of its scopes. */
export function registrationOf(story: Story, collector: number, publicKey: string): Json {
  const { name, scopes } = story.collectors[collector] as CollectorSpec;
  const keys = scopes.map((place) => story.scopes[place]).filter((scope) => scope !== undefined);
  return {
    name,
    providers: [...new Set(keys.map(({ provider }) => provider))],
    accounts: [...new Set(keys.map(({ account }) => account))],
    publicKey,
  };
}

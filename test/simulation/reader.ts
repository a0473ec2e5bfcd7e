import type { ChangeEntry } from "@cadastre/contract/changes";
import type { Coverage } from "@cadastre/contract/coverage";
import type { ConsumerState, DeadLetter } from "@cadastre/contract/feed";
import type { ResourceEvent } from "@cadastre/contract/view";
import type { Register, Shown } from "./facts.ts";
import type { Instance } from "./network.ts";
import type { Process, Scheduler } from "./scheduler.ts";

/** Small enough that most stories have some pages, at the end of which others begin. */
const PAGE_OF_CHANGES = 17;
const API = "https://cadastre.test";

/** The API did not answer a plain question although nothing was in its way. */
export class UnansweredError extends Error {}

export type Reader = ReturnType<typeof createReader>;

/** Asks an instance directly and in calm: nothing takes time, nothing fails, nobody else does anything. */
export function createReader(options: {
  scheduler: Scheduler;
  process: Process;
  instance: () => Instance;
  token: string;
  /** The organization that it acts in, when that is not the token's. */
  actIn?: string | undefined;
}) {
  const { scheduler, process, instance, token, actIn } = options;

  async function send(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
    const request = new Request(`${API}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        "x-request-id": "reader-0000",
        ...(actIn === undefined ? {} : { "cadastre-organization": actIn }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return scheduler.inCalm(process, async () => {
      const response = await instance().handle(request);
      const text = await response.text();
      return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
    });
  }

  async function get<T>(path: string): Promise<T> {
    const { status, body } = await send("GET", path);
    if (status === 200) return body as T;
    throw new UnansweredError(`GET ${path} was answered ${status} ${JSON.stringify(body).slice(0, 300)}`);
  }

  /** Every item of a list, so many in a page. */
  async function list<T>(path: string, limit = 200): Promise<T[]> {
    const items: T[] = [];
    let cursor: string | undefined;
    for (let pages = 0; ; pages++) {
      if (pages > 500) throw new UnansweredError(`GET ${path} has no last page`);
      const more = cursor === undefined ? "" : `&cursor=${encodeURIComponent(cursor)}`;
      const page = await get<{ items: T[]; cursor?: string }>(
        `${path}${path.includes("?") ? "&" : "?"}limit=${limit}${more}`,
      );
      items.push(...page.items);
      cursor = page.cursor;
      if (cursor === undefined) return items;
    }
  }

  /** What there is now. */
  const readRegister = async (): Promise<Register> => ({
    resources: await list("/api/v1/resources?status=any"),
    holds: await list("/api/v1/discovery/holds"),
  });

  /** All that the API shows, also of how it came to be so and who did what. */
  async function readAll(): Promise<Shown> {
    const register = await readRegister();
    const histories = new Map<string, ResourceEvent[]>();
    for (const { id } of register.resources) {
      const events = await list<ResourceEvent>(`/api/v1/resources/${encodeURIComponent(id)}/history`);
      histories.set(id, events.reverse());
    }
    const letters: DeadLetter[] = [];
    const { items: consumers } = await get<{ items: ConsumerState[] }>("/api/v1/consumers");
    for (const { consumer } of consumers) {
      letters.push(...(await list<DeadLetter>(`/api/v1/consumers/${consumer}/dead-letters`)));
    }
    return {
      ...register,
      letters,
      changes: await list<ChangeEntry>("/api/v1/changes?order=oldest"),
      changesNewestFirst: await list<ChangeEntry>("/api/v1/changes", PAGE_OF_CHANGES),
      jobs: await list("/api/v1/jobs"),
      histories,
      audit: await list("/api/v1/audit"),
      states: await list("/api/v1/discovery/status"),
      coverage: (await get<{ coverage: Coverage }>("/api/v1/counts")).coverage,
      tokens: await list("/api/v1/tokens"),
      collectors: await list("/api/v1/collectors"),
      accounts: await list("/api/v1/accounts"),
      credentials: await list("/api/v1/credentials"),
    };
  }

  return { send, list, readRegister, readAll };
}

import type { Observe } from "@cadastre/collectors/observe";
import { createSession, type SessionResult } from "@cadastre/collectors/session/session";
import type { KindName } from "@cadastre/contract/kinds/names";
import type { ResourceInput } from "@cadastre/contract/resource";
import type { ScopeKey, ScopeStatus } from "@cadastre/contract/scope";
import type { Cloud, CloudResource } from "./cloud.ts";
import { cutFine } from "./cuts.ts";
import { attachDisk, createDisk, type Disk } from "./disk.ts";
import type { Look, LookedAt } from "./facts.ts";
import { keyPairOf } from "./keys.ts";
import type { Network } from "./network.ts";
import type { Process, Scheduler } from "./scheduler.ts";
import { type CollectorSpec, FOREIGN_ACCOUNT, type Lie, type Story } from "./story.ts";
import { whenAborted } from "./timeouts.ts";

const API = "https://cadastre.test";
const PAGE = 4;

interface Host {
  readonly disk: Disk;
  readonly processes: Set<Process>;
}

export interface RunOptions {
  readonly collector: number;
  readonly scopes: readonly number[];
  readonly lies: readonly Lie[];
  readonly foreign?: boolean;
}

export type Hosts = ReturnType<typeof createHosts>;

/** The machines that collectors run on: their disks, their clocks, and the processes that come and go on them. */
export function createHosts(options: {
  scheduler: Scheduler;
  network: Network;
  cloud: Cloud;
  story: Story;
  /** Goes before the names of its processes and keys. */
  realm: string;
}) {
  const { scheduler, network, cloud, story, realm } = options;
  const looks = new Map<string, Look>();
  const hosts = new Map<number, Host>();
  const skews = story.collectors.map((collector) => collector.skewMilliseconds);
  const keys = new Map<string, number>();
  let lives = 0;

  const keyOf = (name: string) => keyPairOf(`${realm}${name}/${keys.get(name) ?? 0}`);

  function hostOf(spec: CollectorSpec): Host {
    let host = hosts.get(spec.host);
    if (host === undefined) {
      host = { disk: createDisk(scheduler), processes: new Set() };
      hosts.set(spec.host, host);
    }
    return host;
  }

  /** Shows one scope as the cloud is, or as it seems to be. */
  function showing(place: number, key: ScopeKey, lie: Lie, into: Map<number, LookedAt>): Observe {
    return async ({ recorder }) => {
      const shown = new Map<string, CloudResource>();
      const scope = recorder.start(key);
      const add = (one: CloudResource) => {
        if (!shown.has(one.id)) shown.set(one.id, one);
        scope.add(one as unknown as ResourceInput<KindName>);
      };
      const end = (status: ScopeStatus, code?: string) => {
        const silent = status === "failed" || status === "skipped";
        into.set(place, { status, shown: silent ? new Map() : shown });
        scope.finish(status, code === undefined ? [] : [{ code, message: "as the cloud says" }]);
      };
      into.set(place, { status: "failed", shown: new Map() });
      if (lie === "denied") return end("failed", "denied");
      if (lie === "skipped") return end("skipped", "not_opted_in");
      for (let first = 0; ; first += PAGE) {
        await scheduler.turn("cloud", { mayDie: "caller-kill" });
        const all = cloud.see(place);
        for (const one of all.slice(first, first + PAGE)) add(one);
        if (lie === "partial") return end("partial", "throttled");
        if (lie === "unfinished") throw new Error("the SDK met what it does not know");
        if (first + PAGE >= all.length) break;
      }
      const [again] = shown.values();
      if (lie === "twice" && again !== undefined) scope.add({ ...again, name: "seen twice" } as never);
      end("complete");
    };
  }

  const foreignScope: ScopeKey = { provider: "aws", account: FOREIGN_ACCOUNT, region: "us-east-1", kind: "network" };

  function observers(run: RunOptions, into: Map<number, LookedAt>): Observe[] {
    if (run.foreign) {
      const id = `arn:aws:ec2:us-east-1:${FOREIGN_ACCOUNT}:vpc/vpc-foreign`;
      return [
        async ({ recorder }) => {
          const scope = recorder.start(foreignScope);
          scope.add({ id, attributes: { networkId: "vpc-foreign" } } as never);
          scope.finish("complete");
        },
      ];
    }
    return run.scopes.map((place, at) =>
      showing(place, story.scopes[place] as ScopeKey, run.lies[at] ?? "whole", into),
    );
  }

  /** Starts a process that runs once; `ended` is called when it is over, with its result when it has one. */
  function start(run: RunOptions, ended: (result: SessionResult | undefined) => void): void {
    const spec = story.collectors[run.collector] as CollectorSpec;
    const host = hostOf(spec);
    const process = scheduler.spawn(`${realm}${spec.name}-${lives++}`, skews[run.collector]);
    attachDisk(process, host.disk);
    if (spec.shardResources !== undefined) cutFine(process, spec.shardResources);
    host.processes.add(process);
    let endedAtStep = Number.POSITIVE_INFINITY;
    const end = (result?: SessionResult) => {
      endedAtStep = scheduler.steps;
      host.processes.delete(process);
      process.onKilled = undefined;
      process.alive = false;
      ended(result);
    };
    process.onKilled = () => {
      if (scheduler.as(process, () => scheduler.isFaulty("power-cut"))) {
        host.disk.cutPower((most) => process.random.below(most));
        for (const other of host.processes) if (other !== process) scheduler.kill(other);
      }
      end();
    };
    scheduler.at(process, 0, "starts", () => {
      const scopes = new Map<number, LookedAt>();
      const session = createSession({
        api: API,
        signer: keyOf(spec.name).signer,
        spoolDirectory: `/spool/${spec.name}`,
        now: process.now,
        log: () => undefined,
        collectorVersion: "simulated",
        intervalSeconds: spec.intervalSeconds,
        signal: new AbortController().signal,
        onProgress(event) {
          if (event.type !== "run-started") return;
          const { run: id } = event;
          looks.set(id, {
            run: id,
            source: spec.name,
            startedAtStep: scheduler.steps,
            endedAtStep: () => endedAtStep,
            foreign: run.foreign === true,
            scopes,
          });
        },
        fetch: network.fetch,
        delay: (milliseconds, signal) => waiting(milliseconds, signal),
        random: () => process.random.next(),
      });
      session.run(observers(run, scopes)).then(
        (result) => {
          if (process.alive) end(result);
        },
        () => {
          if (process.alive) end();
        },
      );
    });
  }

  function waiting(milliseconds: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const stop = whenAborted(signal, () => reject(signal.reason));
      void scheduler.turn("waits", { milliseconds, mayDie: "caller-kill", signal }).then(() => {
        stop();
        resolve();
      });
    });
  }

  return {
    start,
    looks: looks as ReadonlyMap<string, Look>,
    keyOf,
    /** From now on the collectors of this name sign with another key. */
    changeKey(name: string): void {
      keys.set(name, (keys.get(name) ?? 0) + 1);
    },
    /** What runs of this collector, on its machine, dies. */
    crash(collector: number): void {
      const spec = story.collectors[collector] as CollectorSpec;
      for (const process of hostOf(spec).processes) {
        if (process.name.startsWith(`${realm}${spec.name}-`)) scheduler.kill(process);
      }
    },
    setClock(nth: number, skewMilliseconds: number): void {
      skews[nth % skews.length] = skewMilliseconds;
    },
    healClocks(): void {
      skews.fill(0);
    },
  };
}

import { commitRecorded } from "@cadastre/core/audit/commit-recorded";
import { aContext, anActorOf } from "@cadastre/core/audit/testing";
import { type Context, DEFAULT_HOLD_POLICY, FIRST_ORGANIZATION } from "@cadastre/core/context";
import { askReplay, askTest } from "@cadastre/core/forwarding/ask";
import { forwardAudit } from "@cadastre/core/forwarding/forward";
import { createForwarder, deleteForwarder, getForwarder } from "@cadastre/core/forwarding/forwarders";
import { type Deliver, DeliveryError } from "@cadastre/core/forwarding/ports";
import { aSealing, seal } from "@cadastre/core/seals/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDynamo } from "../store/open-dynamo.ts";
import { crashAt } from "../support/crashing-table.ts";

const MACHINE = anActorOf("service-account", "sva_1");
const LEASE_SECONDS = 61;

interface Opened {
  readonly context: Context;
  readonly advance: (seconds: number) => void;
}

const DRIVERS: Record<string, () => Promise<Opened>> = {
  SQLite: async () => {
    const context = aContext();
    return { context, advance: context.advance };
  },
  DynamoDB: async () => {
    const { table, clock } = await openDynamo();
    const context = {
      table,
      organization: FIRST_ORGANIZATION,
      now: clock.now,
      holdPolicy: DEFAULT_HOLD_POLICY,
      retentionDays: 400,
    };
    return { context, advance: clock.advance };
  },
};

/** A receiver that refuses what is called so. */
function aReceiver(refused: ReadonlySet<string> = new Set()) {
  const taken: string[] = [];
  const deliver: Deliver = async ({ records }) => {
    const targets = records.map(({ resource }) => resource.id);
    if (targets.some((one) => refused.has(one))) throw new DeliveryError("refused", { status: 400 });
    taken.push(...targets);
  };
  return { taken, deliver };
}

/** Without those that came again. */
const firsts = (taken: readonly string[]) => taken.filter((one, at) => taken.indexOf(one) === at);

describe.each(Object.keys(DRIVERS))("forwarding over %s", (driver) => {
  let context: Context & { readonly sealing: ReturnType<typeof aSealing> };
  let advance: (seconds: number) => void;
  let id: string;

  beforeEach(async () => {
    const opened = await (DRIVERS[driver] as () => Promise<Opened>)();
    context = { ...opened.context, sealing: aSealing() };
    advance = opened.advance;
    await seal(context);
    ({ id } = await createForwarder(context, MACHINE, {
      type: "syslog",
      name: "s",
      host: "siem.example.com",
      port: 6514,
      personal: "ids",
    }));
  });
  afterEach(() => context.table.close());

  async function sealed(targets: readonly string[]): Promise<void> {
    for (const target of targets) await commitRecorded(context, MACHINE, [], { action: "account.create", target });
    advance(60);
    await seal(context);
  }

  const forward = (own: Context, deliver: Deliver) =>
    forwardAudit(own, { deliver, isOver: () => false, report: ({ error }) => Promise.reject(error) });

  it("sends everything, in its order, whatever write it dies at", async () => {
    const { taken, deliver } = aReceiver(new Set(["refused"]));
    const wanted: string[] = [id];
    for (let at = 1, dies = true; dies; at++) {
      const targets = [`a${at}`, `b${at}`];
      wanted.push(...targets);
      await sealed(targets);
      const table = crashAt(context.table, at);
      await forwardAudit({ ...context, table }, { deliver, isOver: () => false, report: () => undefined }).catch(
        () => undefined,
      );
      dies = table.writes() >= at;
      advance(LEASE_SECONDS);
      await forward(context, deliver);
    }
    expect(firsts(taken)).toEqual(wanted);
    expect((await getForwarder(context, id)).state).toMatchObject({ waiting: 0, failures: 0, deadLetters: 0 });
  });

  it("sets a refused record aside once, and sends it when it is asked for, whatever write it dies at", async () => {
    const refused = new Set<string>();
    const { taken, deliver } = aReceiver(refused);
    for (let at = 1, dies = true; dies; at += driver === "SQLite" ? 1 : 4) {
      refused.add(`refused${at}`);
      await sealed([`a${at}`, `refused${at}`, `b${at}`]);
      dies = false;
      for (let attempt = 0; attempt < 10; attempt++) {
        const table = crashAt(context.table, attempt === 5 ? at : Number.POSITIVE_INFINITY);
        await forwardAudit({ ...context, table }, { deliver, isOver: () => false, report: () => undefined }).catch(
          () => undefined,
        );
        if (attempt === 5) dies = table.writes() >= at;
        advance(900);
      }
      expect((await getForwarder(context, id)).state).toMatchObject({ deadLetters: 1, waiting: 0 });
      refused.clear();
      await askReplay(context, MACHINE, id);
      await forward(context, deliver);
      expect((await getForwarder(context, id)).state).toMatchObject({ deadLetters: 0 });
      expect(taken.filter((one) => one === `refused${at}`)).toHaveLength(1);
      expect(taken.indexOf(`b${at}`)).toBeLessThan(taken.indexOf(`refused${at}`));
    }
  });

  it("overwrites nothing that is asked for while it sends, and ends when its forwarder is deleted", async () => {
    await sealed(["a"]);
    const { taken, deliver } = aReceiver();
    let asked = false;
    const meanwhile: Deliver = async (delivery) => {
      await deliver(delivery);
      if (asked) return;
      asked = true;
      await askTest(context, MACHINE, id);
    };
    await forward(context, meanwhile);
    advance(LEASE_SECONDS);
    await forward(context, deliver);
    expect((await getForwarder(context, id)).state).toMatchObject({ waiting: 0, test: { doneAt: expect.any(String) } });
    expect(firsts(taken)).toEqual([id, "a"]);
    await sealed(["b"]);
    await forward(context, async (delivery) => {
      await deliver(delivery);
      await deleteForwarder(context, MACHINE, id).catch(() => undefined);
    });
    await expect(getForwarder(context, id)).rejects.toMatchObject({ code: "forwarder.not_found" });
    await sealed(["c"]);
    await forward(context, deliver);
    expect(taken).not.toContain("c");
  });

  it("passes over what is sent by another process, and takes over from one that died", async () => {
    await sealed(["a"]);
    const { taken, deliver } = aReceiver();
    const hanging = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const first = forward(context, async () => {
      begun.resolve();
      await hanging.promise;
    });
    await begun.promise;
    await forward(context, deliver);
    expect(taken).toEqual([]);
    advance(LEASE_SECONDS);
    await forward(context, deliver);
    expect(taken).toEqual([id, "a"]);
    hanging.resolve();
    await first;
    expect((await getForwarder(context, id)).state).toMatchObject({ delivered: 2, waiting: 0 });
  });
});

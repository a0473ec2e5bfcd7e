import { commitRecorded } from "@cadastre/core/audit/commit-recorded";
import { erasePerson } from "@cadastre/core/audit/erase-person";
import { listAudit } from "@cadastre/core/audit/list";
import { aContext, anActorOf, type TestContext } from "@cadastre/core/audit/testing";
import { type Actor, type Context, inOrganization, principalOf } from "@cadastre/core/context";
import { createOrganization } from "@cadastre/core/directory/organizations";
import { askReplay, askTest, listLetters } from "@cadastre/core/forwarding/ask";
import { forwardAudit } from "@cadastre/core/forwarding/forward";
import {
  createForwarder,
  deleteForwarder,
  getForwarder,
  patchForwarder,
  rotateForwarder,
} from "@cadastre/core/forwarding/forwarders";
import { aSealing, seal } from "@cadastre/core/seals/testing";
import { parsePrefix } from "@cadastre/net/prefix";
import { Webhook } from "standardwebhooks";
import { afterEach, describe, expect, test } from "vitest";
import { createDeliver, type DeliverOptions } from "./deliver.ts";
import { aSyslogReceiver, aWebhookReceiver, RECEIVER, type Receiver } from "./testing/receivers.ts";

const MACHINE = anActorOf("service-account", "sva_1");
const ANN = "usr_01JD0000000000000000000001";
const ann: Actor = {
  principal: principalOf({ type: "user", id: ANN, name: "Ann Canary" }),
  requestId: "req_1",
  address: "203.0.113.77",
};
const LOOPBACK = [parsePrefix("127.0.0.0/8")];
const toLoopback = async () => [{ address: "127.0.0.1", family: 4 }];

type Log = TestContext & { readonly sealing: ReturnType<typeof aSealing> };

const open: Receiver[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.stop()));
});

async function kept(starting: Promise<Receiver>): Promise<Receiver> {
  const receiver = await starting;
  open.push(receiver);
  return receiver;
}

async function aLog(): Promise<Log> {
  const context = { ...aContext({ start: new Date().toISOString() }), sealing: aSealing() };
  await seal(context);
  return context;
}

async function write(context: Context, targets: readonly string[], actor = MACHINE): Promise<void> {
  for (const target of targets) await commitRecorded(context, actor, [], { action: "account.create", target });
}

async function sealed(context: Log, targets: readonly string[], actor?: Actor): Promise<void> {
  await write(context, targets, actor);
  context.advance(60);
  await seal(context);
}

async function forward(context: Context, options: Partial<DeliverOptions> = {}): Promise<unknown[]> {
  const errors: unknown[] = [];
  const deliver = createDeliver({ allowed: LOOPBACK, resolve: toLoopback, timeoutMilliseconds: 250, ...options });
  await forwardAudit(context, { deliver, isOver: () => false, report: ({ error }) => errors.push(error) });
  return errors;
}

type Personal = "ids" | "shown";

const KINDS = {
  webhook: {
    receiver: aWebhookReceiver,
    make: (context: Context, { port, ca }: Receiver, personal: Personal = "ids") =>
      createForwarder(context, MACHINE, {
        type: "webhook",
        name: "siem",
        url: `https://${RECEIVER}:${port}/in`,
        ca,
        personal,
      }),
    records: ({ taken }: Receiver) =>
      taken.flatMap(({ text }) => (JSON.parse(text) as { data: { resource: { id: string } }[] }).data),
  },
  syslog: {
    receiver: aSyslogReceiver,
    make: (context: Context, { port, ca }: Receiver, personal: Personal = "ids") =>
      createForwarder(context, MACHINE, { type: "syslog", name: "siem", host: RECEIVER, port, ca, personal }),
    records: ({ taken }: Receiver) =>
      taken
        .filter(({ text }) => text.includes("{"))
        .map(({ text }) => JSON.parse(text.slice(text.indexOf("{"))) as { resource: { id: string } }),
  },
} as const;

describe.each(Object.keys(KINDS) as (keyof typeof KINDS)[])("by %s", (kind) => {
  const { receiver: start, make, records } = KINDS[kind];
  /** Of accounts: making a forwarder leaves a record, too. */
  const targets = (receiver: Receiver) =>
    records(receiver)
      .filter((record) => (record as { action?: string }).action === "account.create")
      .map(({ resource }) => resource.id);

  test("the log arrives in the order in which it was sealed, whatever the receiver did before", async () => {
    const context = await aLog();
    const receiver = await kept(start());
    const { id } = await make(context, receiver);
    await sealed(context, ["a1", "a2"]);
    expect(await forward(context)).toEqual([]);
    expect(targets(receiver)).toEqual(["a1", "a2"]);
    const moods = [
      ["hangs", "timeout"],
      ["cuts", "broken_off"],
      ...(kind === "webhook"
        ? ([
            ["breaks", "failed"],
            ["redirects", "redirected"],
          ] as const)
        : []),
    ] as const;
    await sealed(context, ["b1"]);
    let failures = 0;
    for (const [mood, fault] of moods) {
      receiver.mood = mood;
      await forward(context);
      // Before its pause is over nothing is tried.
      const attempts = receiver.attempts();
      await forward(context);
      expect(receiver.attempts()).toBe(attempts);
      failures += 1;
      const { state } = await getForwarder(context, id);
      expect(state).toMatchObject({ fault, failures });
      expect(state.waiting).toBeGreaterThan(0);
      expect(state.lagSeconds).toBeGreaterThan(0);
      context.advance(600);
    }
    await receiver.stop();
    await forward(context);
    expect((await getForwarder(context, id)).state).toMatchObject({ fault: "unreachable", failures: failures + 1 });
    await sealed(context, ["c1", "c2"]);
    context.advance(900);
    const again = await kept(start(receiver.port));
    await patchForwarder(context, MACHINE, id, { ca: again.ca }, {});
    await forward(context);
    expect(targets(again)).toEqual(["b1", "c1", "c2"]);
    const { state } = await getForwarder(context, id);
    expect(state).toMatchObject({ failures: 0, waiting: 0, lagSeconds: 0 });
    expect(state.fault).toBeUndefined();
  });

  test("a dead receiver keeps nobody waiting, and each organization sees its own alone", async () => {
    const context = await aLog();
    const { id: other } = await createOrganization(context, MACHINE, { name: "O", slug: "o", owner: "" });
    const theirs: Log = inOrganization(context, other);
    const [dead, well] = [await kept(start()), await kept(start())];
    dead.mood = "hangs";
    const { id } = await make(context, dead);
    const beside = await make(context, well);
    const foreign = await kept(start());
    await make(theirs, foreign);
    await expect(getForwarder(theirs, id)).rejects.toMatchObject({ code: "forwarder.not_found" });
    await seal(theirs);
    await write(theirs, ["theirs"]);
    await sealed(context, ["ours"]);
    await seal(theirs);
    await forward(context);
    expect(targets(well)).toEqual(["ours"]);
    expect(targets(foreign)).toEqual(["theirs"]);
    expect((await getForwarder(context, beside.id)).state.waiting).toBe(0);
    expect((await getForwarder(context, id)).state).toMatchObject({ fault: "timeout" });
  });

  test("persons are in it by their ids alone unless it is to show them, and not what was erased", async () => {
    const context = await aLog();
    const [ids, shown] = [await kept(start()), await kept(start())];
    await make(context, ids, "ids");
    const { id } = await make(context, shown, "shown");
    await sealed(context, ["a"], ann);
    await forward(context);
    const texts = (receiver: Receiver) => JSON.stringify(receiver.taken);
    for (const canary of ["Ann Canary", "203.0.113.77"]) {
      expect(texts(ids)).not.toContain(canary);
      expect(texts(shown)).toContain(canary);
    }
    expect(texts(ids)).not.toContain("sealed");
    expect(texts(ids)).toContain(ANN);
    shown.taken.length = 0;
    await sealed(context, ["b"], ann);
    await erasePerson(context, MACHINE, ANN);
    await forward(context);
    expect(texts(shown)).not.toContain("Ann Canary");
    await deleteForwarder(context, MACHINE, id);
    shown.taken.length = 0;
    await sealed(context, ["c"]);
    await forward(context);
    expect(shown.taken).toEqual([]);
  });

  test("a test is sent at once, without records, and says what became of it", async () => {
    const context = await aLog();
    const receiver = await kept(start());
    const { id } = await make(context, receiver);
    await askTest(context, MACHINE, id);
    await forward(context);
    expect(receiver.taken.map(({ text }) => text.includes("audit.test"))).toEqual([true]);
    expect((await getForwarder(context, id)).state.test).toMatchObject({ doneAt: expect.any(String) });
    receiver.mood = "cuts";
    await askTest(context, MACHINE, id);
    await forward(context);
    const { state } = await getForwarder(context, id);
    expect(state.test).toMatchObject({ doneAt: expect.any(String), fault: "broken_off" });
    expect(state.failures).toBe(0);
  });

  test("an internal address is never connected to unless it is allowed, whatever a name leads to", async () => {
    const context = await aLog();
    const receiver = await kept(start());
    const { id } = await make(context, receiver);
    await sealed(context, ["a"]);
    const internal = [
      "127.0.0.1",
      "169.254.169.254",
      "10.1.2.3",
      "::1",
      "::ffff:127.0.0.1",
      "fe80::1",
      "0.0.0.0",
      "100.64.0.1",
    ];
    for (const address of internal) {
      const family = address.includes(":") ? 6 : 4;
      for (const others of [[], [{ address: "192.0.2.1", family: 4 }]]) {
        await forward(context, { allowed: [], resolve: async () => [...others, { address, family }] });
        expect((await getForwarder(context, id)).state.fault, address).toBe("forbidden_address");
        context.advance(1000);
      }
    }
    // An address in place of a name is looked at, too.
    const literal = kind === "webhook" ? { url: `https://127.0.0.1:${receiver.port}/` } : { host: "127.0.0.1" };
    await patchForwarder(context, MACHINE, id, literal, {});
    await forward(context, { allowed: [] });
    expect((await getForwarder(context, id)).state.fault).toBe("forbidden_address");
    expect(receiver.attempts()).toBe(0);
  });

  test("what a name leads to is asked once: another answer in between changes nothing", async () => {
    const context = await aLog();
    const receiver = await kept(start());
    await make(context, receiver);
    await sealed(context, ["a"]);
    let asked = 0;
    const rebinding = async () => [{ address: asked++ === 0 ? "127.0.0.1" : "169.254.169.254", family: 4 }];
    await forward(context, { resolve: rebinding });
    expect(asked).toBe(1);
    expect(targets(receiver)).toEqual(["a"]);
  });

  test("a resolver that does not answer keeps nobody for longer than a receiver that does not", async () => {
    const context = await aLog();
    const { id } = await make(context, await kept(start()));
    await sealed(context, ["a"]);
    await forward(context, { resolve: () => new Promise(() => undefined) });
    expect((await getForwarder(context, id)).state).toMatchObject({ fault: "timeout", failures: 1 });
  });

  test("a receiver without a certificate that holds gets nothing", async () => {
    const context = await aLog();
    const [receiver, stranger] = [await kept(start()), await kept(start())];
    const { id } = await make(context, { ...receiver, ca: stranger.ca } as Receiver);
    await sealed(context, ["a"]);
    await forward(context);
    expect((await getForwarder(context, id)).state.fault).toBe("untrusted");
    expect(receiver.taken).toEqual([]);
  });

  test("two processes at once send everything, and paused nothing is sent", async () => {
    const context = await aLog();
    const receiver = await kept(start());
    const { id, version } = await make(context, receiver);
    await patchForwarder(context, MACHINE, id, { paused: true }, { version });
    await sealed(context, ["a", "b"]);
    await forward(context);
    expect(receiver.attempts()).toBe(0);
    await patchForwarder(context, MACHINE, id, { paused: false }, {});
    await Promise.all([forward(context), forward(context)]);
    await forward(context);
    expect(targets(receiver)).toEqual(["a", "b"]);
  });
});

describe("a webhook", () => {
  const { make, records, receiver: start } = KINDS.webhook;

  test("is signed as Standard Webhooks has it, after a change of secrets by both for a while", async () => {
    const context = await aLog();
    const receiver = await kept(start());
    const { id, secret = "" } = await make(context, receiver);
    await sealed(context, ["a"]);
    await forward(context);
    const verify = (by: string) => {
      const { text, headers } = receiver.taken.at(-1) as (typeof receiver.taken)[number];
      return new Webhook(by).verify(text, headers);
    };
    const clock = Date.now();
    expect(Math.abs(context.now().getTime() - clock)).toBeLessThan(290_000);
    expect(verify(secret)).toMatchObject({ type: "audit.records" });
    const rotated = await rotateForwarder(context, MACHINE, id, { overlapSeconds: 65 });
    await sealed(context, ["b"]);
    await forward(context);
    for (const one of [secret, rotated.secret]) expect(verify(one)).toMatchObject({ type: "audit.records" });
    await sealed(context, ["c"]);
    await forward(context);
    expect(() => verify(secret)).toThrow();
    expect(verify(rotated.secret)).toMatchObject({ type: "audit.records" });
    // Neither is anywhere in what is listed, recorded or sent.
    const said = JSON.stringify([
      await getForwarder(context, id),
      await listAudit(context, { limit: 100 }),
      receiver.taken,
    ]);
    for (const one of [secret, rotated.secret]) expect(said).not.toContain(one);
  });

  test("of which one record is refused is sent one by one: that one is set aside, those after it arrive, and a replay sends it again", async () => {
    const context = await aLog();
    const receiver = await kept(start());
    const { id } = await make(context, receiver);
    await sealed(context, ["a", "poison", "z"]);
    receiver.mood = "picky";
    for (let attempt = 0; attempt < 12; attempt++) {
      await forward(context);
      context.advance(900);
    }
    const all = () =>
      records(receiver)
        .map(({ resource }) => resource.id)
        .filter((one) => one.length < 9);
    expect(all()).toEqual(["a", "z"]);
    expect((await getForwarder(context, id)).state).toMatchObject({ deadLetters: 1, waiting: 0, failures: 0 });
    expect((await listLetters(context, id, { limit: 5 })).items).toMatchObject([
      { fault: "refused", status: 400, attempts: 6 },
    ]);
    await askReplay(context, MACHINE, id);
    await forward(context);
    expect((await getForwarder(context, id)).state.deadLetters).toBe(1);
    receiver.mood = "takes";
    await askReplay(context, MACHINE, id);
    await forward(context);
    expect(all()).toEqual(["a", "z", "poison"]);
    expect((await getForwarder(context, id)).state.deadLetters).toBe(0);
    expect((await listLetters(context, id, { limit: 5 })).items).toEqual([]);
  });
});

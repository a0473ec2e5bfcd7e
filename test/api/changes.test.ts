import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { anInstance, instanceScope } from "../support/estate.ts";
import { ACCOUNT, anApi, jsonOf, outcomeOf, type TestApi } from "./an-api.ts";

interface Listed {
  items: { id: string; type: string; subject: { id: string }; changes: unknown[] }[];
  cursor?: string;
}

let api: TestApi;
let source: string;
/** Undefined stands for a look that failed. */
let deliver: (states: readonly string[] | undefined) => Promise<void>;
beforeEach(async () => {
  api = await anApi();
  const { key, collector } = await api.aReporter();
  source = collector.name;
  deliver = async (states) => {
    const said = states ? { status: "complete" } : { status: "failed", errors: [{ code: "denied", message: "no" }] };
    const resources = (states ?? []).map((state, n) => anInstance(n, { state, account: ACCOUNT }));
    const network = {
      id: `arn:aws:ec2:us-east-1:${ACCOUNT}:vpc/vpc-1`,
      attributes: { networkId: "vpc-1", isDefault: false, blocks: [] },
    };
    const scopes = [
      { ...instanceScope({ account: ACCOUNT }), ...said, resources },
      { ...instanceScope({ account: ACCOUNT, kind: "network" }), status: "complete", resources: [network] },
    ];
    const body = { contract: "cadastre.discovery/v1", scopes };
    expect((await api.sign(key, { method: "POST", path: "/api/v1/discovery", body })).status).toBe(200);
  };
});
afterEach(() => api.close());

const list = (query = "") => api.send({ method: "GET", path: `/api/v1/changes${query}` });

describe("changes over HTTP", () => {
  it("are listed since a moment as people say it, with before and after", async () => {
    await deliver(["running", "running"]);
    api.pass(86_400);
    await deliver(["running", "stopped"]);
    const { items } = (await jsonOf(await list("?since=12h&network=vpc-1"))) as unknown as Listed;
    expect(items).toMatchObject([
      {
        type: "updated",
        subject: { type: "resource", id: anInstance(1, { account: ACCOUNT }).id },
        changes: [{ path: "attributes.state", before: "running", after: "stopped" }],
      },
    ]);
    const all = (await jsonOf(await list("?order=oldest"))) as unknown as Listed;
    expect(all.items.map((one) => one.type)).toEqual(["created", "created", "created", "updated"]);
    const subject = encodeURIComponent(anInstance(1, { account: ACCOUNT }).id);
    const one = (await jsonOf(await list(`?subject=${subject}`))) as unknown as Listed;
    expect(one.items.map((change) => change.type)).toEqual(["updated", "created"]);
  });

  it("of scopes and holds are told, too, each with the type and key of its subject", async () => {
    await deliver(["running", "running"]);
    await deliver([]);
    expect((await jsonOf(await list("?type=opened"))).items).toMatchObject([
      { subject: { type: "hold", key: expect.stringMatching(/^hld_/) }, kind: "instance", account: ACCOUNT },
    ]);
    await deliver(undefined);
    const name = `${source}/aws/${ACCOUNT}/us-east-1/instance`;
    expect((await jsonOf(await list("?type=failed"))).items).toMatchObject([
      {
        subject: { type: "scope", id: name, key: name },
        changes: [{ path: "status", before: "complete", after: "failed" }, { path: "errors" }],
      },
    ]);
  });

  it.each([
    ["?since=soon", "422 request.invalid"],
    ["?order=sideways", "422 request.invalid"],
    ["?kind=fridge", "422 request.invalid"],
    ["?cursor=abc", "422 cursor.invalid"],
    ["?subject=res_00000000000000000000000000000000", "404 resource.not_found"],
    ["?network=", "422 request.invalid"],
    ["?network=vpc-unknown", "404 resource.not_found"],
  ])("%s is refused", async (query, outcome) => {
    expect(await outcomeOf(await list(query))).toBe(outcome);
  });

  it("of other accounts than a token is limited to are not there", async () => {
    await deliver(["running"]);
    const make = async (accounts: string[]) => {
      const body = { name: "limited", scopes: ["resources:read"], accounts };
      return ((await jsonOf(await api.send({ method: "POST", path: "/api/v1/tokens", body }))) as { secret: string })
        .secret;
    };
    const items = async (token: string) =>
      ((await jsonOf(await api.send({ method: "GET", path: "/api/v1/changes", token }))) as unknown as Listed).items;
    expect(await items(await make([`aws/${ACCOUNT}`]))).toHaveLength(2);
    expect(await items(await make(["aws/999999999999"]))).toHaveLength(0);
  });
});

/** The events of a stream, one at a time, as text between empty lines. */
async function* eventsOf(response: Response): AsyncGenerator<{ id: string; data: { type: string } }> {
  let text = "";
  for await (const chunk of (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream())) {
    text += chunk;
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const [, id, data] = /^id: (\S+)\ndata: (.+)$/.exec(text.slice(0, end)) ?? [];
      text = text.slice(end + 2);
      if (id !== undefined && data !== undefined) yield { id, data: JSON.parse(data) };
    }
  }
}

describe("the stream of changes", () => {
  const follow = (more: { token?: string; headers?: Record<string, string> } = {}) =>
    api.send({ method: "GET", path: "/api/v1/changes/stream", ...more });

  it("tells of what happens from then on, and goes on after the event that the reader saw last", async () => {
    await deliver(["before"]);
    api.pass(300);
    const response = await follow();
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    const events = eventsOf(response);
    const first = events.next();
    await deliver(["during"]);
    await api.look();
    expect((await first).value).toMatchObject({ data: { type: "updated" } });
    const { id } = (await first).value as { id: string };
    await events.return(undefined);
    api.pass(600);
    await deliver(["missed"]);
    const again = eventsOf(await follow({ headers: { "last-event-id": id } }));
    const told: string[] = [];
    for await (const event of again) {
      told.push(event.id);
      if (event.id > id) break;
    }
    expect(told.at(-1)).not.toBe(id);
  });

  it("ends when the token is revoked, before another change is told", async () => {
    const made = await api.aToken(["resources:read"]);
    const events = eventsOf(await follow({ token: made.secret }));
    const next = events.next();
    await api.send({ method: "DELETE", path: `/api/v1/tokens/${made.id}` });
    await deliver(["secret"]);
    await api.look();
    expect(await next).toEqual({ done: true, value: undefined });
  });

  it("tells nothing of other accounts than its token is limited to", async () => {
    const body = { name: "limited", scopes: ["resources:read"], accounts: ["aws/999999999999"] };
    const made = (await jsonOf(await api.send({ method: "POST", path: "/api/v1/tokens", body }))) as {
      id: string;
      secret: string;
    };
    const limited = eventsOf(await follow({ token: made.secret })).next();
    const unlimited = eventsOf(await follow()).next();
    await deliver(["running"]);
    await api.look();
    expect((await unlimited).value).toMatchObject({ data: { type: "created" } });
    await api.send({ method: "DELETE", path: `/api/v1/tokens/${made.id}` });
    await api.look();
    expect(await limited).toEqual({ done: true, value: undefined });
  });

  it("is not there where the runtime cannot hold a connection", async () => {
    const other = await anApi({ canFollow: false });
    expect(await outcomeOf(await other.send({ method: "GET", path: "/api/v1/changes/stream" }))).toBe(
      "404 request.not_found",
    );
    await other.close();
  });

  it("is for 100 readers at a time, and for others again once they go", async () => {
    const streams = [];
    for (let reader = 0; reader < 100; reader++) {
      const body = (await follow()).body?.getReader();
      await body?.read();
      streams.push(body);
    }
    expect(await outcomeOf(await follow())).toBe("503 service.unavailable");
    for (const body of streams) void body?.cancel();
    await api.look();
    await vi.waitFor(async () => expect((await follow()).status).toBe(200));
  });

  it("refuses to go on after what is not the id of a change", async () => {
    for (const id of ["7", "abc", Buffer.from("2026-11-20").toString("base64url")]) {
      expect(await outcomeOf(await follow({ headers: { "last-event-id": id } }))).toBe("422 cursor.invalid");
    }
  });

  it("refuses who may not read", async () => {
    const { secret } = await api.aToken(["audit:read"]);
    expect(await outcomeOf(await follow({ token: secret }))).toBe("403 auth.forbidden");
    expect(await outcomeOf(await follow({ token: "" }))).toBe("401 auth.missing");
  });
});

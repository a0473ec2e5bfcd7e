import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { anApi, type Sent, type TestApi } from "./an-api.ts";
import { ACCOUNT_BODY, PAYLOAD } from "./scenarios.ts";

let api: TestApi;
beforeEach(async () => {
  api = await anApi();
});
afterEach(() => api.close());

const LIST = { method: "GET", path: "/api/v1/accounts" };
const ACCOUNT = { method: "GET", path: `/api/v1/accounts/aws/${ACCOUNT_BODY.account}` };
const create = (account: string): Sent => ({
  method: "POST",
  path: "/api/v1/accounts",
  body: { ...ACCOUNT_BODY, account },
});

/** What an answer says that its request read and wrote. */
function costOf({ headers }: Response): string {
  const [, reads, writes] =
    /^app;dur=\d+(?:\.\d+)?, reads;desc="([\d.]+)", writes;desc="([\d.]+)"$/.exec(headers.get("server-timing") ?? "") ??
    [];
  return `${reads} reads, ${writes} writes`;
}

describe("what a request cost", () => {
  it("is in every answer to an operator: what was read and written for it, the token's own read too", async () => {
    // The first record of a person makes the key that its data is sealed with.
    await api.send(create("999988887777"));
    const made = await api.send(create(ACCOUNT_BODY.account));
    // The token, its principal, the organization and the account; the account, whose it is and its audit record, which is open, and in the
    // lists of what it is about, by whom it is and of its action, in one transaction.
    expect([made.status, costOf(made)]).toEqual([201, "4 reads, 18 writes"]);
    expect(costOf(await api.send(LIST))).toBe("4 reads, 0 writes");
    const refused = await api.send({ ...LIST, path: `${LIST.path}?limit=0` });
    expect([refused.status, costOf(refused)]).toEqual([422, "3 reads, 0 writes"]);
    const { secret } = await api.aToken(["audit:read"]);
    const forbidden = await api.send({ ...LIST, token: secret });
    expect([forbidden.status, costOf(forbidden)]).toEqual([403, "3 reads, 0 writes"]);
  });

  it("is each request's own, also when others run beside it", async () => {
    await api.send(create("999988887777"));
    await api.send(create(ACCOUNT_BODY.account));
    const alone = [costOf(await api.send(LIST)), costOf(await api.send(ACCOUNT)), costOf(await api.send(create("1")))];
    const sent = [LIST, ACCOUNT, create("2"), LIST, create("3"), ACCOUNT, LIST, create("4")];
    const together = (await Promise.all(sent.map((one) => api.send(one)))).map(costOf);
    const kinds = sent.map((one) => (one === LIST ? 0 : one === ACCOUNT ? 1 : 2));
    expect(together).toEqual(kinds.map((kind) => alone[kind]));
  });

  it("is in the log for every request, and told to nobody who is not known as an operator", async () => {
    const { key } = await api.aReporter();
    api.lines.length = 0;
    const answers = [
      await api.send({ ...LIST, token: "" }),
      await api.send({ ...LIST, token: "cad_wrong" }),
      await api.send({ method: "GET", path: "/healthz", token: "" }),
      await api.sign(key, { method: "POST", path: "/api/v1/discovery", body: PAYLOAD }),
    ];
    for (const { headers } of answers) expect(headers.get("server-timing")).toMatch(/^app;dur=[\d.]+$/);
    expect(api.lines.slice(0, 3).map(({ reads, writes }) => [reads, writes])).toEqual([
      // What a stranger may cost: a number of refusals, written at the first, and when it has doubled.
      [0, 6],
      [0, 6],
      [0, 0],
    ]);
    expect(api.lines.at(-1)).toMatchObject({ reads: expect.any(Number), writes: expect.any(Number) });
    expect(api.lines.at(-1)?.writes).toBeGreaterThan(5);
  });
});

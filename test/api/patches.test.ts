import { ENDPOINTS } from "@cadastre/contract/endpoints/all";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { anInstance, aRun, instanceScope } from "../support/estate.ts";
import { ACCOUNT, anApi, jsonOf, type TestApi } from "./an-api.ts";

let api: TestApi;
beforeEach(async () => {
  api = await anApi({ onFile: true });
});
afterEach(() => api.close());

/** What each PATCH can change, where it is, and what it is at first: one body that changes it, and one that is as it is then. */
const PATCHED: Readonly<Record<string, () => Promise<{ path: string; change: object }>>> = {
  "resources.annotate": async () => {
    const { collector } = await api.aReporter();
    const instance = anInstance(1, { account: ACCOUNT });
    const scope = { key: instanceScope({ account: ACCOUNT }), resources: [instance] };
    await aRun([scope], { reporter: collector }).deliver(api.context);
    return { path: `/api/v1/resources/${encodeURIComponent(instance.id)}`, change: { owner: "payments" } };
  },
  "accounts.patch": async () => {
    const body = { provider: "aws", account: ACCOUNT, name: "shop" };
    await api.send({ method: "POST", path: "/api/v1/accounts", body });
    return {
      path: `/api/v1/accounts/aws/${ACCOUNT}`,
      change: { owner: "payments", regions: ["us-east-1", "eu-west-1"] },
    };
  },
  "collectors.patch": async () => {
    const { collector } = await api.aReporter();
    return { path: `/api/v1/collectors/${collector.id}`, change: { accounts: [ACCOUNT, "222233334444"] } };
  },
  "users.patch": () => made("users", { userName: "ann" }, { displayName: "Ann", userName: "ann@example.com" }),
  "serviceAccounts.patch": () => made("service-accounts", { name: "deploy" }, { name: "release" }),
  "groups.patch": () => made("groups", { name: "engineers" }, { name: "operators" }),
  "identityProviders.patch": () =>
    made(
      "identity-providers",
      { name: "Okta", issuer: "https://example.okta.com", clientId: "0oa1", clientSecret: "a secret" },
      { name: "Okta here", scopes: ["email", "groups"], groupsClaim: "groups", createsUsers: true },
    ),
  "forwarders.patch": () =>
    made(
      "audit/forwarders",
      { type: "webhook", name: "siem", url: "https://siem.example.com/in" },
      { name: "archive", paused: true },
    ),
  "organizations.patch": () => made("organizations", { name: "Payments", slug: "payments" }, { owner: "Ann" }),
};

/** What is made by a body, and what is then changed of it. */
async function made(path: string, body: object, change: object): Promise<{ path: string; change: object }> {
  const { id } = await jsonOf(await api.send({ method: "POST", path: `/api/v1/${path}`, body }));
  return { path: `/api/v1/${path}/${String(id)}`, change };
}

const patch = (path: string, body: object, ifMatch = "*") =>
  api.send({ method: "PATCH", path, body, headers: { "if-match": ifMatch } });

it("is told of every endpoint that patches, but for those of SCIM, whose patches are lists of operations", () => {
  const all = ENDPOINTS.filter(({ access, method }) => method === "PATCH" && access.kind !== "provisioning").map(
    ({ name }) => name,
  );
  expect(Object.keys(PATCHED).sort()).toEqual(all.sort());
});

describe.each(Object.keys(PATCHED))("%s", (name) => {
  it("that changes nothing writes nothing, and answers what is there", async () => {
    const { path, change } = await (PATCHED[name] as (typeof PATCHED)[string])();
    const changed = await patch(path, change);
    expect(changed.status, await changed.clone().text()).toBe(200);
    const before = api.dump();
    api.pass(60);
    const again = await patch(path, change);
    expect(again.status).toBe(200);
    expect(again.headers.get("etag")).toBe(changed.headers.get("etag"));
    expect(await jsonOf(again)).toEqual(await jsonOf(changed));
    expect(api.dump()).toBe(before);
  });

  it("of whatever is there now goes through beside others, and of a version that is gone not", async () => {
    const { path, change } = await (PATCHED[name] as (typeof PATCHED)[string])();
    const seen = (await patch(path, change)).headers.get("etag") ?? "";
    const [member = ""] = Object.keys(change);
    const values = ["a", "b", "c", "d"].map((one) => (member === "accounts" ? [ACCOUNT, one] : one));
    const answers = await Promise.all(values.map((value) => patch(path, { [member]: value })));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect((await patch(path, change, seen)).status).toBe(412);
  });
});

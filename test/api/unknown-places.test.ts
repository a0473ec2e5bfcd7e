import { newId } from "@cadastre/contract/ids";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { anInstance, aRun, instanceScope } from "../support/estate.ts";
import { ACCOUNT, anApi, jsonOf, type TestApi } from "./an-api.ts";

const OTHER = "999988887777";
/** Looked at, and nothing is in it. */
const EMPTY_REGION = "eu-south-2";

let api: TestApi;
let limited: string;
beforeAll(async () => {
  api = await anApi();
  for (const account of [ACCOUNT, OTHER]) {
    const { collector } = await api.aReporter({ name: `aws-${account}`, accounts: [account] });
    const region = account === OTHER ? "ap-south-1" : "us-east-1";
    const scopes = [
      { key: instanceScope({ account, region }), resources: [anInstance(1, { account, region })] },
      {
        key: instanceScope({ account, region: account === ACCOUNT ? EMPTY_REGION : region, kind: "subnet" }),
        resources: [],
      },
    ];
    await aRun(scopes, { reporter: collector, run: newId("run", api.now()) }).deliver(api.context);
  }
  const body = { name: "limited", scopes: ["admin"], accounts: [`aws/${ACCOUNT}`] };
  limited = ((await jsonOf(await api.send({ method: "POST", path: "/api/v1/tokens", body }))) as { secret: string })
    .secret;
});
afterAll(() => api.close());

const get = (path: string, token = api.admin) => api.send({ method: "GET", path, token });
/** What is wrong and where, or undefined for an answer. */
async function refusal(path: string, token?: string): Promise<string | undefined> {
  const response = await get(path, token);
  if (response.status === 200) return undefined;
  const { code, errors } = (await jsonOf(response)) as { code: string; errors: { path: string; message: string }[] };
  return `${response.status} ${code} ${errors[0]?.path}: ${errors[0]?.message}`;
}

const LISTS = ["/api/v1/resources?", "/api/v1/changes?", "/api/v1/counts?", "/api/v1/discovery/status?"];

describe.each(LISTS)("%s asked for a place of which nothing is known", (list) => {
  it("is refused, with what may have been meant, instead of answered with nothing", async () => {
    expect(await refusal(`${list}account=111122223334`)).toBe(
      `422 query.invalid account: nothing is known of 111122223334; did you mean ${ACCOUNT}?`,
    );
    expect(await refusal(`${list}region=us-east1`)).toBe(
      "422 query.invalid region: nothing is known of us-east1; did you mean us-east-1?",
    );
    expect(await refusal(`${list}region=nowhere`)).toBe(
      `422 query.invalid region: nothing is known of nowhere; known are ap-south-1, ${EMPTY_REGION}, us-east-1`,
    );
  });

  it("tells a caller who is limited the same of what it may not see, and names nothing of it", async () => {
    expect(await refusal(`${list}account=${OTHER}`, limited)).toBe(
      `422 query.invalid account: nothing is known of ${OTHER}; known are ${ACCOUNT}`,
    );
    expect(await refusal(`${list}region=ap-south-1`, limited)).toBe(
      `422 query.invalid region: nothing is known of ap-south-1; known are ${EMPTY_REGION}, us-east-1`,
    );
    expect(await refusal(`${list}region=us-east-1`, limited)).toBeUndefined();
  });

  it("answers with nothing where there is nothing", async () => {
    for (const place of [
      `region=${EMPTY_REGION}`,
      `account=${ACCOUNT}&kind=endpoint`,
      `account=${OTHER}&region=us-east-1`,
    ]) {
      expect(await refusal(`${list}${place}`), place).toBeUndefined();
    }
  });
});

it("a search that names such a place is refused, too; one that names a known account finds the account itself", async () => {
  expect(await refusal("/api/v1/search?q=account:nope")).toMatch(
    /^422 query.invalid account: nothing is known of nope/,
  );
  expect(await refusal("/api/v1/search?q=region:nowhere web")).toMatch(/^422 query.invalid region: /);
  expect(await refusal(`/api/v1/search?q=account:${ACCOUNT} nothing-is-called-so`)).toBeUndefined();
});

it("an account that is registered and has nothing is known, and is named to nobody who asks for resources", async () => {
  const body = { provider: "aws", account: "111122223339", name: "planned" };
  expect((await api.send({ method: "POST", path: "/api/v1/accounts", body })).status).toBe(201);
  expect(await refusal(`/api/v1/resources?account=${body.account}`)).toBeUndefined();
  expect(await refusal("/api/v1/resources?account=nope")).not.toContain(body.account);
});

it("the stream of changes is not opened for such a place", async () => {
  expect(await refusal("/api/v1/changes/stream?account=nope")).toMatch(/^422 query.invalid account: /);
});

it("a source that never reported is told, and none that a caller may not know is named", async () => {
  const path = "/api/v1/discovery/status?source=";
  expect(await refusal(`${path}aws-${ACCOUNT}x`)).toMatch(/did you mean aws-111122223333\?$/);
  expect(await refusal(`${path}aws-${OTHER}`, limited)).toBe(
    `422 query.invalid source: nothing is known of aws-${OTHER}; known are aws-${ACCOUNT}`,
  );
  expect(await refusal(`${path}aws-${ACCOUNT}&stale=true`, limited)).toBeUndefined();
});

it("a type of change that there is none of is refused with those that there are", async () => {
  expect(await refusal("/api/v1/changes?type=craeted")).toMatch(/type: one of created, updated, retired, /);
});

it("the dead letters of a consumer that does not exist are no empty list", async () => {
  const response = await get("/api/v1/consumers/nobody/dead-letters");
  expect(response.status).toBe(404);
  expect(await jsonOf(response)).toMatchObject({
    code: "consumer.not_found",
    detail: "no consumer is called nobody; there are none",
  });
});

it("a collector that is registered and has not reported yet has no scopes", async () => {
  await api.aReporter({ name: "fresh", accounts: ["123123123123"] });
  expect(await jsonOf(await get("/api/v1/discovery/status?source=fresh"))).toEqual({ items: [] });
  expect(await refusal("/api/v1/discovery/status?source=fresh", limited)).toMatch(/^422/);
});

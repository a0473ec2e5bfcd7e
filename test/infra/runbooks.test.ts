import { readFileSync } from "node:fs";
import { join } from "node:path";
import { changeEntry } from "@cadastre/contract/changes";
import { checkDeployment } from "@cadastre/infra/read-deployment";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { root } from "../support/access-patterns.ts";
import { aRecord, matches, type Pattern } from "./stream.ts";
import { type Answer, metricsOf, RESTORED, runnable, startWorld, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
}, 120_000);
afterAll(() => world?.stop());

describe("the commands of docs/deploying.md", () => {
  const [, , target, rule, ...more] = runnable("docs/deploying.md");
  const optionsOf = (operation: string) => world.aws.calls.find((call) => call.operation === operation)?.options;

  test("are all run", () => {
    expect(more).toEqual([]);
  });

  test("put a target where the endpoint collector of the stack looks, in a form that it takes", async () => {
    await world.run([target]);
    const { name = "", value = "" } = optionsOf("ssm put-parameter") ?? {};
    const collector = Object.values(world.deployed.assembly.resources).find(
      ({ Properties }) => Properties?.FunctionName === "cadastre-collect-endpoints",
    );
    const path = collector?.Properties.Environment.Variables.COLLECT_ENDPOINTS_PARAMETERS;
    expect(name.startsWith(`${path}/`)).toBe(true);
    checkDeployment({
      name: "any",
      endpoints: { name: "any", everyMinutes: 5, account: "any", targets: value.split("\n") },
    });
  });

  test("make a rule that matches the changes it is about, as they are put on the bus, and no others", async () => {
    await world.run([rule]);
    const pattern = JSON.parse(optionsOf("events put-rule")?.["event-pattern"] ?? "") as Pattern;
    await world.registerCollector();
    await world.deployed.functions["collect-aws"].invoke({});
    const keys = await world.deployed.keysUnder("feed#");
    for (let at = 0; at < keys.length; at += 100) {
      const Records = keys.slice(at, at + 100).map((key, n) => aRecord("INSERT", key, at + n));
      await world.deployed.functions.feed.invoke({ Records });
    }
    const events = world.deployed.bus.entries.map(({ Source, DetailType, Detail }) => {
      return { source: Source, "detail-type": DetailType, detail: changeEntry.parse(JSON.parse(Detail)) };
    });
    const instances = events.filter(({ detail }) => detail.kind === "instance");
    expect(instances.length).toBeGreaterThan(0);
    const retired = (of: typeof events) => of.map((one) => ({ ...one, detail: { ...one.detail, type: "retired" } }));
    expect(retired(instances).filter((one) => !matches(pattern, one))).toEqual([]);
    const others = [...events, ...retired(events.filter(({ detail }) => detail.kind !== "instance"))];
    expect(others.filter((one) => matches(pattern, one))).toEqual([]);
  });
});

describe("the commands of docs/operations.md", () => {
  test("replace a collector's key, recover an admin token, find a log and restore the table", {
    timeout: 60_000,
  }, async () => {
    const [key, recover, log, restore, ...more] = runnable("docs/operations.md");
    expect(more).toEqual([]);
    const [replaced = "", recovered = "", group = "", restored = ""] = await world.run([key, recover, log, restore]);

    const signingKeyArn = /signingKeyArn: (\S+)$/.exec(replaced)?.[1];
    const settings = JSON.parse(readFileSync(join(root, "cdk.json"), "utf8")).context.cadastre;
    const [collector] = settings.aws;
    checkDeployment({ ...settings, aws: [{ ...collector, signingKeyArn }] });
    await expect(world.deployed.functions["collect-aws"].invoke({})).rejects.toThrow(/was not delivered/);

    expect(recovered).toContain("token.recover");
    const audit = await world.call("GET", "/api/v1/audit?action=token.recover");
    expect(audit.body.items).toMatchObject([
      {
        actor: { type: "system" },
        requestId: expect.stringMatching(/^invocation-/),
        detail: { reason: "both admins have left the company", scopes: ["admin", "credentials:reveal"] },
      },
    ]);
    const output = world.deployed.functions["admin-token"].output();
    expect(metricsOf(output)).toMatchObject([{ Deployment: "cadastre", AdminTokensRecovered: 1 }]);
    expect(output).not.toContain("cad_");

    expect(group).toMatch(/^ApiLogs/);

    checkDeployment({ ...settings, tableName: RESTORED, tableStreamArn: restored.split("\n").at(-1) });
    const api = await world.deployed.startApi({ TABLE_NAME: RESTORED });
    const http = {
      method: "GET",
      path: "/api/v1/collectors",
      protocol: "HTTP/1.1",
      sourceIp: "127.0.0.1",
      userAgent: "t",
    };
    const answer = (await api.invoke({
      version: "2.0",
      rawPath: http.path,
      rawQueryString: "",
      headers: { host: "x", authorization: `Bearer ${world.token}` },
      requestContext: { domainName: "x", http },
      isBase64Encoded: false,
    })) as Answer;
    expect(JSON.parse(answer.body).items.map(({ name }: Answer) => name)).toContain("aws");
  });

  test("give the restored table what the stack's own has", () => {
    const own = Object.values(world.deployed.assembly.resources).find(
      ({ Type }) => Type === "AWS::DynamoDB::Table",
    )?.Properties;
    const given = Object.assign(
      {},
      ...world.aws.calls
        .filter(({ options }) => options["table-name"] === RESTORED || options["target-table-name"] === RESTORED)
        .map(({ options }) => options),
    );
    expect(given["stream-specification"]).toBe(
      `StreamEnabled=true,StreamViewType=${own.StreamSpecification.StreamViewType}`,
    );
    expect(given["time-to-live-specification"]).toBe(
      `Enabled=true,AttributeName=${own.TimeToLiveSpecification.AttributeName}`,
    );
    expect(given["point-in-time-recovery-specification"]).toBe("PointInTimeRecoveryEnabled=true");
    expect(given["deletion-protection-enabled"]).toBe("");
    const aliases = Object.values(world.deployed.assembly.resources).filter(({ Type }) => Type === "AWS::KMS::Alias");
    const alias = /KMSMasterKeyId=(\S+)$/.exec(given["sse-specification-override"])?.[1];
    const key = aliases.find(({ Properties }) => Properties.AliasName === alias)?.Properties.TargetKeyId;
    expect(key).toEqual(own.SSESpecification.KMSMasterKeyId);
  });

  test("make no token for who does not say which deployment's and why", async () => {
    const { invoke } = world.deployed.functions["admin-token"];
    await expect(invoke({ recover: "staging", reason: "both admins have left" })).rejects.toThrow('"cadastre"');
    await expect(invoke({ recover: "cadastre" })).rejects.toThrow("reason is missing");
    expect((await world.call("GET", "/api/v1/audit?action=token.recover")).body.items).toHaveLength(1);
  });
});
